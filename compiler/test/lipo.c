// Do slices come out as they went in, and does -verify see what is wrong?
// RUN: rm -rf %t && mkdir %t && cd %t && popcorn-clang -O1 -g %s -o a --popcorn-save-temps=.
// RUN: popcorn-lipo -info a | FileCheck %s
// CHECK: a: x86_64 aarch64
// CHECK: build id {{[0-9a-f]+$}}
// RUN: popcorn-lipo -thin x86_64 a -o x && popcorn-lipo -thin aarch64 a -o y
// RUN: ./x | grep 15 && %aarch64 ./y | grep 15
// RUN: popcorn-lipo -info x | grep -x 'x: x86_64'
// RUN: popcorn-lipo -info y | grep -x 'y: aarch64'
// RUN: popcorn-lipo -create x86_64.elf aarch64.elf -o b && cmp a b
// RUN: popcorn-lipo -create aarch64.elf x86_64.elf -o c && ./c | grep 15
//
// A debugger sees source lines in both.
// RUN: llvm-symbolizer --obj=x --functions=linkage $(llvm-nm x | awk '$3 == "sum" { print "0x" $1 }') | grep lipo.c
// RUN: llvm-symbolizer --obj=y --functions=linkage $(llvm-nm y | awk '$3 == "sum" { print "0x" $1 }') | grep lipo.c
//
// RUN: not popcorn-lipo -create x86_64.elf x86_64.elf -o d 2>&1 | grep 'are both for x86_64'
// RUN: not popcorn-lipo -create a aarch64.elf -o d 2>&1 | grep 'use -thin first'
// RUN: not popcorn-lipo -thin x86_64 y -o d 2>&1 | grep 'y: no slice for x86_64'
// RUN: not popcorn-lipo -info %s 2>&1 | grep 'not a 64-bit ELF file'
// RUN: not popcorn-lipo -info $(which true) 2>&1 | grep 'true: not'
// RUN: not popcorn-lipo -verify x 2>&1 | FileCheck --check-prefix=LONE %s
// LONE: 0 slices for aarch64
//
// One byte of data, one symbol, one record size: each is found.
// RUN: python3 %inputs/damage.py aarch64.elf object table && popcorn-lipo -create x86_64.elf aarch64.elf.object -o e
// RUN: not popcorn-lipo -verify e | grep 'section .data: contents differ'
// RUN: python3 %inputs/damage.py aarch64.elf symbol table && popcorn-lipo -create x86_64.elf aarch64.elf.symbol -o e
// RUN: not popcorn-lipo -verify e | grep 'symbol table: at .* on x86_64, at .* on aarch64'
// RUN: python3 %inputs/damage.py aarch64.elf record __popcorn_functions && popcorn-lipo -create x86_64.elf aarch64.elf.record -o e
// RUN: not popcorn-lipo -verify e | grep 'another record layout on'
// RUN: python3 %inputs/damage.py aarch64.elf pads && popcorn-lipo -create x86_64.elf aarch64.elf.pads -o e
// RUN: not popcorn-lipo -verify e | grep 'aarch64: landing pad .* belongs to the calls'
//
// Damaged files end in a message.
// RUN: python3 %inputs/fuzz.py a 300
#include <stdio.h>

int table[5] = { 1, 2, 3, 4, 5 };

__attribute__((noinline)) int sum(int n)
{
	return n ? sum(n - 1) + printf("%d\n", n) * 0 + table[n - 1] : 0;
}

int main(void)
{
	printf("%d\n", sum(5));
	return 0;
}
