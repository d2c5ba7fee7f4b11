; RUN: %opt -passes=popcorn-floats,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

; Is what may be fused two operations?
; CHECK-LABEL: define double @may_fuse(
; CHECK-NEXT: [[P:%.*]] = fmul double %a, %b
; CHECK-NEXT: %r = fadd double [[P]], %c
; CHECK-NEXT: ret double %r
define double @may_fuse(double %a, double %b, double %c) {
  %r = call double @llvm.fmuladd.f64(double %a, double %b, double %c)
  ret double %r
}

; Does what must be fused stay?
; CHECK-LABEL: define double @must_fuse(
; CHECK-NEXT: %r = call double @llvm.fma.f64(double %a, double %b, double %c)
define double @must_fuse(double %a, double %b, double %c) {
  %r = call double @llvm.fma.f64(double %a, double %b, double %c)
  ret double %r
}

; With a rounding mode, too?
; CHECK-LABEL: define double @rounded(
; CHECK-NEXT: [[P:%.*]] = call double @llvm.experimental.constrained.fmul.f64(double %a, double %b, metadata !"round.dynamic", metadata !"fpexcept.strict")
; CHECK-NEXT: %r = call double @llvm.experimental.constrained.fadd.f64(double [[P]], double %a, metadata !"round.dynamic", metadata !"fpexcept.strict")
define double @rounded(double %a, double %b) strictfp {
  %r = call double @llvm.experimental.constrained.fmuladd.f64(double %a, double %b, double %a, metadata !"round.dynamic", metadata !"fpexcept.strict") strictfp
  ret double %r
}

; Is a minimum one of numbers, of zeroes -0?
; CHECK-LABEL: define float @smaller(
; CHECK-NEXT: %first = fcmp olt float %a, %b
; CHECK: or i32
; CHECK: select i1 %first, float %a, float %b
; CHECK: fcmp oeq float %a, %b
; CHECK: fcmp uno float %b, %b
; CHECK: fcmp uno float %a, %a
; CHECK: %r = select
; CHECK-NOT: minnum
define float @smaller(float %a, float %b) {
  %r = call float @llvm.minnum.f32(float %a, float %b)
  ret float %r
}

; And a maximum, of vectors and of a vector's elements?
; CHECK-LABEL: define fp128 @larger(
; CHECK: and <2 x i128>
; CHECK-COUNT-1: extractelement
; CHECK: %r = select
; CHECK-NOT: maxnum
define fp128 @larger(<2 x fp128> %a, <2 x fp128> %b) {
  %m = call <2 x fp128> @llvm.maxnum.v2f128(<2 x fp128> %a, <2 x fp128> %b)
  %r = call fp128 @llvm.vector.reduce.fmax.v2f128(<2 x fp128> %m)
  ret fp128 %r
}

; Do fast-math flags and attributes go?
; CHECK-LABEL: define double @fast(double %a, double %b) {
; CHECK-NEXT: %p = fmul double %a, %b
; CHECK-NEXT: %s = call double @llvm.sqrt.f64(double %p)
; CHECK-NEXT: %r = fadd double %s, %b
define double @fast(double %a, double %b) "unsafe-fp-math"="true" "no-nans-fp-math"="true" {
  %p = fmul fast double %a, %b
  %s = call reassoc double @llvm.sqrt.f64(double %p)
  %r = fadd contract double %s, %b
  ret double %r
}

declare double @llvm.fmuladd.f64(double, double, double)
declare double @llvm.fma.f64(double, double, double)
declare double @llvm.experimental.constrained.fmuladd.f64(double, double, double, metadata, metadata)
declare float @llvm.minnum.f32(float, float)
declare <2 x fp128> @llvm.maxnum.v2f128(<2 x fp128>, <2 x fp128>)
declare fp128 @llvm.vector.reduce.fmax.v2f128(<2 x fp128>)
declare double @llvm.sqrt.f64(double)
