/*
 * fuzz.h - what random programs share: points at which they may migrate,
 * densely.  The compiler's own polls stand in loops that may run long, and
 * random programs have few of those.
 *
 * POLLS=0  none but the compiler's
 * POLLS=1  every fuzz_poll() is a poll
 * POLLS=2  the same one frame deeper
 */
#ifndef FUZZ_H
#define FUZZ_H

#if !defined(__popcorn__) || !POLLS
static inline void fuzz_poll(void)
{
}
#define fuzz_poll_only()
#else
void __popcorn_poll(void);
#define fuzz_poll_only() __popcorn_poll()
#if POLLS == 1
#define fuzz_poll() __popcorn_poll()
#else
__attribute__((noinline)) static void fuzz_poll(void)
{
	__popcorn_poll();
}
#endif
#endif

#endif
