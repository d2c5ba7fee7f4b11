; RUN: %opt -passes=popcorn-may-migrate,verify -S %s | FileCheck %s

declare void @__popcorn_poll()
declare i64 @strlen(ptr)

; Is a poll a call that may migrate, and so its function?
; CHECK: define void @polls() [[MIGRATES:#[0-9]+]]
; CHECK-NEXT: call void @__popcorn_poll() [[SITE:#[0-9]+]]
; CHECK-NEXT: ret void
define void @polls() {
  call void @__popcorn_poll()
  ret void
}

; And a call of such a function, at any depth?
; CHECK: define void @calls() [[MIGRATES]]
; CHECK-NEXT: call void @polls() [[SITE]]
; CHECK-NEXT: call void @leaf(){{$}}
define void @calls() {
  call void @polls()
  call void @leaf()
  ret void
}
; CHECK: define void @deeper() [[MIGRATES]]
; CHECK-NEXT: call void @calls() [[SITE]]
define void @deeper() {
  call void @calls()
  ret void
}

; In a cycle of functions?
; CHECK: define void @odd() [[MIGRATES]]
; CHECK-NEXT: call void @even() [[SITE]]
define void @odd() {
  call void @even()
  ret void
}
; CHECK: define void @even() [[MIGRATES]]
; CHECK-NEXT: call void @odd() [[SITE]]
; CHECK-NEXT: call void @polls() [[SITE]]
define void @even() {
  call void @odd()
  call void @polls()
  ret void
}

; As an invoke?
; CHECK: define void @invokes() [[MIGRATES]]
; CHECK: invoke void @polls() [[SITE]]
; CHECK: invoke void @leaf(){{$}}
define void @invokes() personality ptr @__gcc_personality_v0 {
  invoke void @polls() to label %on unwind label %pad
on:
  invoke void @leaf() to label %done unwind label %pad
done:
  ret void
pad:
  %l = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %l
}
declare i32 @__gcc_personality_v0(...)

; Is a function that calls none, or one from outside, left as it is?
; CHECK: define void @leaf() [[LEAF:#[0-9]+]]
define void @leaf() {
  ret void
}
; CHECK: define i64 @native(ptr %s) [[LEAF]]
; CHECK-NEXT: call i64 @strlen(ptr %s){{$}}
define i64 @native(ptr %s) {
  %n = call i64 @strlen(ptr %s)
  ret i64 %n
}

; As long as no function that migrates has its address taken, does a call
; through a pointer stay a plain one?
; CHECK: define void @pointer(ptr %f) [[LEAF]]
; CHECK-NEXT: call void %f(){{$}}
define void @pointer(ptr %f) {
  call void %f()
  ret void
}
@table = global ptr @leaf

; Has every function unwind tables for each of its instructions?
; CHECK-DAG: attributes [[MIGRATES]] = { uwtable "popcorn-migrates" }
; CHECK-DAG: attributes [[LEAF]] = { uwtable }
; CHECK-DAG: attributes [[SITE]] = { "popcorn-migrates" }
