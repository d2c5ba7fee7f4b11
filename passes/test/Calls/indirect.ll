; RUN: %opt -passes=popcorn-calls,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

@table = global [4 x ptr] [ptr @list, ptr @real, ptr @fixed, ptr @twice]

define i32 @list(ptr %format, ...) {
  ret i32 0
}
define i32 @twice(ptr %format, ...) {
  ret i32 1
}
define double @real(i32 signext %count, ...) {
  ret double 0.0
}
define i32 @fixed(double %a, i32 signext %b) {
  ret i32 %b
}
define i32 @unnamed(ptr %format, ptr %a, ...) {
  ret i32 0
}

; Does a call without ... ask whether a variadic function is meant?
; CHECK-LABEL: define i32 @plain(
; CHECK: icmp eq ptr %f, @list
; CHECK: call i32 (ptr, ...) @list(ptr %s, i32 signext 7, double 2.000000e+00)
; CHECK: icmp eq ptr %f, @twice
; CHECK: call i32 (ptr, ...) @twice(ptr %s, i32 signext 7, double 2.000000e+00)
; CHECK-NOT: @real
; CHECK-NOT: @unnamed
; CHECK: call i32 %f(ptr %s, i32 signext 7, double 2.000000e+00)
; CHECK: ret i32 %{{.*}}
define i32 @plain(ptr %f, ptr %s) {
  %r = call i32 %f(ptr %s, i32 signext 7, double 2.0)
  ret i32 %r
}

; Is one that fits none left alone?
; CHECK-LABEL: define double @fits_none(
; CHECK-NEXT: %r = call double %f(double 1.000000e+00)
define double @fits_none(ptr %f) {
  %r = call double %f(double 1.0)
  ret double %r
}

; Is one whose result is of another kind?
; CHECK-LABEL: define float @other_result(
; CHECK-NEXT: %r = call float %f(ptr %s)
define float @other_result(ptr %f, ptr %s) {
  %r = call float %f(ptr %s)
  ret float %r
}

; Does a call with ... become an ordinary one for functions without?
; CHECK-LABEL: define i32 @dotted(
; CHECK-NOT: icmp
; CHECK: call i32 %f(double 1.000000e+00, i32 signext 3)
define i32 @dotted(ptr %f) {
  %r = call i32 (double, ...) %f(double 1.0, i32 signext 3)
  ret i32 %r
}

; Is it left alone where there are none?
; CHECK-LABEL: define i32 @only_variadic(
; CHECK-NEXT: %r = call i32 (ptr, ...) %f(ptr %s, i32 signext 3)
define i32 @only_variadic(ptr %f, ptr %s) {
  %r = call i32 (ptr, ...) %f(ptr %s, i32 signext 3)
  ret i32 %r
}
