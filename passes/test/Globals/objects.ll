; RUN: %opt -passes=popcorn-globals -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

$group = comdat any

; Is a string kept out of mergeable sections, under a name of its own?
; CHECK: @.str = internal constant [3 x i8] c"ab\00", align 1
@.str = private unnamed_addr constant [3 x i8] c"ab\00", align 1
; Does an object without a name get one?
; CHECK: @__popcorn_unnamed.0 = internal constant i8 1
@0 = private unnamed_addr constant i8 1
; Is the alignment the largest any ISA would give?
; CHECK: @byte = dso_local global i8 0, align 4
@byte = global i8 0
; CHECK: @large = dso_local global [100 x i8] zeroinitializer, align 16
@large = global [100 x i8] zeroinitializer
; And what was asked for, if that is known?
; CHECK: @small = dso_local global i8 0, align 1
@small = global i8 0, align 1
; CHECK: @asked = dso_local global i8 0, align 64
@asked = global i8 0, align 64
; Do arrays that a linker concatenates keep theirs?
; CHECK: @entry = dso_local global [20 x i8] zeroinitializer, section "set_entries", align 1
@entry = global [20 x i8] zeroinitializer, section "set_entries", align 1
; Is a common symbol an ordinary one?
; CHECK: @shared = dso_local global i32 0
@shared = common global i32 0, align 4
; Are comdats gone?
; CHECK: @grouped = weak dso_local global i32 1, align 4
@grouped = linkonce_odr global i32 1, comdat($group)
; Are thread-locals found from the thread pointer?
; CHECK: @tls = dso_local thread_local(localexec) global i32 0
@tls = thread_local global i32 0, align 4
; Does a declaration stay one?
; CHECK: @outside = external dso_local global i32
@outside = external global i32
; And the linker's tables what they are?
; CHECK: @llvm.used = appending global [1 x ptr] [ptr @byte], section "llvm.metadata"
@llvm.used = appending global [1 x ptr] [ptr @byte], section "llvm.metadata"
