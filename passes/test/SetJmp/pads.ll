; RUN: %opt -passes=popcorn-setjmp,verify -S %s | FileCheck %s

declare i32 @setjmp(ptr) returns_twice
declare i32 @__sigsetjmp(ptr, i32) returns_twice
declare void @__popcorn_longjmp(ptr, i32) noreturn
declare i64 @strlen(ptr)
declare void @outside() nounwind

define internal void @thrower(ptr %b) nounwind {
  call void @__popcorn_longjmp(ptr %b, i32 1) nounwind
  unreachable
}

define internal i32 @leaf(i32 %a) nounwind {
  ret i32 %a
}

; Does setjmp name its activation and label, and does its result come from a
; jump or is zero?
; CHECK-LABEL: define i32 @one(ptr %b, i32 %v) {{.*}}personality ptr @__popcorn_personality
; CHECK: %activation = alloca i64
; CHECK: call void @__popcorn_setjmp(ptr %b, ptr %activation, i32 1, i32 0)
; CHECK: label:
; CHECK: [[R:%.*]] = phi i32 [ 0, %0 ], [ [[J:%.*]], %jumped ]
; CHECK: icmp eq i32 [[R]], 0

; Is a call that a jump may leave an invoke, with a pad of just this shape?
; CHECK: invoke void @thrower(ptr %b){{$}}
; CHECK-NEXT: to label %{{.*}} unwind label %jump.pad
; CHECK: jumped:
; CHECK-NEXT: [[J]] = call i32 @__popcorn_jump_value()
; CHECK-NEXT: br label %label
; CHECK: jump.pad:
; CHECK-NEXT: %landing = landingpad { ptr, i32 }
; CHECK-NEXT: cleanup
; CHECK-NEXT: %caught = call i32 @__popcorn_caught(ptr %activation)
; CHECK-NEXT: switch i32 %caught, label %jump.resume [
; CHECK-NEXT: i32 1, label %jumped
; CHECK-NEXT: ]
; CHECK: jump.resume:
; CHECK-NEXT: resume { ptr, i32 } %landing
define i32 @one(ptr %b, i32 %v) {
  %r = call i32 @setjmp(ptr %b) returns_twice
  %z = icmp eq i32 %r, 0
  br i1 %z, label %try, label %done
try:
  call void @thrower(ptr %b) nounwind
  br label %done
done:
  %s = add i32 %r, %v
  ret i32 %s
}

; Has each of two calls a pad of its own, with both labels?  Is the mask
; passed on?  Is a call before any setjmp an ordinary call?
; CHECK-LABEL: define i32 @two(
; CHECK: call void @outside()
; CHECK: call void @__popcorn_setjmp(ptr %b, ptr %activation, i32 1, i32 0)
; CHECK: call void @__popcorn_setjmp(ptr %c, ptr %activation, i32 2, i32 1)
; CHECK: unwind label %[[P:jump.pad[0-9]*]]
; CHECK: unwind label %[[Q:jump.pad[0-9]*]]
; CHECK: [[P]]:
; CHECK: i32 1, label %jumped
; CHECK-NEXT: i32 2, label %jumped
; CHECK: [[Q]]:
; CHECK: i32 1, label %jumped
; CHECK-NEXT: i32 2, label %jumped
define i32 @two(ptr %b, ptr %c) {
  call void @outside()
  %r = call i32 @setjmp(ptr %b) returns_twice
  %s = call i32 @__sigsetjmp(ptr %c, i32 1) returns_twice
  call void @thrower(ptr %b)
  call void @thrower(ptr %c)
  ret i32 0
}

; Does a native string function, which cannot jump, get no pad?
; CHECK-LABEL: define i64 @native(
; CHECK-NOT: invoke
; CHECK: ret i64
define i64 @native(ptr %b) {
  %r = call i32 @setjmp(ptr %b) returns_twice
  %n = call i64 @strlen(ptr %b)
  ret i64 %n
}

; Does a call through a pointer get one?
; CHECK-LABEL: define void @pointer(
; CHECK: invoke void %f()
define void @pointer(ptr %b, ptr %f) {
  %r = call i32 @setjmp(ptr %b) returns_twice
  call void %f()
  ret void
}

; Is a function without setjmp left as it is?
; CHECK-LABEL: define void @without(
; CHECK-NEXT: call void @thrower(ptr %b)
; CHECK-NEXT: ret void
define void @without(ptr %b) {
  call void @thrower(ptr %b) nounwind
  ret void
}
