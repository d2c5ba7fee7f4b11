// Is an object bitcode of the portable machine, and nothing of RISC-V to be seen?
// RUN: popcorn-clang -O2 -c %s -o %t.o -march=native -msse4 -fPIC -pie 2>&1 | FileCheck --check-prefix=WARN %s
// WARN: warning: -march=native ignored
// WARN-NOT: warning
// RUN: llvm-dis %t.o -o - | FileCheck %s
// CHECK: target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
// CHECK: i32 @sign
// CHECK: ret i32 -1
// RUN: popcorn-clang -dM -E -x c /dev/null | FileCheck --check-prefix=MACROS %s
// MACROS-NOT: riscv
// MACROS: #define __popcorn__ 1
// MACROS-NOT: riscv
// RUN: popcorn-clang -S %s -o - | FileCheck --check-prefix=TEXT %s
// TEXT: define{{.*}} @sign
// RUN: popcorn-clang -fsyntax-only %s
// RUN: popcorn-clang -x c - -c -o - < %s | llvm-dis -o - | grep 'define.*@sign'
// RUN: rm -rf %t.d && mkdir %t.d && cd %t.d && popcorn-clang -O1 -c %s -MMD && ls | sort | tr '\n' ' ' | grep '^object.d object.o $'
// RUN: popcorn-ar rcs %t.a %t.o && popcorn-ranlib %t.a && popcorn-nm %t.a | grep 'T sign'
int sign(void)
{
	char c = (char)255;

	return c;
}
