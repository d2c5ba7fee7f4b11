; RUN: %opt -passes=popcorn-side-stack,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare void @see(ptr)
declare i32 @next(i32)

; Is the pointer back before a tail call, so that it can stay one?
; CHECK-LABEL: define i32 @tail(
; CHECK: call void @see(
; CHECK: store ptr %{{.*}}, ptr %{{.*}}, align 8
; CHECK-NEXT: %r = tail call i32 @next(i32 1)
; CHECK-NEXT: ret i32 %r
define i32 @tail() {
  %x = alloca i32
  call void @see(ptr %x)
  %r = tail call i32 @next(i32 1)
  ret i32 %r
}

; And behind a call that may use the frame?
; CHECK-LABEL: define i32 @plain(
; CHECK: %r = call i32 @next(i32 1)
; CHECK: store ptr %{{.*}}, ptr %{{.*}}, align 8
; CHECK-NEXT: ret i32 %r
define i32 @plain() {
  %x = alloca i32
  call void @see(ptr %x)
  %r = call i32 @next(i32 1)
  ret i32 %r
}

; A tail call that work follows is none.
; CHECK-LABEL: define i32 @work(
; CHECK: %r = tail call i32 @next(i32 1)
; CHECK-NEXT: %s = add i32 %r, 1
; CHECK: store ptr %{{.*}}, ptr %{{.*}}, align 8
; CHECK-NEXT: ret i32 %s
define i32 @work() {
  %x = alloca i32
  call void @see(ptr %x)
  %r = tail call i32 @next(i32 1)
  %s = add i32 %r, 1
  ret i32 %s
}
