; RUN: %opt -passes=popcorn-polls,verify -S %s | FileCheck %s

@table = global ptr @stored

; May a call through a pointer reach a function whose address is stored, so
; that the two make a cycle, which is cut?
; CHECK-LABEL: define void @stored(
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: ret void
define void @stored(ptr %f) {
  call void %f(ptr null)
  ret void
}

; Has a function none that calls through a pointer, but whose address nobody
; has?
; CHECK-LABEL: define void @unreached(
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @unreached(ptr %f) {
  call void %f(ptr null)
  ret void
}

; And one whose address is known that calls nobody?
; CHECK-LABEL: define void @leaf(
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @leaf(ptr %f) {
  store ptr @leaf, ptr %f
  ret void
}
