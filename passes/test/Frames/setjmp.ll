; RUN: %opt -passes=popcorn-setjmp,popcorn-side-stack,popcorn-frames,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare i32 @setjmp(ptr) returns_twice
declare void @use(i32)
@f = global ptr null

; Does a pad at which a jump may land first ask whether the stack is captured,
; and leave the question which jump to the other case?
; CHECK-LABEL: define i32 @jumps(
; CHECK: invoke void %p() [[SITE:#[0-9]+]]
; CHECK-NEXT: to label %{{.*}} unwind label %[[PAD:.*]]
; CHECK: [[PAD]]:
; CHECK: landingpad { ptr, i32 }
; CHECK-NEXT: cleanup
; CHECK-NEXT: [[NOW:%.*]] = call i32 @__popcorn_capturing()
; CHECK-NEXT: [[YES:%.*]] = icmp ne i32 [[NOW]], 0
; CHECK-NEXT: br i1 [[YES]], label %[[CAPTURE:.*]], label %[[JUMP:.*]]
; CHECK: [[JUMP]]:
; CHECK: %caught = call i32 @__popcorn_caught(
; CHECK: [[CAPTURE]]:
; CHECK-NEXT: call ptr @__popcorn_capture(i32 0, i32 0)
define i32 @jumps(ptr %b, ptr %p) "popcorn-migrates" {
  %act = call i32 @setjmp(ptr %b) returns_twice
  %z = icmp eq i32 %act, 0
  br i1 %z, label %try, label %done
try:
  call void %p() "popcorn-migrates"
  br label %done
done:
  ret i32 %act
}

; Does one at which none may land not?
; CHECK-LABEL: define void @plain(
; CHECK-NOT: @__popcorn_capturing
; CHECK: call ptr @__popcorn_capture(i32 1, i32 0)
define void @plain(ptr %p) "popcorn-migrates" {
  call void %p() "popcorn-migrates"
  call void @use(i32 1)
  ret void
}

; Does the resume function ask, too, where the jump lands in the clone?
; CHECK-LABEL: define internal i32 @jumps.resume(
; CHECK-DAG: call i32 @__popcorn_capturing()
; CHECK-DAG: call i32 @__popcorn_caught(
; CHECK-DAG: call i32 @__popcorn_jump_value()
; CHECK-DAG: call void @__popcorn_recapture(
