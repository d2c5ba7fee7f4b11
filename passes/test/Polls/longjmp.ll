; RUN: %opt -passes=popcorn-polls,verify -S %s | FileCheck %s

declare void @__popcorn_longjmp(ptr, i32) noreturn

; Does a function that jumps back to a setjmp, which may be a loop, poll on
; entry?
; CHECK-LABEL: define void @longjmp(
; CHECK-NEXT: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: call void @__popcorn_longjmp(ptr %b, i32 1)
define void @longjmp(ptr %b) noreturn {
  call void @__popcorn_longjmp(ptr %b, i32 1)
  unreachable
}

; Has one that calls it none?
; CHECK-LABEL: define void @caller(
; CHECK-NOT: __popcorn_poll
; CHECK: unreachable
define void @caller(ptr %b) {
  call void @longjmp(ptr %b)
  unreachable
}
