/*
 * Loops without calls: polls stand on the back edges, counters and sums of
 * every width live across them.
 *
 * LEVELS: O0 O1 O2 O3
 * SELF: 3
 */
#include "check.h"

static uint64_t widths(unsigned rounds)
{
	uint8_t a = 1;
	int8_t b = -3;
	uint16_t c = 7;
	int16_t d = -9;
	uint32_t e = 11;
	int32_t f = -13;
	uint64_t g = 17;

	for (unsigned i = 0; i < rounds; i++) {
		a = (uint8_t)(a * 5 + i);
		b = (int8_t)(b ^ a);
		c = (uint16_t)(c + a * 3);
		d = (int16_t)(d - c);
		e = e * 7 + c;
		f ^= (int32_t)e >> 3;
		g = g * 31 + (uint64_t)(int64_t)(b + d + f);
	}
	return mix(mix(g, a), (uint64_t)e << 32 | c);
}

static double series(unsigned rounds)
{
	double sum = 0, sign = 1;

	for (unsigned i = 0; i < rounds; i++, sign = -sign)
		sum += sign / (2 * i + 1);
	return 4 * sum;
}

static unsigned collatz(unsigned below)
{
	unsigned best = 0;

	for (unsigned start = 1; start < below; start++) {
		unsigned steps = 0;

		for (uint64_t n = start; n != 1; steps++)
			n = n & 1 ? 3 * n + 1 : n / 2;
		if (steps > best)
			best = steps;
	}
	return best;
}

int main(void)
{
	printf("%016llx\n", (unsigned long long)widths(20000));
	printf("%.17g\n", series(20000));
	printf("%u\n", collatz(500));
	return 0;
}
