; RUN: %opt -passes='popcorn-portable<O2>,verify' %s -o %t.bc
; RUN: %opt -mtriple=x86_64-unknown-linux-musl -passes='popcorn-isa<x86_64;O2>,verify' -S %t.bc -o %t.x86_64.ll
; RUN: %opt -mtriple=aarch64-unknown-linux-musl -passes='popcorn-isa<aarch64;O2>,verify' -S %t.bc -o %t.aarch64.ll
; RUN: FileCheck %s --check-prefixes=CHECK,X86 --input-file=%t.x86_64.ll
; RUN: FileCheck %s --check-prefixes=CHECK,ARM --input-file=%t.aarch64.ll

; Without optimisation, too?
; RUN: %opt -passes='popcorn-portable<O0>' %s \
; RUN:   | %opt -passes='popcorn-isa<aarch64;O0>,verify' \
; RUN:   | llc -O0 -filetype=null

; Do both ISAs agree on the records, whatever each made of the code?
; RUN: grep '^@__popcorn_function' %t.x86_64.ll > %t.x86_64
; RUN: grep '^@__popcorn_function' %t.aarch64.ll > %t.aarch64
; RUN: diff %t.x86_64 %t.aarch64

; Does code generation take them, unwind tables included?
; RUN: llc -O2 -filetype=obj %t.x86_64.ll -o %t.x86_64.o
; RUN: llc -O2 -filetype=obj %t.aarch64.ll -o %t.aarch64.o
; RUN: llvm-readelf -SW %t.x86_64.o | FileCheck %s --check-prefix=OBJECT
; RUN: llvm-readelf -SW %t.aarch64.o | FileCheck %s --check-prefix=OBJECT
; OBJECT-DAG: .gcc_except_table
; OBJECT-DAG: .popcorn.cold.__popcorn_start_c.resume
; OBJECT-DAG: .popcorn.native.functions

; Is the outcome the same each time?
; RUN: %opt -passes='popcorn-portable<O2>' %s -o %t.again.bc
; RUN: cmp %t.bc %t.again.bc

; X86: target triple = "x86_64-unknown-linux-musl"
; ARM: target triple = "aarch64-unknown-linux-musl"
target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

; Is the inner part of a long loop vectorised, as this ISA can, with the poll
; outside?
; CHECK-LABEL: define internal {{.*}}@sum(
; CHECK: load <4 x i32>
; CHECK: load volatile i32, ptr @__popcorn_poll_flag
define i32 @sum(ptr %p, i64 %n) noinline {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %s = phi i32 [ 0, %entry ], [ %t, %loop ]
  %at = getelementptr inbounds i32, ptr %p, i64 %i
  %v = load i32, ptr %at
  %t = add i32 %s, %v
  %next = add nuw nsw i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret i32 %t
}

; Does its resume function, which runs once in a while, stay small?
; CHECK-LABEL: define internal {{.*}}@sum.resume(
; CHECK-NOT: x i32>
; CHECK: ret i32

; CHECK-LABEL: define internal {{.*}}@__popcorn_start_c.resume(
define void @__popcorn_start_c(ptr %stack) {
  %s = call i32 @sum(ptr %stack, i64 100000)
  store volatile i32 %s, ptr %stack
  ret void
}
