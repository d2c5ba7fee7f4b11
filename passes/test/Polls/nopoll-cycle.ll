; RUN: %opt -passes=popcorn-polls,verify -S %s | FileCheck %s

; Does popcorn-nopoll on the function with most calls in a cycle leave polls in
; the others, one in each way around?
; CHECK-LABEL: define void @hub(
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @hub() "popcorn-nopoll" {
  call void @spoke1()
  call void @spoke2()
  ret void
}
; CHECK-LABEL: define void @spoke1(
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: ret void
define void @spoke1() {
  call void @hub()
  ret void
}
; CHECK-LABEL: define void @spoke2(
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: ret void
define void @spoke2() {
  call void @hub()
  ret void
}

; Is a cycle of such functions alone bounded, as they say?
; CHECK-LABEL: define void @ping(
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @ping() "popcorn-nopoll" {
  call void @pong()
  ret void
}
; CHECK-LABEL: define void @pong(
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @pong() "popcorn-nopoll" {
  call void @ping()
  ret void
}
