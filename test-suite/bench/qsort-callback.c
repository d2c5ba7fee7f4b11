/* libc's qsort() with a callback: indirect calls across the library. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 500000;
	uint32_t *values = malloc((size_t)count * sizeof(*values));
	uint32_t state = 12345, hash = 0;

	for (int i = 0; i < count; i++) {
		state = state * 1664525u + 1013904223u;
		values[i] = state;
	}
	qsort(values, (size_t)count, sizeof(*values), compare);
	for (int i = 0; i < count; i++)
		hash = hash * 31 + values[i];
	printf("%08x\n", hash);
	free(values);
	return 0;
}
