/*
 * Home's clocks as another machine has them, for days of simulated time: never
 * later than home's, never backwards, and not far behind while messages come,
 * whether that machine's own clock is fast or slow.  Deterministic.
 */
#include "check.h"

#include <stdint.h>

#include <pcn/home_clocks.h>

#define SECOND 1000000000ll
#define EPOCH  (1700000000 * SECOND)

static uint64_t seed = 1;

static int64_t below(int64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (int64_t)(seed % (uint64_t)n);
}

/* parts: millionths by which the machine's own clock is fast. */
static void drift(int64_t parts)
{
	struct pcn_home_clocks c = {0};
	int64_t latest[2] = {0}, told;

	check(!pcn_home_clocks_read(&c, false, 5, &told));
	for (int64_t t = SECOND, step; t < 200000 * SECOND; t += step) {
		int64_t own = 77 * SECOND + t + t / 1000000 * parts,
			late = 20000 + below(below(100) ? 100000 : SECOND),
			said = t - late;

		/* Who reads home's clocks is held up in between. */
		pcn_home_clocks_hear(
			&c,
			EPOCH + said - (below(50) ? 100 : below(SECOND / 2)),
			said, own);
		for (int i = 0; i < 2; i++) {
			int64_t home = (i ? EPOCH : 0) + t;

			check(pcn_home_clocks_read(&c, i, own, &told));
			check(told <= home);
			check(told >= latest[i]);
			/* A second at most has been without a message. */
			check(t < 1000 * SECOND || home - told < SECOND / 200);
			latest[i] = told;
		}
		step = 1 + below(SECOND);
	}
}

/* Home's CLOCK_REALTIME is set: one follows it, there and back. */
static void set(void)
{
	struct pcn_home_clocks c = {0};
	int64_t told;

	for (int64_t hour = 0; hour != -7200; hour = hour ? -7200 : 3600) {
		pcn_home_clocks_hear(&c, EPOCH + hour * SECOND, SECOND, SECOND);
		check(pcn_home_clocks_read(&c, true, SECOND, &told));
		check(told == EPOCH + hour * SECOND);
		check(pcn_home_clocks_read(&c, false, SECOND, &told));
		check(told == SECOND);
	}
	/* What cannot be changes nothing. */
	pcn_home_clocks_hear(&c, 0, INT64_MIN, SECOND);
	pcn_home_clocks_hear(&c, INT64_MAX, -SECOND, SECOND);
	check(pcn_home_clocks_read(&c, false, SECOND, &told));
	check(told == SECOND);
}

int main(void)
{
	for (int64_t parts = -400; parts <= 400; parts += 200)
		drift(parts);
	set();
	return 0;
}
