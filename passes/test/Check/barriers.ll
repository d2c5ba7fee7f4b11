; RUN: %opt -passes=popcorn-check,verify -S %s | FileCheck %s

; Is a compiler barrier kept as it is?
; CHECK-LABEL: define void @barrier
; CHECK-NEXT: call void asm sideeffect "", "~{memory}"()
define void @barrier() {
  call void asm sideeffect "", "~{memory}"()
  ret void
}

; Is a tied operand still opaque, in a register any ISA has?
; CHECK-LABEL: define double @tied
; CHECK-NEXT: %r = call double asm "", "=r,0"(double %x)
define double @tied(double %x) {
  %r = call double asm "", "=f,0"(double %x)
  ret double %r
}

; Are names of registers dropped, as operands and as clobbers?
; CHECK-LABEL: define void @named
; CHECK-NEXT: call void asm sideeffect "", "r,~{memory}"(i64 %x)
define void @named(i64 %x) {
  call void asm sideeffect "", "{x11},~{memory},~{x10}"(i64 %x)
  ret void
}

; Does a memory operand stay in memory?
; CHECK-LABEL: define void @memory
; CHECK-NEXT: call void asm sideeffect "", "=*m,*m"(ptr elementtype(i64) %p, ptr elementtype(i64) %p)
define void @memory(ptr %p) {
  call void asm sideeffect "", "=*imr,*A"(ptr elementtype(i64) %p, ptr elementtype(i64) %p)
  ret void
}

; Is a text of nothing but comments empty?
; CHECK-LABEL: define void @comment
; CHECK-NEXT: call void asm sideeffect "", ""()
define void @comment() {
  call void asm sideeffect "# nothing\0A\09", ""()
  ret void
}

; Does a code address become null, that could be stored?
; CHECK-LABEL: define ptr @caller
; CHECK-NEXT: ret ptr null
define ptr @caller() {
  %r = call ptr @llvm.returnaddress(i32 0)
  ret ptr %r
}

; Is the frame's address that of a local?
; CHECK-LABEL: define ptr @frame
; CHECK-NEXT: %frame.address = alloca i64
; CHECK-NEXT: ret ptr %frame.address
define ptr @frame() {
  %r = call ptr @llvm.frameaddress.p0(i32 0)
  ret ptr %r
}

; And that of a caller's frame null?
; CHECK-LABEL: define ptr @outer
; CHECK-NEXT: ret ptr null
define ptr @outer() {
  %r = call ptr @llvm.frameaddress.p0(i32 1)
  ret ptr %r
}
declare ptr @llvm.returnaddress(i32)
declare ptr @llvm.frameaddress.p0(i32)
