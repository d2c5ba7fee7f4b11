; RUN: not %opt -passes=popcorn-annotations -disable-output %s 2>&1 | FileCheck %s

; Is a native function with a body refused, whose body would be inlined?
; CHECK: error: function 'f': popcorn.native is for a declaration

@v = private constant [15 x i8] c"popcorn.native\00", section "llvm.metadata"
@s = private constant [4 x i8] c"a.c\00", section "llvm.metadata"
@llvm.global.annotations = appending global [1 x { ptr, ptr, ptr, i32, ptr }] [
  { ptr, ptr, ptr, i32, ptr } { ptr @f, ptr @v, ptr @s, i32 1, ptr null }
], section "llvm.metadata"

define void @f() {
  ret void
}
