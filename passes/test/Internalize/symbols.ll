; RUN: %opt -passes=popcorn-internalize,verify -S %s | FileCheck %s

; Does every object and function become internal?
; CHECK-DAG: @object = internal global i32 1
@object = global i32 1
; CHECK-DAG: define internal void @function()
define void @function() {
  ret void
}
; CHECK-DAG: define internal void @weak()
define weak void @weak() {
  ret void
}

; But where the run time enters and the side-stack pointer it sets?
; CHECK-DAG: define void @__popcorn_start_c(ptr %stack)
define void @__popcorn_start_c(ptr %stack) {
  ret void
}
; CHECK-DAG: @__popcorn_side_sp = thread_local global ptr null
@__popcorn_side_sp = thread_local global ptr null

; Is what the program does not define looked for outside as before?
; CHECK-DAG: declare void @outside()
; CHECK-DAG: @__popcorn_control = external global i32
declare void @outside()
@__popcorn_control = external global i32
define void @uses() {
  call void @outside()
  store i32 1, ptr @__popcorn_control
  ret void
}
