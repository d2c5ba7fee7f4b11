; RUN: not %opt -passes=popcorn-globals -disable-output %s 2>&1 | FileCheck %s

; Is a function that is chosen for a processor refused?
; CHECK: error: 'chosen': an indirect function (ifunc)
@chosen = ifunc void (), ptr @choose

define ptr @choose() {
  ret ptr null
}
