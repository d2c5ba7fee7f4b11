; RUN: %opt -passes=popcorn-polls,verify -S %s | FileCheck %s

declare i32 @get()

; CHECK-LABEL: define i32 @polls(
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
define i32 @polls(i32 %n) {
  %m = call i32 @polls(i32 %n)
  ret i32 %m
}

; Needs a loop no poll of its own if each iteration calls a function that
; polls on entry?
; CHECK-LABEL: define void @always(
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @always() {
entry:
  br label %loop
loop:
  %v = call i32 @polls(i32 1)
  %more = icmp ne i32 %v, 0
  br i1 %more, label %loop, label %done
done:
  ret void
}

; But one that calls it in some iterations only?
; CHECK-LABEL: define void @sometimes(
; CHECK: latch:
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: ret void
define void @sometimes() {
entry:
  br label %loop
loop:
  %v = call i32 @get()
  %c = icmp eq i32 %v, 1
  br i1 %c, label %then, label %latch
then:
  %w = call i32 @polls(i32 1)
  br label %latch
latch:
  %more = icmp ne i32 %v, 0
  br i1 %more, label %loop, label %done
done:
  ret void
}

; Or one that calls a function which polls, but not on entry?
; CHECK-LABEL: define void @elsewhere(
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: ret void
define void @elsewhere() {
entry:
  br label %loop
loop:
  call void @sometimes()
  %v = call i32 @get()
  %more = icmp ne i32 %v, 0
  br i1 %more, label %loop, label %done
done:
  ret void
}
