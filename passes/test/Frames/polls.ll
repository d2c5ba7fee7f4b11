; RUN: %opt -passes=popcorn-frames,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare void @__popcorn_poll() "popcorn-migrates"
declare void @moves() "popcorn-migrates"
declare void @use(i32)
@__popcorn_poll_flag = external dso_local global i32

; Is a poll a site like others, even in tail position, since its caller is the
; innermost frame?
; CHECK-LABEL: define void @poll(
; CHECK: invoke preserve_mostcc void @__popcorn_poll()
; CHECK-NEXT: to label %{{.*}} unwind label %[[PAD:.*]]
; CHECK: [[PAD]]:
; CHECK: call ptr @__popcorn_capture(i32 0, i32 0)
; CHECK: store i32 %a, ptr
define void @poll(i32 %a) "popcorn-migrates" {
  call void @__popcorn_poll() "popcorn-migrates"
  call void @use(i32 %a)
  tail call void @__popcorn_poll() "popcorn-migrates"
  ret void
}

; Not where a longjmp may land, whose walk restores what every call keeps only?
; CHECK-LABEL: define void @lands(
; CHECK: invoke void @__popcorn_poll()
define void @lands() "popcorn-migrates" personality ptr null {
  invoke void @__popcorn_poll() "popcorn-migrates"
      to label %on unwind label %pad
on:
  ret void
pad:
  %lp = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %lp
}

; Does the resume function go on behind a poll, with no callee to resume?
; CHECK-LABEL: define internal void @poll.resume(
; CHECK: switch i32 %site, label %corrupt [
; CHECK-NEXT: i32 0, label %[[ON:.*]]
; CHECK-NEXT: i32 1, label %[[END:.*]]
; CHECK-NOT: @__popcorn_resume_inner
; CHECK: [[ON]]:
; CHECK: %a = load i32
; CHECK-NEXT: call void @use(i32 %a)
; CHECK: [[END]]:
; CHECK-NEXT: call void @__popcorn_release(ptr %record)
; CHECK-NEXT: ret void

; And at a call that is none, resumes it?
; CHECK-LABEL: define internal void @call.resume(
; CHECK: @__popcorn_resume_inner(ptr %record)
define void @call(i32 %a) "popcorn-migrates" {
  call void @moves() "popcorn-migrates"
  call void @use(i32 %a)
  ret void
}
