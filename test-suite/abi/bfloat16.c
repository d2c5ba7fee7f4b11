/*
 * __bf16 from float and double: each rounded once, to nearest, ties to even,
 * with what is too small, too large or no number.
 *
 * REFERENCE: aarch64
 */
#include "check.h"
#include <string.h>

static const double special[] = {0.0,
				 -0.0,
				 1e-45,
				 -1e-46,
				 1e-40,
				 9.2e-41,
				 4.6e-41,
				 3.4e38,
				 3.4028234663852886e38,
				 1e39,
				 1.00390625,
				 1.01171875,
				 1.0039062500001,
				 1.00390624999999999,
				 __builtin_inf(),
				 -__builtin_inf()};

static unsigned bits(__bf16 x)
{
	unsigned short u;

	memcpy(&u, &x, sizeof u);
	return u;
}

static __attribute__((noinline)) __bf16 half(__bf16 x)
{
	for (volatile int i = 0; i < 3; i++)
		;
	return (__bf16)((float)x / 2);
}

/* Often halfway between two, or nearly. */
static double any_double(uint32_t *state, int i)
{
	uint64_t u = (uint64_t)next_random(state) << 40 ^
		     (uint64_t)next_random(state) << 20 ^ next_random(state);
	double d;

	u &= ~(0x7ffull << 52);
	u |= (uint64_t)(1023 - 160 + next_random(state) % 300) << 52;
	if (i & 1)
		u &= ~0x1ffffffffull;
	if (i & 2)
		u &= ~0xfffffffffffull;
	memcpy(&d, &u, sizeof d);
	return d;
}

static float any_float(uint32_t *state)
{
	uint32_t u = next_random(state) << 8 ^ next_random(state);
	float f;

	memcpy(&f, &u, sizeof f);
	return f == f ? f : 0;
}

int main(void)
{
	volatile float nan = __builtin_nanf("");
	uint64_t hash = 0;
	uint32_t state = 5;

	for (unsigned i = 0; i < sizeof special / sizeof *special; i++) {
		volatile double d = special[i];
		volatile float f = (float)d;

		printf("%x %x %g\n", bits((__bf16)d), bits((__bf16)f),
		       (double)(float)half((__bf16)d));
	}
	for (int i = 0; i < 20000; i++) {
		hash = mix(hash, bits((__bf16)any_double(&state, i)));
		hash = mix(hash, bits((__bf16)any_float(&state)));
	}
	printf("%x %016lx\n", bits((__bf16)nan) & 0x7fff, (long)hash);
	return 0;
}
