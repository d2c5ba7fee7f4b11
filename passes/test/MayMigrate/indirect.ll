; RUN: %opt -passes=popcorn-may-migrate,verify -S %s | FileCheck %s

declare void @__popcorn_poll()
@table = global ptr @polls

; CHECK: define void @polls() [[MIGRATES:#[0-9]+]]
define void @polls() {
  call void @__popcorn_poll()
  ret void
}

; May a call through a pointer migrate if a function that does has its address
; taken?
; CHECK: define void @pointer(ptr %f) [[MIGRATES]]
; CHECK-NEXT: call void %f() [[SITE:#[0-9]+]]
define void @pointer(ptr %f) {
  call void %f()
  ret void
}

; And who calls a function with such a call?
; CHECK: define void @calls(ptr %f) [[MIGRATES]]
; CHECK-NEXT: call void @pointer(ptr %f) [[SITE]]
define void @calls(ptr %f) {
  call void @pointer(ptr %f)
  ret void
}

; But not one of a known function that does not, through an alias neither?
; CHECK: define void @aliased() [[LEAF:#[0-9]+]]
; CHECK-NEXT: call void @leaf(){{$}}
; CHECK-NEXT: call void @other(){{$}}
@other = alias void (), ptr @leaf
define void @aliased() {
  call void @leaf()
  call void @other()
  ret void
}
; CHECK: define void @leaf() [[LEAF]]
define void @leaf() {
  ret void
}

; Does one through an alias migrate if the function behind it does?
; CHECK: define void @aliasedPolls() [[MIGRATES]]
; CHECK-NEXT: call void @again() [[SITE]]
@again = alias void (), ptr @polls
define void @aliasedPolls() {
  call void @again()
  ret void
}

; Is an empty assembler text, a barrier, no call through a pointer?
; CHECK: define void @barrier(ptr %p) [[LEAF]]
; CHECK-NEXT: call void asm sideeffect "", "~{memory}"(){{$}}
define void @barrier(ptr %p) {
  call void asm sideeffect "", "~{memory}"()
  ret void
}

; Nor an intrinsic a call?
; CHECK: define void @copy(ptr %p, ptr %q) [[LEAF]]
; CHECK-NEXT: call void @llvm.memcpy.p0.p0.i64(ptr %p, ptr %q, i64 8, i1 false){{$}}
define void @copy(ptr %p, ptr %q) {
  call void @llvm.memcpy.p0.p0.i64(ptr %p, ptr %q, i64 8, i1 false)
  ret void
}

; CHECK-DAG: attributes [[MIGRATES]] = { uwtable "popcorn-migrates" }
; CHECK-DAG: attributes [[LEAF]] = { uwtable }
; CHECK-DAG: attributes [[SITE]] = { "popcorn-migrates" }
