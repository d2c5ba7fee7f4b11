/*
 * A thread of N frames of the program's own that polls in its innermost one.
 * Under POPCORN_SELF=1 each poll is a capture and a restore; the time printed,
 * with and without, gives their price.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile long sink;

static __attribute__((noinline)) long nest(int depth, long rounds)
{
	long sum = depth;

	if (depth > 1)
		return nest(depth - 1, rounds) * 3 + sink;
	for (long i = 0; i < rounds; i++) {
		sink = i;
		sum += sink;
	}
	return sum;
}

int main(int argc, char **argv)
{
	int frames = argc > 1 ? atoi(argv[1]) : 7;
	long rounds = argc > 2 ? atol(argv[2]) : 30000000;
	struct timespec start, end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	sink = nest(frames, rounds);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%.0f\n", (double)(end.tv_sec - start.tv_sec) * 1e9 +
				 (double)(end.tv_nsec - start.tv_nsec));
	return 0;
}
