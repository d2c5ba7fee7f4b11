; RUN: %opt -passes=popcorn-frames,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare signext i8 @moves(i32) "popcorn-migrates"
declare noalias ptr @allocates() "popcorn-migrates"
declare void @use(i32)

define hidden fastcc signext i8 @kinds(i32 zeroext %a) alwaysinline "popcorn-migrates" {
  %r = call signext i8 @moves(i32 %a) "popcorn-migrates"
  call void @use(i32 %a)
  ret i8 %r
}

; Is the memory that a function returns new, but not that its resume function
; returns, which may have been seen before?
; CHECK: define noalias ptr @new()
; Has the resume function the C calling convention and internal linkage,
; whatever the function has, since the run time calls it?
; Does it return its result extended as callers expect, and is the record all
; it knows of?
; CHECK-LABEL: define internal signext i8 @kinds.resume(
; CHECK-SAME: ptr noalias nonnull align 16 dereferenceable({{[0-9]+}}) %record) [[COLD:#[0-9]+]]
; CHECK: invoke signext i8 @__popcorn_resume_inner(ptr %record)
; CHECK-LABEL: define internal ptr @new.resume(
; CHECK: invoke ptr @__popcorn_resume_inner(ptr %record)
define noalias ptr @new() "popcorn-migrates" {
  %p = call noalias ptr @allocates() "popcorn-migrates"
  call void @use(i32 1)
  ret ptr %p
}

; Does a function that must not be optimised stay so?
; CHECK-LABEL: define internal void @unoptimised.resume(
; CHECK-SAME: [[NONE:#[0-9]+]]
define void @unoptimised() optnone noinline "popcorn-migrates" {
  %r = call i8 @moves(i32 1) "popcorn-migrates"
  ret void
}

; CHECK-DAG: attributes [[COLD]] = { cold minsize noinline optsize {{.*}}"popcorn-migrates" }
; CHECK-DAG: attributes [[NONE]] = { cold noinline optnone {{.*}}"popcorn-migrates" }
