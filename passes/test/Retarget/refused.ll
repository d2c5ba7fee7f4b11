; RUN: not %opt -passes='popcorn-retarget<vax>' -disable-output %s 2>&1 | FileCheck %s

; Is an ISA nobody knows refused by name?
; CHECK: error: popcorn-isa: unknown ISA 'vax'
define void @f() {
  ret void
}
