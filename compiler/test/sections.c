// Are the objects of a section that the program named in their order, between its bounds?
// RUN: popcorn-clang -O2 %s -o %t && popcorn-lipo -verify %t
// RUN: %t | FileCheck %s
// RUN: popcorn-lipo -thin aarch64 %t -o %t.aarch64 && %aarch64 %t.aarch64 | FileCheck %s
//
// The passes drop objects that nothing but their section refers to.
#include <stdio.h>

__attribute__((section("list"), used)) static int one = 1;
__attribute__((section("list"), used)) static int two = 2;
extern int __start_list[], __stop_list[];

int main(void)
{
	// CHECK: 2 12
	// cppcheck-suppress comparePointers
	printf("%d %d\n", (int)(__stop_list - __start_list),
	       __start_list[0] * 10 + __start_list[1]);
	return 0;
}
