; RUN: %opt -passes=popcorn-side-stack,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "riscv64-unknown-linux-musl"

declare void @see(ptr)
declare void @moves() "popcorn-migrates"

; Is the pointer a thread-local that all ISAs reach the same way?
; CHECK: @__popcorn_side_sp = external dso_local thread_local(localexec) global ptr

; Does a local whose address a function gets to see leave the machine stack,
; and is the pointer put back?
; CHECK-LABEL: define i32 @escapes(
; CHECK-NEXT: [[A:%.*]] = call ptr @llvm.threadlocal.address.p0(ptr @__popcorn_side_sp)
; CHECK-NEXT: %side.sp = load ptr, ptr [[A]], align 8
; CHECK-NEXT: %side.frame = getelementptr inbounds i8, ptr %side.sp, i64 -16
; CHECK-NEXT: [[B:%.*]] = call ptr @llvm.threadlocal.address.p0(ptr @__popcorn_side_sp)
; CHECK-NEXT: store ptr %side.frame, ptr [[B]], align 8
; CHECK-NOT: alloca
; CHECK: call void @see(ptr %side.frame)
; CHECK-NEXT: %v = load i32, ptr %side.frame
; CHECK-NEXT: [[BACK:%.*]] = getelementptr inbounds i8, ptr %side.frame, i64 16
; CHECK-NEXT: [[C:%.*]] = call ptr @llvm.threadlocal.address.p0(ptr @__popcorn_side_sp)
; CHECK-NEXT: store ptr [[BACK]], ptr [[C]], align 8
; CHECK-NEXT: ret i32 %v
define i32 @escapes() {
  %x = alloca i32
  call void @see(ptr %x)
  %v = load i32, ptr %x
  ret i32 %v
}

; Stays one that nobody else can see, with no word of the side stack?
; CHECK-LABEL: define i32 @private(
; CHECK-NEXT: %x = alloca i32
; CHECK-NOT: __popcorn_side_sp
; CHECK: ret i32
define i32 @private(i32 %a) {
  %x = alloca i32
  store i32 %a, ptr %x
  %v = load i32, ptr %x
  ret i32 %v
}

; If one of two can be seen, does only this one move?
; CHECK-LABEL: define void @one(
; CHECK: %mine = alloca i32
; CHECK-NOT: alloca
; CHECK: call void @see(ptr %side.frame)
; CHECK: ret void
define void @one() {
  %mine = alloca i32
  %seen = alloca i32
  store i32 1, ptr %mine
  call void @see(ptr %seen)
  ret void
}

; Do others see one whose address is stored, or returned?
; CHECK-LABEL: define ptr @escapesOtherwise(
; CHECK-NOT: alloca
; CHECK: ret ptr
define ptr @escapesOtherwise(ptr %p) {
  %x = alloca i32
  %y = alloca i32
  store ptr %x, ptr %p
  ret ptr %y
}

; But not one that is passed where it is only read?
; CHECK-LABEL: define void @lent(
; CHECK-NEXT: %x = alloca i32
; CHECK-NOT: __popcorn_side_sp
; CHECK: ret void
declare void @peek(ptr nocapture)
define void @lent() {
  %x = alloca i32
  call void @peek(ptr nocapture %x)
  ret void
}

; In a function with sites, do all move, whether seen or not?
; CHECK-LABEL: define i32 @sites(
; CHECK-NOT: alloca
; CHECK: store i32 %a, ptr %side.frame
; CHECK-NEXT: call void @moves() [[SITE:#[0-9]+]]
; CHECK-NEXT: %v = load i32, ptr %side.frame
; CHECK: ret i32 %v
define i32 @sites(i32 %a) {
  %x = alloca i32
  store i32 %a, ptr %x
  call void @moves() "popcorn-migrates"
  %v = load i32, ptr %x
  ret i32 %v
}

; Is a function with sites, but no locals, left alone?
; CHECK-LABEL: define void @noLocals(
; CHECK-NEXT: call void @moves()
; CHECK-NEXT: ret void
define void @noLocals() {
  call void @moves() "popcorn-migrates"
  ret void
}

; Does every return put the pointer back?
; CHECK-LABEL: define void @returns(
; CHECK: a:
; CHECK: store ptr %{{.*}}, ptr %{{.*}}, align 8
; CHECK-NEXT: ret void
; CHECK: b:
; CHECK: store ptr %{{.*}}, ptr %{{.*}}, align 8
; CHECK-NEXT: ret void
define void @returns(i1 %c) {
  %x = alloca i32
  call void @see(ptr %x)
  br i1 %c, label %a, label %b
a:
  ret void
b:
  ret void
}

; Do several locals have places of their own, each aligned as it wants, the
; largest alignment first?
; CHECK-LABEL: define void @several(
; CHECK: %side.frame = getelementptr inbounds i8, ptr %side.sp, i64 -32
; CHECK: %word = getelementptr inbounds i8, ptr %side.frame, i64 16
; CHECK: %byte = getelementptr inbounds i8, ptr %side.frame, i64 24
; CHECK: call void @see(ptr %byte)
; CHECK: call void @see(ptr %word)
; CHECK: call void @see(ptr %side.frame)
define void @several() {
  %byte = alloca i8
  %word = alloca i64
  %quad = alloca i128, align 16
  call void @see(ptr %byte)
  call void @see(ptr %word)
  call void @see(ptr %quad)
  ret void
}

; Do lifetimes, which LLVM knows for allocas only, go with the alloca?
; CHECK-LABEL: define void @lifetimes(
; CHECK-NOT: llvm.lifetime
; CHECK: ret void
define void @lifetimes() {
  %x = alloca i32
  call void @llvm.lifetime.start.p0(i64 4, ptr %x)
  call void @see(ptr %x)
  call void @llvm.lifetime.end.p0(i64 4, ptr %x)
  ret void
}

; And do they stay with one that stays?
; CHECK-LABEL: define void @lifetimesOfPrivate(
; CHECK: call void @llvm.lifetime.start.p0(i64 4, ptr %x)
; CHECK: call void @llvm.lifetime.end.p0(i64 4, ptr %x)
define void @lifetimesOfPrivate() {
  %x = alloca i32
  call void @llvm.lifetime.start.p0(i64 4, ptr %x)
  store i32 1, ptr %x
  call void @llvm.lifetime.end.p0(i64 4, ptr %x)
  ret void
}
declare void @llvm.lifetime.start.p0(i64, ptr nocapture)
declare void @llvm.lifetime.end.p0(i64, ptr nocapture)

; CHECK: attributes [[SITE]] = { "popcorn-migrates" }
