/*
 * va_arg of every type class, more of each than registers would take.
 *
 * REFERENCE: aarch64
 * LEVELS: O0 O2
 */
#include "check.h"
#include <stdarg.h>
#include <string.h>

struct small {
	int a, b;
};

struct medium {
	long a;
	char b;
};

struct large {
	double a[5];
	int b;
};

static uint64_t collect(const char *types, ...)
{
	uint64_t hash = 0;
	va_list list;

	va_start(list, types);
	for (; *types; types++) {
		uint64_t words[2] = {0};
		double real;

		switch (*types) {
		case 'i':
			hash = mix(hash, (uint64_t)va_arg(list, int));
			break;
		case 'l':
			hash = mix(hash, va_arg(list, unsigned long));
			break;
		case 'd':
			real = va_arg(list, double);
			memcpy(words, &real, 8);
			hash = mix(hash, words[0]);
			break;
		case 'q': {
			long double quad = va_arg(list, long double);

			memcpy(words, &quad, 16);
			hash = mix(mix(hash, words[0]), words[1]);
			break;
		}
		case 'x': {
			__int128 wide = va_arg(list, __int128);

			hash = mix(mix(hash, (uint64_t)wide),
				   (uint64_t)(wide >> 64));
			break;
		}
		case 'p':
			hash = mix(hash, strlen(va_arg(list, const char *)));
			break;
		case 's': {
			struct small s = va_arg(list, struct small);

			hash = mix(hash, (uint64_t)(s.a * 1000 + s.b));
			break;
		}
		case 'm': {
			struct medium m = va_arg(list, struct medium);

			hash = mix(mix(hash, (uint64_t)m.a), (uint64_t)m.b);
			break;
		}
		case 'L': {
			struct large g = va_arg(list, struct large);

			hash = mix(hash,
				   (uint64_t)(g.a[0] + g.a[4]) + (uint64_t)g.b);
			break;
		}
		}
	}
	va_end(list);
	return hash;
}

int main(void)
{
	struct small s = {3, 4};
	struct medium m = {1l << 40, 'm'};
	struct large g = {{1, 2, 3, 4, 5}, 6};

	for (int i = 0; i < 200; i++) {
		long double quad = i / 3.0L;
		__int128 wide = (__int128)i << 77 | (unsigned)i;

		printf("%016llx\n",
		       (unsigned long long)collect(
			       "iildqxpsmLidqxiiiiiiiiiddddddddddsmLqx", i, -i,
			       1ul << i % 64, i / 7.0, quad, wide, "text", s, m,
			       g, 'c', 1.5f, quad * 2, wide * 3, 1, 2, 3, 4, 5,
			       6, 7, 8, 9, .1, .2, .3, .4, .5, .6, .7, .8, .9,
			       1., s, m, g, quad, wide));
	}
	printf("%s %d %c %.3f %.20Lf %ld %5.1e|%-6s|%06d\n", "s", 1, 'c', 2.5,
	       1 / 3.0L, 1l << 50, 12345.678, "ab", 42);
	return 0;
}
