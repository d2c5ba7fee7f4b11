; RUN: not %opt -passes=popcorn-setjmp -disable-output %s 2>&1 | FileCheck %s

; Is a setjmp that hides behind a pointer refused?
; CHECK: error: 'setjmp' is called through a pointer or its address is taken
declare i32 @setjmp(ptr) returns_twice

define ptr @address() {
  ret ptr @setjmp
}
