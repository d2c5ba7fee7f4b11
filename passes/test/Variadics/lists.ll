; RUN: %opt -passes=popcorn-variadics,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

; Do aliases and addresses follow a function to its new type?
; CHECK: @table = global ptr @sum

; Do calls without any variadic argument share an area that can be read?
; CHECK: @__popcorn_no_arguments = internal constant [8 x i64] zeroinitializer, align 16
; CHECK: @alias = alias {{.*}}, ptr @sum
@table = global ptr @sum
@alias = alias i32 (i32, ...), ptr @sum

; Does a variadic function take a pointer, and a list begin there, opaquely?
; CHECK-LABEL: define i32 @sum(i32 signext %n, ptr %va) section "s" {
; CHECK: %list = alloca ptr
; CHECK: %copy = alloca ptr
; CHECK: [[FIRST:%.*]] = call ptr asm "", "=r,0"(ptr %va)
; CHECK: store ptr [[FIRST]], ptr %list
; CHECK: [[NEXT:%.*]] = load ptr, ptr %list
; CHECK: store ptr [[NEXT]], ptr %copy
; CHECK: ret i32
define i32 @sum(i32 signext %n, ...) section "s" {
  %list = alloca ptr
  %copy = alloca ptr
  call void @llvm.va_start.p0(ptr %list)
  call void @llvm.va_copy.p0(ptr %copy, ptr %list)
  call void @llvm.va_end.p0(ptr %list)
  ret i32 %n
}

; Does a function without `...` keep its type?
; CHECK-LABEL: define i32 @plain(i32 %n)
define i32 @plain(i32 %n) {
  ret i32 %n
}

; Is the next argument found, and that of 16 bytes at a multiple of 16?
; CHECK-LABEL: define i128 @next(ptr %list)
; CHECK: load ptr, ptr %list
; CHECK: getelementptr i8, ptr {{.*}}, i64 8
; CHECK: load i32
; CHECK: getelementptr i8, ptr {{.*}}, i64 15
; CHECK: call ptr @llvm.ptrmask.p0.i64(ptr {{.*}}, i64 -16)
; CHECK: load i128
define i128 @next(ptr %list) {
  %a = va_arg ptr %list, i32
  %b = va_arg ptr %list, i128
  ret i128 %b
}

; Does a variadic function keep its computed gotos?
; CHECK-LABEL: define void @label(
; CHECK: store ptr blockaddress(@label, %here)
define void @label(ptr %p, ...) {
  store ptr blockaddress(@label, %here), ptr %p
  indirectbr ptr %p, [label %here]
here:
  ret void
}

; CHECK-LABEL: define void @none()
; CHECK-NEXT: tail call i32 @sum(i32 0, ptr @__popcorn_no_arguments)
define void @none() {
  tail call i32 (i32, ...) @sum(i32 0)
  ret void
}

declare void @llvm.va_start.p0(ptr)
declare void @llvm.va_copy.p0(ptr, ptr)
declare void @llvm.va_end.p0(ptr)
