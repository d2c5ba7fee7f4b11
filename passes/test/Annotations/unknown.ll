; RUN: %opt -passes=popcorn-annotations -disable-output %s 2>&1 | FileCheck %s

; Is a misspelt annotation of ours said to have no effect?
; CHECK: warning: annotation "popcorn.nopol" of 'f' has no meaning here
; Are annotations of others passed over in silence?
; CHECK-NOT: other

@n = private constant [14 x i8] c"popcorn.nopol\00", section "llvm.metadata"
@o = private constant [6 x i8] c"other\00", section "llvm.metadata"
@s = private constant [4 x i8] c"a.c\00", section "llvm.metadata"
@llvm.global.annotations = appending global [2 x { ptr, ptr, ptr, i32, ptr }] [
  { ptr, ptr, ptr, i32, ptr } { ptr @f, ptr @n, ptr @s, i32 1, ptr null },
  { ptr, ptr, ptr, i32, ptr } { ptr @f, ptr @o, ptr @s, i32 1, ptr null }
], section "llvm.metadata"

define void @f() {
  ret void
}
