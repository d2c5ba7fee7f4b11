// Has everything a program can see the same address in both slices, and the right value?
// RUN: popcorn-clang -O2 %s -o %t --popcorn-save-temps=%t.d
// RUN: popcorn-lipo -verify %t | FileCheck --check-prefix=VERIFY %s
// VERIFY: good: 2 slices
// RUN: %t > %t.x86_64.out
// RUN: popcorn-lipo -thin aarch64 %t -o %t.aarch64
// RUN: %aarch64 %t.aarch64 > %t.aarch64.out
// RUN: cmp %t.x86_64.out %t.aarch64.out
// RUN: FileCheck %s < %t.x86_64.out
// RUN: llvm-readelf -lS %t | FileCheck --check-prefix=ELF %s
// ELF: .data PROGBITS 0000000010000000
// ELF: .popcorn.control {{.*}} 0000000050000000 {{.*}} 001000
// ELF-NOT: RWE
// ELF: TLS {{.*}} 0x40
#include <stdint.h>
#include <stdio.h>

_Thread_local int first = 42;
_Thread_local char second = 7;
_Thread_local long zero;
_Thread_local _Alignas(64) char wide[3];
int table[5] = { 1, 2, 3, 4, 5 };
int *inside = &table[2];
const char *const names[] = { "a", "bb", "ccc" };
extern int other_name[5] __attribute__((alias("table")));
extern int absent __attribute__((weak));
extern void absent_function(void) __attribute__((weak));
static char big[1 << 20];

__attribute__((section("constants"), used)) static const int constant = 11;
extern const int __start_constants[];

__attribute__((constructor)) static void late(void)
{
	puts("late");
}

__attribute__((constructor(101))) static void early(void)
{
	puts("early");
}

__attribute__((destructor)) static void gone(void)
{
	puts("gone");
}

__attribute__((cold, noinline)) static void cold(void)
{
	puts("cold");
}

void (*volatile pointer)(void) = cold;

int main(void)
{
	// CHECK: early
	// CHECK-NEXT: late
	// CHECK: functions 0x4{{.*}} 0x4{{.*}} 0x4
	printf("functions %p %p %p\n", (void *)main, (void *)pointer, (void *)printf);
	// CHECK: objects 0x1{{.*}} 0x1{{.*}} 0x1{{.*}} 0x1
	printf("objects %p %p %p %p\n", (void *)table, (void *)big, (void *)names[2],
	       (void *)&constant);
	zero += 5;
	// CHECK: tls 42 7 5 0
	printf("tls %d %d %ld %lu\n", first, second, zero, (unsigned long)wide % 64);
	printf("%d %d\n", (int)((char *)&zero - (char *)&first), (int)(wide - (char *)&first));
	// CHECK: inside 3 alias 1 weak 0 0
	printf("inside %d alias %d weak %d %d\n", *inside, (uintptr_t)other_name == (uintptr_t)table,
	       &absent != NULL, absent_function != NULL);
	// CHECK: constants 11
	printf("constants %d\n", *__start_constants);
	// CHECK: cold
	pointer();
	// CHECK: gone
	return 0;
}
