/*
 * times.h - a moment in so many milliseconds, and whether it has come.
 */
#ifndef TIMES_H
#define TIMES_H

#include <time.h>

/* Negative ones are over. */
static inline struct timespec after(clockid_t clock, long milliseconds)
{
	struct timespec t;
	long ns;

	clock_gettime(clock, &t);
	ns = t.tv_nsec + milliseconds % 1000 * 1000000 + 1000000000;
	t.tv_sec += milliseconds / 1000 + ns / 1000000000 - 1;
	t.tv_nsec = ns % 1000000000;
	return t;
}

static inline int is_past(clockid_t clock, struct timespec until)
{
	struct timespec t = after(clock, 0);

	return t.tv_sec > until.tv_sec ||
	       (t.tv_sec == until.tv_sec && t.tv_nsec >= until.tv_nsec);
}

static inline void rest(long milliseconds)
{
	struct timespec left = {milliseconds / 1000,
				milliseconds % 1000 * 1000000};

	while (nanosleep(&left, &left))
		;
}

#endif
