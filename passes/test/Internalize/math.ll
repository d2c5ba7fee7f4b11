; RUN: %opt -passes=popcorn-internalize,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

; Do functions stay external that code generation may call for an intrinsic?
; CHECK-DAG: define float @sinf(
define float @sinf(float %x) {
  ret float %x
}
; CHECK-DAG: define double @fma(
define double @fma(double %x, double %y, double %z) {
  ret double %x
}
; CHECK-DAG: define fp128 @sqrtl(
define fp128 @sqrtl(fp128 %x) {
  ret fp128 %x
}
; Or for an instruction?
; CHECK-DAG: define double @fmod(
define double @fmod(double %x, double %y) {
  ret double %x
}
; Behind an element of a vector, too?
; CHECK-DAG: define double @exp(
define double @exp(double %x) {
  ret double %x
}

; Do those of another type not, nor those no intrinsic stands for?
; CHECK-DAG: define internal double @sin(
define double @sin(double %x) {
  ret double %x
}
; CHECK-DAG: define internal float @fmodf(
define float @fmodf(float %x, float %y) {
  ret float %x
}
; CHECK-DAG: define internal double @cos(
define double @cos(double %x) {
  ret double %x
}

define void @__popcorn_start_c(ptr %p) {
  %f = load float, ptr %p
  %d = load double, ptr %p
  %q = load fp128, ptr %p
  %v = load <2 x double>, ptr %p
  %1 = call float @llvm.sin.f32(float %f)
  %2 = call double @llvm.fma.f64(double %d, double %d, double %d)
  %3 = call fp128 @llvm.sqrt.f128(fp128 %q)
  %4 = frem double %d, %d
  %5 = call <2 x double> @llvm.exp.v2f64(<2 x double> %v)
  store float %1, ptr %p
  store double %2, ptr %p
  store fp128 %3, ptr %p
  store double %4, ptr %p
  store <2 x double> %5, ptr %p
  ret void
}
declare float @llvm.sin.f32(float)
declare double @llvm.fma.f64(double, double, double)
declare fp128 @llvm.sqrt.f128(fp128)
declare <2 x double> @llvm.exp.v2f64(<2 x double>)
