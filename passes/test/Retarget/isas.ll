; RUN: %opt -passes='popcorn-retarget<x86_64>,verify' -S %s | FileCheck %s --check-prefixes=CHECK,X86
; RUN: %opt -passes='popcorn-retarget<aarch64>,verify' -S %s | FileCheck %s --check-prefixes=CHECK,ARM
; RUN: %opt -passes='popcorn-retarget<x86_64>' %s | llc -mtriple=x86_64-unknown-linux-musl -filetype=null
; RUN: %opt -passes='popcorn-retarget<aarch64>' %s | llc -mtriple=aarch64-unknown-linux-musl -filetype=null

; Is the module one for the ISA that is asked for?
; X86: target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
; X86: target triple = "x86_64-unknown-linux-musl"
; ARM: target datalayout = "e-m:e-i8:8:32-i16:16:32-i64:64-i128:128-n32:64-S128-Fn32"
; ARM: target triple = "aarch64-unknown-linux-musl"
target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

; Is what the front end said of a RISC-V processor gone, from calls, too, and
; the rest still there?
; CHECK: define void @f() [[F:#[0-9]+]]
; CHECK-NEXT: call void @f() [[CALL:#[0-9]+]]
define void @f() "target-cpu"="generic-rv64" "target-features"="+64bit,+a"
    "tune-cpu"="generic" "no-trapping-math"="true" noinline {
  call void @f() "target-cpu"="generic-rv64" "target-features"="+a" cold
  ret void
}
; CHECK-NOT: target-cpu=
; X86: attributes [[F]] = { noinline "no-trapping-math"="true" "target-features"="+cx16" "tune-cpu"="generic" }
; ARM-NOT: target-features
; ARM: attributes [[F]] = { noinline "no-trapping-math"="true" }
; CHECK: attributes [[CALL]] = { cold }

; Are flags gone that mean nothing elsewhere, and others kept?
; CHECK: !llvm.module.flags = !{[[W:![0-9]+]]}
; CHECK: [[W]] = !{i32 1, !"wchar_size", i32 4}
!llvm.module.flags = !{!0, !1, !2, !3}
!0 = !{i32 1, !"wchar_size", i32 4}
!1 = !{i32 1, !"target-abi", !"lp64"}
!2 = !{i32 8, !"SmallDataLimit", i32 0}
!3 = !{i32 8, !"PIC Level", i32 2}
