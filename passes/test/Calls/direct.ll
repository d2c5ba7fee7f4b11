; RUN: %opt -passes=popcorn-calls,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

define i32 @one(i32 signext %a) {
  ret i32 %a
}
define i64 @two(i64 %a, i64 %b) {
  ret i64 %b
}
define double @mixed(double %a, i32 %b, double %c) {
  ret double %c
}
define void @nothing(ptr %p) {
  ret void
}
define i32 @list(ptr %format, ...) {
  ret i32 0
}

; Is a call of the right type left alone?
; CHECK-LABEL: define i32 @right(
; CHECK-NEXT: %r = tail call i32 @one(i32 signext 1)
define i32 @right() {
  %r = tail call i32 @one(i32 signext 1)
  ret i32 %r
}

; Are arguments too many dropped, and those missing zero?
; CHECK-LABEL: define i32 @number(
; CHECK-NEXT: call i32 @one(i32 signext 1)
; CHECK-NEXT: call i32 @one(i32 signext 0)
define i32 @number() {
  call i32 @one(i32 signext 1, ptr null, double 2.0)
  %r = call i32 @one()
  ret i32 %r
}

; Are integers extended as the call says, and cut?
; CHECK-LABEL: define i32 @width(
; CHECK: [[A:%.*]] = sext i32 %i to i64
; CHECK: [[B:%.*]] = zext i32 %j to i64
; CHECK: [[R:%.*]] = call i64 @two(i64 [[A]], i64 [[B]])
; CHECK: trunc i64 [[R]] to i32
define i32 @width(i32 %i, i32 %j) {
  %r = call i32 @two(i32 signext %i, i32 %j)
  ret i32 %r
}

; Do integers and floats go by two sequences, as in registers?
; CHECK-LABEL: define double @order(
; CHECK: call double @mixed(double 1.000000e+00, i32 7, double 2.000000e+00)
define double @order() {
  %r = call double @mixed(i32 7, double 1.0, double 2.0)
  ret double %r
}

; Does a pair of words fill two parameters?
; CHECK-LABEL: define i64 @pair(
; CHECK: [[X:%.*]] = extractvalue [2 x i64] %p, 0
; CHECK: [[Y:%.*]] = extractvalue [2 x i64] %p, 1
; CHECK: call i64 @two(i64 [[X]], i64 [[Y]])
define i64 @pair([2 x i64] %p) {
  %r = call i64 @two([2 x i64] %p)
  ret i64 %r
}

; Is the result of a function that has none zero?
; CHECK-LABEL: define i32 @result(
; CHECK-NEXT: call void @nothing(ptr %p)
; CHECK-NEXT: ret i32 0
define i32 @result(ptr %p) {
  %r = call i32 @nothing(ptr %p)
  ret i32 %r
}

; Has a call without prototype of a variadic function variadic arguments?
; CHECK-LABEL: define i32 @variadic(
; CHECK-NEXT: call i32 (ptr, ...) @list(ptr null, i32 signext 1, double 2.000000e+00)
define i32 @variadic() {
  %r = call i32 @list(ptr null, i32 signext 1, double 2.0)
  ret i32 %r
}

; And a variadic call of a function that is not, plain ones?
; CHECK-LABEL: define i32 @plain(
; CHECK-NEXT: call i32 @one(i32 signext 1)
define i32 @plain() {
  %r = call i32 (i32, ...) @one(i32 1, i32 2)
  ret i32 %r
}

; Does a function nobody defines get the type of its call?
; CHECK: declare i32 @native(ptr, i64)
declare i32 @native(...)
define i32 @undefined(ptr %p) {
  %r = call i32 @native(ptr %p, i64 1)
  ret i32 %r
}

; Is a call through a pointer left as it is?
; CHECK-LABEL: define i32 @indirect(
; CHECK-NEXT: %r = call i32 %f(i32 1, i32 2)
define i32 @indirect(ptr %f) {
  %r = call i32 %f(i32 1, i32 2)
  ret i32 %r
}
