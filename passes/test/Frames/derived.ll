; RUN: %opt -passes=popcorn-frames,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare void @moves() "popcorn-migrates"
declare void @use(ptr)
declare void @use.i(i64)
@tls = thread_local(localexec) global i32 0

; Is an address inside an object that lives anyway computed again behind the
; site instead of stored?
; CHECK-LABEL: define void @field(
; CHECK: call void @use(ptr %p)
; CHECK: [[F:%f.*]] = getelementptr i8, ptr %p, i64 8
; CHECK: call void @use(ptr [[F]])
; CHECK: @__popcorn_capture(i32 0, i32 0)
; CHECK-NEXT: [[AT:%.*]] = getelementptr inbounds i8, ptr %{{.*}}, i64 32
; CHECK-NEXT: store ptr %p, ptr [[AT]]
; CHECK-NOT: store
; CHECK: br label %unwind
define void @field(ptr %p) "popcorn-migrates" {
  %f = getelementptr i8, ptr %p, i64 8
  call void @use(ptr %f)
  call void @moves() "popcorn-migrates"
  call void @use(ptr %p)
  call void @use(ptr %f)
  ret void
}

; Does the object's address live on in the place of the one inside it?
; CHECK-LABEL: define void @only(
; CHECK: call void @use(ptr %p)
; CHECK: [[F:%f.*]] = getelementptr i8, ptr %p, i64 8
; CHECK: call void @use(ptr [[F]])
; CHECK: @__popcorn_capture(i32 1, i32 0)
; CHECK: store ptr %p, ptr
; CHECK-NOT: store
; CHECK: br label %unwind
define void @only(ptr %p) "popcorn-migrates" {
  %f = getelementptr i8, ptr %p, i64 8
  call void @use(ptr %p)
  call void @moves() "popcorn-migrates"
  call void @use(ptr %f)
  ret void
}

; A chain of cheap steps that all live on, up to a comparison?
; CHECK-LABEL: define i1 @chain(
; CHECK: @__popcorn_capture(i32 2, i32 0)
; CHECK-NEXT: getelementptr inbounds i8, ptr %{{.*}}, i64 32
; CHECK-NEXT: store i64 %n, ptr
; CHECK-NOT: store
; CHECK: br label %unwind
define i1 @chain(i64 %n) "popcorn-migrates" {
  %a = add i64 %n, 5
  %b = shl i64 %a, 2
  %c = icmp ult i64 %b, 100
  call void @moves() "popcorn-migrates"
  call void @use.i(i64 %n)
  call void @use.i(i64 %a)
  call void @use.i(i64 %b)
  ret i1 %c
}

; But not what costs something: divisions, floating point, two operands, loads?
; CHECK-LABEL: define double @dear(
; CHECK: @__popcorn_capture(i32 3, i32 0)
; CHECK-DAG: store i64 %div, ptr
; CHECK-DAG: store double %fp, ptr
; CHECK-DAG: store i64 %sum, ptr
; CHECK-DAG: store i64 %load, ptr
; CHECK: br label %unwind
define double @dear(i64 %n, i64 %m, double %d, ptr %p) "popcorn-migrates" {
  %div = udiv i64 %n, 10
  %fp = fadd double %d, 1.0
  %sum = add i64 %n, %m
  %load = load i64, ptr %p
  call void @moves() "popcorn-migrates"
  call void @use.i(i64 %div)
  call void @use.i(i64 %sum)
  call void @use.i(i64 %load)
  call void @use.i(i64 %n)
  call void @use.i(i64 %m)
  call void @use(ptr %p)
  %r = fadd double %d, %fp
  ret double %r
}

; Is the address of a thread-local, which each ISA computes its own way,
; never stored?
; CHECK-LABEL: define void @threadLocal(
; CHECK: invoke void @moves()
; CHECK: [[A:%.*]] = call ptr @llvm.threadlocal.address.p0(ptr @tls)
; CHECK-NEXT: call void @use(ptr [[A]])
; CHECK: @__popcorn_capture(i32 4, i32 0)
; CHECK-NEXT: br label %unwind
declare ptr @llvm.threadlocal.address.p0(ptr)
define void @threadLocal() "popcorn-migrates" {
  %a = call ptr @llvm.threadlocal.address.p0(ptr @tls)
  store i32 1, ptr %a
  call void @moves() "popcorn-migrates"
  call void @use(ptr %a)
  ret void
}

; But not for what is no mere offset, and would only be computed again?
; CHECK-LABEL: define void @arithmetic(
; CHECK: @__popcorn_capture(i32 5, i32 0)
; CHECK: store i64 %a, ptr
; CHECK-NOT: store
; CHECK: br label %unwind
define void @arithmetic(i64 %n) "popcorn-migrates" {
  %a = add i64 %n, 8
  call void @moves() "popcorn-migrates"
  call void @use.i(i64 %a)
  ret void
}

; Does the resume function compute it from the record?
; CHECK-LABEL: define internal void @field.resume(
; CHECK: %p = load ptr, ptr
; CHECK: getelementptr i8, ptr %p, i64 8
