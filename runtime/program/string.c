/*
 * string.c - the few string functions native code needs.  memcpy and friends
 * may be replaced by libc's per-ISA ones when runtime.o is linked.
 */
#include "program.h"

int pcn_memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (; n && *x == *y; n--, x++, y++)
		;
	return n ? *x - *y : 0;
}

size_t pcn_strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int pcn_strcmp(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return (uint8_t)*a - (uint8_t)*b;
}

bool pcn_strprefix(const char *s, const char *prefix)
{
	for (; *prefix && *s == *prefix; s++, prefix++)
		;
	return !*prefix;
}

size_t pcn_strcopy(char *to, const char *from, size_t size)
{
	size_t i = 0;

	for (; from[i]; i++)
		if (i + 1 < size)
			to[i] = from[i];
	if (size)
		to[i < size ? i : size - 1] = 0;
	return i;
}

uint64_t pcn_strtou(const char *s, const char **end)
{
	uint64_t value = 0, base = 10;

	if (s[0] == '0' && s[1] == 'x') {
		base = 16;
		s += 2;
	}
	for (;; s++) {
		uint64_t digit;

		if (*s >= '0' && *s <= '9')
			digit = *s - '0';
		else if (base == 16 && *s >= 'a' && *s <= 'f')
			digit = *s - 'a' + 10;
		else
			break;
		value = value * base + digit;
	}
	if (end)
		*end = s;
	return value;
}

uint64_t pcn_strtox(const char **text)
{
	uint64_t value = 0;

	for (;; ++*text) {
		char c = **text;

		if (c >= '0' && c <= '9')
			value = value * 16 + (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value * 16 + (uint64_t)(c - 'a' + 10);
		else
			return value;
	}
}
