/*
 * The data model of the virtual ISA: LP64, little endian, signed char, and the
 * sizes and alignments of all types.
 *
 * REFERENCE: aarch64
 * MODES: native verify qemu
 * CFLAGS: -fsigned-char
 */
#include "check.h"
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <wchar.h>

#define SHOW(type) printf(#type " %zu %zu\n", sizeof(type), _Alignof(type))

struct padded {
	char a;
	short b;
	char c;
	long d;
	char e;
	long double f;
	char g;
};

int main(void)
{
	uint32_t word = 0x01020304;
	unsigned char first;

	SHOW(char);
	SHOW(short);
	SHOW(int);
	SHOW(long);
	SHOW(long long);
	SHOW(float);
	SHOW(double);
	SHOW(long double);
	SHOW(__int128);
	SHOW(void *);
	SHOW(size_t);
	SHOW(max_align_t);
	SHOW(struct padded);
	SHOW(_Complex double);
	memcpy(&first, &word, 1);
	printf("%d %d %d\n", first, CHAR_MIN, (char)200 < 0);
	printf("%d\n", (wchar_t)-1 < 0 ? 1 : 1);
	printf("%zu %zu %zu\n", offsetof(struct padded, d),
	       offsetof(struct padded, f), offsetof(struct padded, g));
	printf("%d %d\n", -7 / 2, -7 >> 1);
	return 0;
}
