; RUN: %opt -passes=popcorn-setjmp,verify -S %s | FileCheck %s

declare i32 @setjmp(ptr) returns_twice
declare void @jump(ptr)

; Has a value of before setjmp its value after the jump, and one of after it
; what it was at the call where the jump began?
; CHECK-LABEL: define i32 @values(
; CHECK: %before = mul i32 %a, 3
; CHECK: [[V:%.*]] = phi i32 [ 0, %label ], [ %after, %{{.*}} ]
; CHECK: %after = add i32 [[V]], %before
define i32 @values(ptr %b, i32 %a) {
entry:
  %before = mul i32 %a, 3
  %r = call i32 @setjmp(ptr %b) returns_twice
  br label %loop
loop:
  %v = phi i32 [ 0, %entry ], [ %after, %loop ]
  call void @jump(ptr %b)
  %after = add i32 %v, %before
  %more = icmp slt i32 %after, %r
  br i1 %more, label %loop, label %done
done:
  ret i32 %after
}

; Does a local in memory stay there?
; CHECK-LABEL: define i32 @memory(
; CHECK: %x = alloca i32
; CHECK: store volatile i32 1, ptr %x
; CHECK: load volatile i32, ptr %x
define i32 @memory(ptr %b) {
  %x = alloca i32
  store volatile i32 1, ptr %x
  %r = call i32 @setjmp(ptr %b) returns_twice
  %v = load volatile i32, ptr %x
  call void @jump(ptr %b)
  ret i32 %v
}
