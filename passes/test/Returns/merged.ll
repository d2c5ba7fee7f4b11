; RUN: %opt -passes=popcorn-returns,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare i32 @next(i32)
declare void @done(ptr)
declare void @llvm.lifetime.end.p0(i64, ptr)

; Does each of two calls get its own return, and the value that is none the
; one there was?
; CHECK-LABEL: define i32 @two(
; CHECK: %a = tail call i32 @next(i32 1)
; CHECK-NEXT: ret i32 %a
; CHECK: %b = tail call i32 @next(i32 2)
; CHECK-NEXT: ret i32 %b
; CHECK: ret i32 7
define i32 @two(i32 %n) {
entry:
  switch i32 %n, label %out [ i32 1, label %first
                              i32 2, label %second ]
first:
  %a = tail call i32 @next(i32 1)
  br label %out
second:
  %b = tail call i32 @next(i32 2)
  br label %out
out:
  %r = phi i32 [ 7, %entry ], [ %a, %first ], [ %b, %second ]
  ret i32 %r
}

; Without a result? With locals that have ended, in a block that goes?
; CHECK-LABEL: define void @nothing(
; CHECK: tail call void @done(ptr null)
; CHECK-NEXT: ret void
; CHECK: %i = tail call i32 @next(i32 3)
; CHECK-NEXT: call void @llvm.lifetime.end
; CHECK-NEXT: ret void
; CHECK-NOT: out:
define void @nothing(i1 %c) {
  %x = alloca i32
  br i1 %c, label %first, label %second
first:
  tail call void @done(ptr null)
  br label %out
second:
  %i = tail call i32 @next(i32 3)
  call void @llvm.lifetime.end.p0(i64 4, ptr %x)
  br label %out
out:
  call void @llvm.lifetime.end.p0(i64 4, ptr %x)
  ret void
}

; What is no tail call, what gives another value, and what is followed by work
; stay as they are.
; CHECK-LABEL: define i32 @none(
; CHECK: %a = call i32 @next(i32 1)
; CHECK-NEXT: br label %out
; CHECK: %b = tail call i32 @next(i32 2)
; CHECK-NEXT: br label %out
; CHECK: %c = tail call i32 @next(i32 3)
; CHECK-NEXT: %d = add i32 %c, 1
; CHECK-NEXT: br label %out
; CHECK: out:
; CHECK-NEXT: phi
; CHECK-NEXT: ret
define i32 @none(i32 %n) {
entry:
  switch i32 %n, label %third [ i32 1, label %first
                                i32 2, label %second ]
first:
  %a = call i32 @next(i32 1)
  br label %out
second:
  %b = tail call i32 @next(i32 2)
  br label %out
third:
  %c = tail call i32 @next(i32 3)
  %d = add i32 %c, 1
  br label %out
out:
  %r = phi i32 [ %a, %first ], [ 5, %second ], [ %d, %third ]
  ret i32 %r
}

; CHECK-LABEL: define i32 @work(
; CHECK: %a = tail call i32 @next(i32 1)
; CHECK-NEXT: br label %out
; CHECK: out:
define i32 @work(i1 %n) {
entry:
  br i1 %n, label %first, label %out
first:
  %a = tail call i32 @next(i32 1)
  br label %out
out:
  %r = phi i32 [ %a, %first ], [ 5, %entry ]
  call void @done(ptr null)
  ret i32 %r
}
