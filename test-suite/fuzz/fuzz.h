/*
 * fuzz.h - what random programs share: points at which they may migrate,
 * densely.  The compiler's own polls stand in loops that may run long, and
 * random programs have few of those.
 *
 * POLLS=0  none but the compiler's
 * POLLS=1  every fuzz_poll() is a poll
 * POLLS=2  the same one frame deeper; with FUZZ_MOVE=N in the environment the
 *          process moves to its next node at the Nth, and then ever more rarely
 */
#ifndef FUZZ_H
#define FUZZ_H

#if !defined(__popcorn__) || !POLLS
static inline void fuzz_poll(void)
{
}
#define fuzz_poll_only()
#elif POLLS == 1
void __popcorn_poll(void);
#define fuzz_poll()	 __popcorn_poll()
#define fuzz_poll_only() __popcorn_poll()
#else
#include <popcorn.h>
#include <stdlib.h>
void __popcorn_poll(void);
#define fuzz_poll_only() __popcorn_poll()

__attribute__((noinline)) static void fuzz_poll(void)
{
	static int interval = -1, left, moves = 30;

	if (interval < 0) {
		const char *text = getenv("FUZZ_MOVE");

		left = interval = text ? atoi(text) : 0;
	}
	if (interval && --left <= 0 && moves) {
		moves--;
		left = interval += interval / 4;
		popcorn_migrate((popcorn_node() + 1) % popcorn_nodes());
	}
	__popcorn_poll();
}
#endif

#endif
