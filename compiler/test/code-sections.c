// Are functions that the program wants in sections of its own at equal addresses?
// RUN: popcorn-clang -O2 %s -o %t && popcorn-lipo -verify %t
// RUN: %t | FileCheck %s
// RUN: popcorn-lipo -thin aarch64 %t -o %t.aarch64 && %aarch64 %t.aarch64 | FileCheck %s
#include <stdio.h>

static volatile int zero;

__attribute__((section("mine"), noinline)) static int in_mine(int x)
{
	for (volatile int i = 0; i < x; i++)
		zero = 0;
	return x + 1 + zero;
}

__attribute__((section(".text.startup"), noinline)) int in_startup(int x)
{
	return in_mine(x) + 2 + zero;
}

static int (*volatile f)(int) = in_startup;

int main(void)
{
	// CHECK: 8
	printf("%d\n", f(5));
	return 0;
}
