; RUN: %opt -passes='popcorn-portable<O2>,verify' -S %s | FileCheck %s --check-prefixes=CHECK,O2
; RUN: %opt -passes='popcorn-portable<O1>,verify' -S %s | FileCheck %s --check-prefixes=CHECK,O1

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

@word = global i32 0
@.nopoll = private constant [15 x i8] c"popcorn.nopoll\00", section "llvm.metadata"
@.file = private constant [2 x i8] c"a\00", section "llvm.metadata"
@llvm.global.annotations = appending global [1 x { ptr, ptr, ptr, i32, ptr }] [
  { ptr, ptr, ptr, i32, ptr } { ptr @bounded, ptr @.nopoll, ptr @.file, i32 1, ptr null }
], section "llvm.metadata"

; Does a small function of another translation unit go into its caller, where
; the compiler inlines at all?
define internal void @small(i32 %n) {
  store volatile i32 %n, ptr @word
  ret void
}

; Does one that promises to be bounded stay a function, and lose no poll to
; what it calls?
; CHECK-LABEL: define internal {{.*}}@bounded(
; CHECK: call {{.*}}@called(
define internal void @bounded(i32 %n) {
  store volatile i32 %n, ptr @word
  call void @called(i32 %n)
  ret void
}

; CHECK-LABEL: define internal {{.*}}@called(
define internal void @called(i32 %n) {
  store volatile i32 %n, ptr @word
  ret void
}

; Does one stay that the program wants to?
; CHECK-LABEL: define internal {{.*}}@kept(
define internal void @kept(i32 %n) noinline {
  store volatile i32 %n, ptr @word
  ret void
}

; CHECK-LABEL: define {{.*}}@__popcorn_start_c(
; O2-NOT: @small(
; O2: store volatile i32 1
; O1: call {{.*}}@small(
; CHECK: call {{.*}}@bounded(
; CHECK: call {{.*}}@kept(
define void @__popcorn_start_c(ptr %p) {
  call void @small(i32 1)
  call void @bounded(i32 2)
  call void @kept(i32 3)
  ret void
}
