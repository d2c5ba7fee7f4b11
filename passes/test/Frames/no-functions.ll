; RUN: %opt -passes=popcorn-frames,verify -S %s | FileCheck %s

; Is there a table, with no entry that counts, in a program that never
; migrates, and replaces it one that is declared?
; CHECK: @__popcorn_functions = dso_local constant [1 x { ptr, ptr, i64, i32, i32 }] zeroinitializer
; CHECK: @__popcorn_function_count = dso_local constant i32 0
; CHECK-NOT: @__popcorn_function_count.
@__popcorn_function_count = external global i32

; CHECK: load i32, ptr @__popcorn_function_count
define i32 @count() {
  %n = load i32, ptr @__popcorn_function_count
  ret i32 %n
}
