; RUN: not %opt -passes=popcorn-frames -disable-output %s 2>&1 | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare void @moves() "popcorn-migrates"

; Is a result refused that the run time could not pass through?
; CHECK: error: popcorn-frames: large returns more than two registers
define [3 x i64] @large([3 x i64] %a) "popcorn-migrates" {
  call void @moves() "popcorn-migrates"
  ret [3 x i64] %a
}

; And one of two registers taken?
; CHECK-NOT: error
define [2 x i64] @pair([2 x i64] %a) "popcorn-migrates" {
  call void @moves() "popcorn-migrates"
  ret [2 x i64] %a
}
