/*
 * Variadic functions called through pointers, one of them with its type lost
 * by a cast that calls it as it was declared elsewhere.
 *
 * LEVELS: O0 O2
 */
#include "check.h"
#include <stdarg.h>

typedef int (*printer)(const char *, ...);

static uint64_t seen;

static int count(const char *format, ...)
{
	va_list list;
	int n = 0;

	va_start(list, format);
	for (; format[n]; n++)
		seen = mix(seen, format[n] == 'd'
					 ? (uint64_t)va_arg(list, double)
					 : (uint64_t)va_arg(list, int));
	va_end(list);
	return n;
}

static int ignore(const char *format, ...)
{
	return format[0];
}

static printer printers[] = {count, ignore, printf};

static int fixed(const char *a, int b, double c)
{
	return a[0] + b + (int)c;
}

int main(void)
{
	int (*volatile pointer)(const char *, int, double) = fixed;
	int total = 0;

	for (int i = 0; i < 3000; i++) {
		total ^= printers[i & 1]("idid", i, 2.5, i * 3, i / 2.0);
		total += pointer("x", i, 1.5);
	}
	total += printers[2]("%d %s %.3f\n", total, "through a pointer",
			     2.0 / 3);
	printf("%d %016llx\n", total, (unsigned long long)seen);
	return 0;
}
