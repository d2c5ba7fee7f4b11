; RUN: %opt -passes=popcorn-frames,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare void @moves() "popcorn-migrates"
declare void @use(i64)

; Does the table name each function with sites, in order: its resume function,
; name, size of record and number of sites?
; CHECK: @__popcorn_name{{.*}} = internal constant [6 x i8] c"first\00", section ".popcorn.native.names", align 1
; CHECK: @__popcorn_functions = dso_local constant [2 x { ptr, ptr, i64, i32, i32 }] [
; CHECK-SAME: { ptr @first.resume, ptr @__popcorn_name{{.*}}, i64 48, i32 1, i32 {{-?[0-9]+}} },
; CHECK-SAME: { ptr @second.resume, ptr @__popcorn_name{{.*}}, i64 32, i32 2, i32 {{-?[0-9]+}} }
; CHECK-SAME: section ".popcorn.native.functions", align 16
; CHECK: @__popcorn_function_count = dso_local constant i32 2, section ".popcorn.native.functions"

; Do pads go by the same numbers?
; CHECK-LABEL: define void @first(
; CHECK: @__popcorn_capture(i32 0, i32 0)
define void @first(i64 %a) "popcorn-migrates" {
  call void @moves() "popcorn-migrates"
  call void @use(i64 %a)
  ret void
}

; Has a function without sites no entry?
define void @none() {
  call void @use(i64 1)
  ret void
}

; CHECK-LABEL: define void @second(
; CHECK: @__popcorn_capture(i32 1, i32 0)
; CHECK: @__popcorn_capture(i32 1, i32 1)
define void @second() "popcorn-migrates" {
  call void @moves() "popcorn-migrates"
  call void @moves() "popcorn-migrates"
  ret void
}
