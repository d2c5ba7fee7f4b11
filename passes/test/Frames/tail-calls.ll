; RUN: %opt -passes=popcorn-frames,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare i32 @moves(i32) "popcorn-migrates"
declare void @moves.v() "popcorn-migrates"

; Has a call in tail position, whose frame adds nothing, neither pad nor
; resume function?
; CHECK-LABEL: define i32 @tail(
; CHECK-NEXT: %r = tail call i32 @moves(i32 %a)
; CHECK-NEXT: ret i32 %r
define i32 @tail(i32 %a) "popcorn-migrates" {
  %r = tail call i32 @moves(i32 %a) "popcorn-migrates"
  ret i32 %r
}

; One that must be a tail call?
; CHECK-LABEL: define i32 @must(
; CHECK-NEXT: %r = musttail call i32 @moves(i32 %a)
; CHECK-NEXT: ret i32 %r
define i32 @must(i32 %a) "popcorn-migrates" {
  %r = musttail call i32 @moves(i32 %a) "popcorn-migrates"
  ret i32 %r
}

; One whose result nobody wants?
; CHECK-LABEL: define void @dropped(
; CHECK-NEXT: %r = tail call i32 @moves(i32 %a)
; CHECK-NEXT: ret void
define void @dropped(i32 %a) "popcorn-migrates" {
  %r = tail call i32 @moves(i32 %a) "popcorn-migrates"
  ret void
}

; Has one whose result is not what the function returns?
; CHECK-LABEL: define i32 @other(
; CHECK: invoke i32 @moves(i32 %a)
define i32 @other(i32 %a) "popcorn-migrates" {
  %r = tail call i32 @moves(i32 %a) "popcorn-migrates"
  ret i32 0
}

; And one that is not marked, since it may use this frame?
; CHECK-LABEL: define i32 @unmarked(
; CHECK: invoke i32 @moves(i32 %a)
define i32 @unmarked(i32 %a) "popcorn-migrates" {
  %r = call i32 @moves(i32 %a) "popcorn-migrates"
  ret i32 %r
}

; Is one that must be a tail call an ordinary one in the resume function, whose
; type is another?
; CHECK-LABEL: define i32 @bound(
; CHECK: musttail call i32 @moves(i32 %a)
define i32 @bound(i32 %a) "popcorn-migrates" {
  call void @moves.v() "popcorn-migrates"
  %r = musttail call i32 @moves(i32 %a) "popcorn-migrates"
  ret i32 %r
}

; Beside another site, does it stay a tail call, and does the resume function
; give its record back before?
; CHECK-LABEL: define i32 @both(
; CHECK: invoke void @moves.v()
; CHECK: %r = tail call i32 @moves(i32 %a)
; CHECK-NEXT: ret i32 %r
; CHECK-LABEL: define internal i32 @both.resume(
; CHECK: call void @__popcorn_release(ptr %record)
; CHECK-NEXT: %r = tail call i32 @moves(i32 %{{.*}})
; CHECK-NEXT: ret i32 %r
define i32 @both(i32 %a) "popcorn-migrates" {
  call void @moves.v() "popcorn-migrates"
  %r = tail call i32 @moves(i32 %a) "popcorn-migrates"
  ret i32 %r
}

; CHECK-NOT: @tail.resume
; CHECK-NOT: @must.resume
; CHECK-NOT: @dropped.resume
