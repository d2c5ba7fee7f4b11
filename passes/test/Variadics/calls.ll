; RUN: %opt -passes=popcorn-variadics,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare void @f(ptr, ...)

; Is each argument in a slot of 8 bytes, integers filling theirs?  Has a tail
; call become a call, now that it reads the caller's memory?
; CHECK-LABEL: define void @slots(
; CHECK: %va.area = alloca [64 x i8], align 16
; CHECK: call void @llvm.lifetime.start
; CHECK: sext i32 %i to i64
; CHECK: store i64 %{{.*}}, ptr %va.area, align 16
; CHECK: [[D:%.*]] = getelementptr inbounds i8, ptr %va.area, i64 8
; CHECK: store double %d, ptr [[D]], align 8
; CHECK: zext i32 %u to i64
; CHECK-NOT: tail
; CHECK: call void @f(ptr nonnull %p, ptr %va.area){{$}}
; CHECK: call void @llvm.lifetime.end
define void @slots(ptr %p, i32 %i, double %d, i32 %u) {
  tail call void (ptr, ...) @f(ptr nonnull %p, i32 signext %i, double %d, i32 %u)
  ret void
}

; Does an argument aligned to 16 skip a slot, and a pair of words none?
; CHECK-LABEL: define void @aligned(
; CHECK: %va.area = alloca [64 x i8], align 16
; CHECK: store i64 %a, ptr %va.area, align 16
; CHECK: [[Q:%.*]] = getelementptr inbounds i8, ptr %va.area, i64 16
; CHECK: store fp128 %q, ptr [[Q]], align 16
; CHECK: [[B:%.*]] = getelementptr inbounds i8, ptr %va.area, i64 32
; CHECK: store i64 %a, ptr [[B]], align 16
; CHECK: [[P:%.*]] = getelementptr inbounds i8, ptr %va.area, i64 40
; CHECK: store [2 x i64] %pair, ptr [[P]], align 8
define void @aligned(i64 %a, fp128 %q, [2 x i64] %pair) {
  call void (ptr, ...) @f(ptr null, i64 %a, fp128 %q, i64 %a, [2 x i64] %pair)
  ret void
}

; Do all calls of a function share the area of the largest?
; CHECK-LABEL: define void @shared(
; CHECK: alloca [80 x i8], align 16
; CHECK-NOT: alloca
; CHECK: ret void
define void @shared(i64 %a) {
  call void (ptr, ...) @f(ptr null, i64 %a)
  call void (ptr, ...) @f(ptr null, i64 1, i64 2, i64 3, i64 4, i64 5, i64 6, i64 7, i64 8, i64 9, i64 10)
  ret void
}

; Is a call through a pointer lowered the same way?
; CHECK-LABEL: define i32 @indirect(
; CHECK: %r = call signext i32 %g(i32 1, ptr %va.area)
define i32 @indirect(ptr %g, i64 %a) {
  %r = call signext i32 (i32, ...) %g(i32 1, i64 %a)
  ret i32 %r
}

; Is a call without `...` left alone?
; CHECK-LABEL: define i32 @fixed(
; CHECK-NEXT: %r = tail call i32 %g(i32 1, i64 %a)
define i32 @fixed(ptr %g, i64 %a) {
  %r = tail call i32 %g(i32 1, i64 %a)
  ret i32 %r
}
