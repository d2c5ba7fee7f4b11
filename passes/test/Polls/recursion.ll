; RUN: %opt -passes=popcorn-polls,verify -S %s | FileCheck %s

; Does a function that calls itself poll on entry?
; CHECK-LABEL: define i32 @self(
; CHECK-NEXT: [[FLAG:%.*]] = load volatile i32, ptr @__popcorn_poll_flag
; CHECK-NEXT: icmp ne i32 [[FLAG]], 0
; CHECK: call void @__popcorn_poll()
; CHECK: call i32 @self(
; CHECK-NOT: __popcorn_poll
; CHECK: ret i32
define i32 @self(i32 %n) {
  %m = call i32 @self(i32 %n)
  ret i32 %m
}

; Behind its locals, which must stay static?
; CHECK-LABEL: define void @locals(
; CHECK-NEXT: %x = alloca i32
; CHECK-NEXT: %y = alloca i64
; CHECK-NEXT: load volatile i32, ptr @__popcorn_poll_flag
define void @locals() {
  %x = alloca i32
  %y = alloca i64
  call void @locals()
  ret void
}

; Does the one that is called from few places, of two that cut the same cycle?
; CHECK-LABEL: define void @rarely(
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: ret void
define void @rarely() {
  call void @often()
  ret void
}
; CHECK-LABEL: define void @often(
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @often() {
  call void @rarely()
  ret void
}
define void @callers() {
  call void @often()
  call void @often()
  call void @often()
  ret void
}

; Does the one that never returns, wherever it is called from?
; CHECK-LABEL: define void @works(
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @works() {
  call void @fails()
  ret void
}
; CHECK-LABEL: define void @fails(
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: unreachable
define void @fails() noreturn {
  call void @works()
  unreachable
}
define void @checks() {
  call void @fails()
  call void @fails()
  unreachable
}

; Does one of three that call each other, and not each?
; CHECK-LABEL: define void @hub(
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: ret void
define void @hub() {
  call void @spoke1()
  call void @spoke2()
  ret void
}
; CHECK-LABEL: define void @spoke1(
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @spoke1() {
  call void @hub()
  ret void
}
; CHECK-LABEL: define void @spoke2(
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @spoke2() {
  call void @hub()
  ret void
}

; If the best place is marked popcorn-nopoll, does another one of the cycle?
; CHECK-LABEL: define void @quiet(
; CHECK-NOT: __popcorn_poll
; CHECK: ret void
define void @quiet() "popcorn-nopoll" {
  call void @loud()
  ret void
}
; CHECK-LABEL: define void @loud(
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
; CHECK: ret void
define void @loud() {
  call void @quiet()
  ret void
}

; Has a function that calls a recursive one, but is not of the cycle, none?
; CHECK-LABEL: define i32 @outside(
; CHECK-NOT: __popcorn_poll
; CHECK: ret i32
define i32 @outside(i32 %n) {
  %m = call i32 @self(i32 %n)
  ret i32 %m
}
