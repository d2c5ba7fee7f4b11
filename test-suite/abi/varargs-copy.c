/*
 * va_copy, va_list handed on and used again by the caller, vsnprintf under a
 * wrapper under a wrapper.
 *
 * LEVELS: O0 O2
 */
#include "check.h"
#include <stdarg.h>

static int sum(int count, va_list list)
{
	int total = 0;

	while (count--)
		total += va_arg(list, int);
	return total;
}

static int twice(int count, ...)
{
	va_list first, second;
	int total;

	va_start(first, count);
	va_copy(second, first);
	total = sum(count, first);
	total = total * 1000 + sum(count, second);
	va_end(second);
	va_end(first);
	return total;
}

static int by_pointer(va_list *list)
{
	return va_arg(*list, int) * 10 + va_arg(*list, int);
}

static int in_turns(int count, ...)
{
	va_list list;
	int total = 0;

	va_start(list, count);
	for (int i = 0; i < count; i++) {
		total = total * 7 + by_pointer(&list);
		total += va_arg(list, int);
	}
	va_end(list);
	return total;
}

static int vformat(char *to, size_t size, const char *format, va_list list)
{
	va_list again;
	int need, got;

	va_copy(again, list);
	need = vsnprintf(NULL, 0, format, again);
	va_end(again);
	got = vsnprintf(to, size, format, list);
	CHECK(need == got);
	return need;
}

static int format(char *to, size_t size, const char *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = vformat(to, size, format, list);
	va_end(list);
	return length;
}

int main(void)
{
	char line[100];

	for (int i = 0; i < 60; i++) {
		int length = format(line, sizeof(line), "%d-%s-%.2f-%lx-%c", i,
				    i & 1 ? "odd" : "even", i / 8.0,
				    0x123456789al * i, 'a' + i % 26);

		printf("%d %s %d %d\n", length, line, twice(5, i, 2, 3, 4, 5),
		       in_turns(2, i, 1, 2, 3, 4, 5));
	}
	return 0;
}
