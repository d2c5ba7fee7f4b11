; RUN: %opt -passes=popcorn-side-stack,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare void @see(ptr)

; Is the frame of a local with a large alignment cut down to it, and does the
; pointer go back to what it was, which the frame does not tell?
; CHECK-LABEL: define void @over(
; CHECK: %side.sp = load ptr
; CHECK: [[RAW:%.*]] = getelementptr inbounds i8, ptr %side.sp, i64 -48
; CHECK-NEXT: [[FRAME:%.*]] = call ptr @llvm.ptrmask.p0.i64(ptr [[RAW]], i64 -64)
; CHECK: store ptr [[FRAME]]
; CHECK: call void @see(ptr [[FRAME]])
; CHECK: store ptr %side.sp, ptr %{{.*}}, align 8
; CHECK-NEXT: ret void
define void @over() {
  %x = alloca [10 x i32], align 64
  call void @see(ptr %x)
  ret void
}

; Need none of it those the stack's own 16 bytes suffice for?
; CHECK-LABEL: define void @quad(
; CHECK-NOT: llvm.ptrmask
; CHECK: ret void
define void @quad() {
  %x = alloca i128, align 16
  call void @see(ptr %x)
  ret void
}
