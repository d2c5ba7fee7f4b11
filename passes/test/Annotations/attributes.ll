; RUN: %opt -passes=popcorn-annotations -S %s | FileCheck %s

@n = private constant [15 x i8] c"popcorn.nopoll\00", section "llvm.metadata"
@v = private constant [15 x i8] c"popcorn.native\00", section "llvm.metadata"
@o = private constant [6 x i8] c"other\00", section "llvm.metadata"
@f = private constant [4 x i8] c"a.c\00", section "llvm.metadata"
@x = private constant [7 x i8] c"x86_64\00"
@t = private constant [6 x i8] c"rdtsc\00"
@args = private constant { ptr, ptr } { ptr @x, ptr @t }, section "llvm.metadata"
@llvm.global.annotations = appending global [3 x { ptr, ptr, ptr, i32, ptr }] [
  { ptr, ptr, ptr, i32, ptr } { ptr @alias, ptr @n, ptr @f, i32 1, ptr null },
  { ptr, ptr, ptr, i32, ptr } { ptr @ticks, ptr @v, ptr @f, i32 2, ptr @args },
  { ptr, ptr, ptr, i32, ptr } { ptr @plain, ptr @o, ptr @f, i32 3, ptr null }
], section "llvm.metadata"

; Are the table and its strings gone, so that they keep nothing alive?
; CHECK-NOT: llvm.global.annotations
; CHECK-NOT: llvm.metadata

@alias = alias void (), ptr @bounded

; Does popcorn.nopoll become an attribute, on an alias of its function?
; CHECK: define void @bounded() [[NOPOLL:#[0-9]+]]
define void @bounded() {
  ret void
}

; Do the texts of popcorn.native become attributes?
; CHECK: declare i64 @ticks() [[NATIVE:#[0-9]+]]
declare i64 @ticks()

; Does any other annotation leave a function as it is?
; CHECK: define void @plain() {
define void @plain() {
  ret void
}

; Is an annotated local just a local?
; CHECK-LABEL: define void @local(
; CHECK-NOT: annotation
; CHECK: ret void
define void @local(ptr %p) {
  call void @llvm.var.annotation.p0.p0(ptr %p, ptr @o, ptr @f, i32 4, ptr null)
  ret void
}
declare void @llvm.var.annotation.p0.p0(ptr, ptr, ptr, i32, ptr)

; CHECK: attributes [[NOPOLL]] = { noinline "popcorn-nopoll" }
; CHECK: attributes [[NATIVE]] = { "popcorn-native" "popcorn-native-x86_64"="rdtsc" }
