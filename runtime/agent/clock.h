/* clock.h - what the host tools measure by, and tell other machines. */
#ifndef PCN_AGENT_CLOCK_H
#define PCN_AGENT_CLOCK_H

#include <stdint.h>
#include <time.h>

/* In nanoseconds. */
static inline int64_t pcn_clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline uint64_t pcn_now_ns(void)
{
	return (uint64_t)pcn_clock_ns(CLOCK_MONOTONIC);
}

#endif
