/*
 * home_clocks.h - what the clocks of a program's home say, for its threads on
 * another machine (docs/DISTRIBUTED.md, "Nodes on other machines").
 *
 * All that a thread there can learn from home comes with home's time, and that
 * is taken first.  What it is told is no later than home's time is: it is
 * behind by what the fastest message took, and goes by a little more slowly
 * than its machine's own, so that one that is fast overtakes nobody.
 */
#ifndef PCN_HOME_CLOCKS_H
#define PCN_HOME_CLOCKS_H

#include <stdbool.h>

#include <pcn/abi.h>

/* Two machines' CLOCK_MONOTONIC may differ by one part in so many. */
#define PCN_HOME_CLOCKS_DRIFT 2048
/* CLOCK_REALTIME going back by less, ns, is what its reader was held up by. */
#define PCN_HOME_CLOCKS_STEP 1000000000

static inline int64_t pcn_home_clocks_slowed(int64_t own)
{
	return own - own / PCN_HOME_CLOCKS_DRIFT;
}

/* One caller at a time.  said: home's when something left; own:
 * CLOCK_MONOTONIC here, when it has come.  All in ns. */
static inline void pcn_home_clocks_hear(struct pcn_home_clocks *c,
					int64_t said_realtime,
					int64_t said_monotonic, int64_t own)
{
	int64_t monotonic, realtime;

	if (__builtin_sub_overflow(said_monotonic, pcn_home_clocks_slowed(own),
				   &monotonic) ||
	    __builtin_sub_overflow(said_realtime, said_monotonic, &realtime))
		return;
	if (!c->known || monotonic > c->monotonic)
		__atomic_store_n(&c->monotonic, monotonic, __ATOMIC_RELAXED);
	if (!c->known || realtime > c->realtime ||
	    c->realtime - PCN_HOME_CLOCKS_STEP > realtime)
		__atomic_store_n(&c->realtime, realtime, __ATOMIC_RELAXED);
	__atomic_store_n(&c->known, 1, __ATOMIC_RELEASE);
}

/* Any thread, any number at a time: false if home has said nothing yet (or is
 * on this machine), else its CLOCK_MONOTONIC or CLOCK_REALTIME in *home. */
static inline bool pcn_home_clocks_read(const struct pcn_home_clocks *c,
					bool realtime, int64_t own,
					int64_t *home)
{
	uint64_t sum;

	if (!__atomic_load_n(&c->known, __ATOMIC_ACQUIRE))
		return false;
	sum = (uint64_t)pcn_home_clocks_slowed(own) +
	      (uint64_t)__atomic_load_n(&c->monotonic, __ATOMIC_RELAXED);
	if (realtime)
		sum += (uint64_t)__atomic_load_n(&c->realtime,
						 __ATOMIC_RELAXED);
	*home = (int64_t)sum;
	return true;
}

#endif
