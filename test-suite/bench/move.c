/*
 * A process with SIZE MiB in use that moves itself to and fro; prints what a
 * memcpy of the same memory takes, in ms.  The pauses are in the timeline.
 */
#include <popcorn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void *(*volatile plain_copy)(void *, const void *, size_t) = memcpy;

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	size_t size = (size_t)(argc > 1 ? atoi(argv[1]) : 64) << 20;
	int moves = argc > 2 ? atoi(argv[2]) : 10;
	uint64_t *memory = malloc(size), *copy = malloc(size);
	double best = 1e9;

	for (size_t i = 0; i < size / 8; i++)
		memory[i] = i * 0x9e3779b97f4a7c15ull;
	for (int round = 0; round < 6; round++) {
		double start = now_ms();

		plain_copy(copy, memory, size);
		if (round && now_ms() - start < best)
			best = now_ms() - start;
	}
	free(copy); /* a mapping of its own: not in use any more */
	for (int i = 0; i < moves; i++)
		if (popcorn_migrate((i + 1) % 2))
			return 1;
	for (size_t i = 0; i < size / 8; i++)
		if (memory[i] != i * 0x9e3779b97f4a7c15ull)
			return 2;
	printf("%.3f\n", best);
	return 0;
}
