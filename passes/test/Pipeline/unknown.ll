; RUN: not %opt -passes='popcorn-isa<vax;O2>' -disable-output %s 2>&1 | FileCheck %s --check-prefix=ISA
; RUN: not %opt -passes=popcorn-nothing -disable-output %s 2>&1 | FileCheck %s --check-prefix=PASS

; Is an unknown ISA an error, and an unknown pass?
; ISA: error: popcorn-isa: unknown ISA 'vax'
; PASS: unknown pass name 'popcorn-nothing'
define void @__popcorn_start_c(ptr %stack) {
  ret void
}
