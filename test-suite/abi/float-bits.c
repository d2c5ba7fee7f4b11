/*
 * Float and double results are the same bits on every ISA: no contraction, no
 * excess precision, the same libm.
 *
 * MODES: usual spread
 * LEVELS: O0 O2 O3
 */
#include "check.h"
#include <math.h>
#include <string.h>

static uint64_t bits(double x)
{
	uint64_t word;

	memcpy(&word, &x, 8);
	/* NaN: which one is left to the machine. */
	return x == x ? word : 0x7ff8ull << 48;
}

static uint32_t bitsf(float x)
{
	uint32_t word;

	memcpy(&word, &x, 4);
	return x == x ? word : 0x7fc00000u;
}

int main(void)
{
	uint64_t hash = 0;
	double x = 0.1, y = 3.7;
	float f = 0.3f;

	for (int i = 1; i <= 3000; i++) {
		x = x * y + 1.0 / i;
		y = y - x * 1e-3 * i;
		f = f * 1.7f + (float)x * 0.001f;
		if (fabs(x) > 1e6)
			x /= 1e7;
		if (fabsf(f) > 1e6f)
			f /= 1e7f;
		if (fabs(y) > 1e6)
			y = i / 9.0;
		hash = mix(hash, bits(x) ^ bits(y) * 3 ^ bitsf(f));
		hash = mix(hash, bits(sin(x)) ^ bits(exp(y / 1e5)) * 5);
		hash = mix(hash, bits(pow(fabs(x) + 1, 1.3)) ^
					 bits(log(fabs(y) + 1)));
		hash = mix(hash, bits(fma(x, y, f)) ^ bits(floor(x)) ^
					 bits(sqrt(fabs(y))));
		hash = mix(hash, bits(fmod(x, 1.7)) ^ bits(atan2(x, y)) ^
					 bitsf(sinf(f)));
		if (i % 300 == 0)
			printf("%d %016llx %a %a\n", i,
			       (unsigned long long)hash, x, (double)f);
	}
	printf("%016llx %016llx %d %d\n", (unsigned long long)bits(0.0 / -1),
	       (unsigned long long)bits(1e308 * 10), isnan(sqrt(-1)) != 0,
	       signbit(-0.0) != 0);
	printf("%lld %u %d\n", (long long)-1e18, (unsigned)3e9, (int)-2.9);
	return 0;
}
