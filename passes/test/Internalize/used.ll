; RUN: %opt -passes=popcorn-internalize,globaldce,verify -S %s | FileCheck %s

; Does an object stay that stands in a section of the program's own, which is
; read between the section's bounds?
; CHECK: @entry = {{.*}}i32 1, section "table"
; CHECK: @llvm.compiler.used = appending global [1 x ptr] [ptr @entry]
@entry = internal global i32 1, section "table"

; Do marks of the linker keep nothing else alive?
; CHECK-NOT: @plain
; CHECK-NOT: @function
; CHECK-NOT: @llvm.used
; CHECK: define void @__popcorn_start_c
; CHECK-NOT: @function
@plain = internal global i32 2
define internal void @function() {
  ret void
}
@llvm.used = appending global [2 x ptr] [ptr @entry, ptr @plain], section "llvm.metadata"
@llvm.compiler.used = appending global [1 x ptr] [ptr @function], section "llvm.metadata"

define void @__popcorn_start_c(ptr %stack) {
  ret void
}
