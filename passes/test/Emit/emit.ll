; RUN: rm -rf %t && mkdir %t
; RUN: %opt -mtriple=aarch64-unknown-linux-musl -passes='popcorn-isa<aarch64;O2>' %s -disable-output \
; RUN:   -function-sections -popcorn-object=%t/a.o -popcorn-bitcode=%t/a.bc
; RUN: llvm-readelf -hSW %t/a.o | FileCheck %s

; Is the bitcode what llc makes the same object from?
; RUN: llc -O2 -filetype=obj -function-sections %t/a.bc -o %t/b.o
; RUN: cmp %t/a.o %t/b.o

; Without the flag nothing is written.
; RUN: %opt -mtriple=aarch64-unknown-linux-musl -passes='popcorn-isa<aarch64;O2>' %s -S -o - \
; RUN:   | FileCheck %s --check-prefix=IR

; What cannot be written is said in one line, and leaves nothing.
; RUN: not %opt -passes='popcorn-isa<x86_64;O2>' %s -disable-output -popcorn-object=%t/none/a.o 2>&1 \
; RUN:   | FileCheck %s --check-prefix=NONE
; RUN: not %opt -passes='popcorn-isa<x86_64;O2>' %s -disable-output -popcorn-object=/dev/full 2>&1 \
; RUN:   | FileCheck %s --check-prefix=FULL

; CHECK: Machine: AArch64
; CHECK: .text.f
; IR: define i32 @f
; NONE: none/a.o: No such file or directory
; NONE-NOT: {{.}}
; FULL: /dev/full: No space left on device
; FULL-NOT: {{.}}
target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

define i32 @f(i32 %x) {
  %y = mul i32 %x, 3
  ret i32 %y
}
