/*
 * memcopy.c - plain memcpy, memmove, memset for a runtime.o that is linked
 * without libc's per-ISA ones.  A program may store their addresses, so they
 * stand in sections that get equal addresses in every slice.
 */
#include "program.h"

#define PORTABLE(name) __attribute__((section(".popcorn.text." #name), used))

PORTABLE(memcpy)
void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	for (; n >= 8; n -= 8, d += 8, s += 8) {
		uint64_t word;

		__builtin_memcpy_inline(&word, s, 8);
		__builtin_memcpy_inline(d, &word, 8);
	}
	for (; n; n--)
		*d++ = *s++;
	return to;
}

PORTABLE(memmove) void *memmove(void *to, const void *from, size_t n)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	if ((uintptr_t)d - (uintptr_t)s >= n)
		return memcpy(to, from, n);
	while (n--)
		d[n] = s[n];
	return to;
}

PORTABLE(memset) void *memset(void *to, int byte, size_t n)
{
	uint8_t *d = to;
	uint64_t word = (uint8_t)byte * 0x0101010101010101ull;

	for (; n >= 8; n -= 8, d += 8)
		__builtin_memcpy_inline(d, &word, 8);
	for (; n; n--)
		*d++ = byte;
	return to;
}
