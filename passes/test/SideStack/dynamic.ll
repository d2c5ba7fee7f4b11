; RUN: %opt -passes=popcorn-side-stack,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare void @see(ptr nocapture)
declare ptr @llvm.stacksave.p0()
declare void @llvm.stackrestore.p0(ptr)

; Does memory of a size known at run time always come from the side stack, in
; units of 16 bytes, and go when the function returns?
; CHECK-LABEL: define void @dynamic(
; CHECK: %side.sp = load ptr
; CHECK: [[BYTES:%.*]] = mul i64 %n, 4
; CHECK-DAG: [[SP:%.*]] = load ptr
; CHECK-DAG: [[MINUS:%.*]] = sub i64 0, [[BYTES]]
; CHECK: [[RAW:%.*]] = getelementptr i8, ptr [[SP]], i64 [[MINUS]]
; CHECK-NEXT: %x = call ptr @llvm.ptrmask.p0.i64(ptr [[RAW]], i64 -16)
; CHECK: store ptr %x
; CHECK: call void @see(ptr nocapture %x)
; CHECK: store ptr %side.sp
; CHECK-NEXT: ret void
define void @dynamic(i64 %n) {
  %x = alloca i32, i64 %n
  call void @see(ptr nocapture %x)
  ret void
}

; Aligned as it wants?
; CHECK-LABEL: define void @over(
; CHECK: call ptr @llvm.ptrmask.p0.i64(ptr %{{.*}}, i64 -128)
define void @over(i64 %n) {
  %x = alloca i32, i64 %n, align 128
  call void @see(ptr nocapture %x)
  ret void
}

; Is the pointer that a block saves and restores, as one with a variable-length
; array does, the side stack's?
; CHECK-LABEL: define void @scope(
; CHECK: loop:
; CHECK: [[SAVED:%.*]] = load ptr, ptr %{{.*}}, align 8
; CHECK: call void @see(ptr nocapture %x)
; CHECK-NEXT: [[A:%.*]] = call ptr @llvm.threadlocal.address.p0(ptr @__popcorn_side_sp)
; CHECK-NEXT: store ptr [[SAVED]], ptr [[A]], align 8
; CHECK-NOT: llvm.stack
; CHECK: declare
define void @scope(i64 %n, i1 %c) {
entry:
  br label %loop
loop:
  %saved = call ptr @llvm.stacksave.p0()
  %x = alloca i8, i64 %n
  call void @see(ptr nocapture %x)
  call void @llvm.stackrestore.p0(ptr %saved)
  br i1 %c, label %loop, label %done
done:
  ret void
}
