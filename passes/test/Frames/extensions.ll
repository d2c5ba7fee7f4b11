; RUN: %opt -passes=popcorn-frames,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare i8 @narrow()

; Does a frame stay that extends what its callee returned narrow?
; CHECK-LABEL: define zeroext i8 @extends(
; CHECK: invoke i8 @narrow()
define zeroext i8 @extends() "popcorn-migrates" {
  %v = tail call i8 @narrow() "popcorn-migrates"
  ret i8 %v
}

; May one vanish whose callee extends already?
; CHECK-LABEL: define zeroext i8 @passes(
; CHECK-NOT: invoke
; CHECK: ret i8
define zeroext i8 @passes() "popcorn-migrates" {
  %v = tail call zeroext i8 @narrow() "popcorn-migrates"
  ret i8 %v
}
