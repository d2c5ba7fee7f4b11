/*
 * Asked to be saved when it is about to end and reaches no poll any
 * more: its output and its exit status are its own, also of a restored one.
 *
 * MODES: native verify save
 * HOP: 10-20
 * MOVES: 1
 */
#include "check.h"
#include <time.h>
#include <unistd.h>

__attribute__((annotate("popcorn.nopoll"))) static void hold(long ms)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - start.tv_sec) * 1000 +
		       (now.tv_nsec - start.tv_nsec) / 1000000 <
	       ms);
}

int main(void)
{
	int rounds = 0;

	for (; rounds < 30; rounds++)
		usleep(1000);
	puts("ending");
	fflush(stdout);
	hold(300);
	_exit(rounds);
}
