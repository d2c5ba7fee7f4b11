/*
 * Calls in tail position: a state machine of thousands of steps whose frames
 * have nothing left to do.
 *
 * SELF: 7
 */
#include "check.h"

static uint64_t state_a(unsigned n, uint64_t h);

static __attribute__((noinline)) uint64_t state_c(unsigned n, uint64_t h)
{
	return n ? state_a(n - 1, h * 7 + 1) : h;
}

static __attribute__((noinline)) uint64_t state_b(unsigned n, uint64_t h)
{
	if (!n)
		return h;
	return h & 1 ? state_c(n - 1, h ^ n) : state_a(n - 1, h + n);
}

static __attribute__((noinline)) uint64_t state_a(unsigned n, uint64_t h)
{
	return n ? state_b(n - 1, h * 3) : h;
}

int main(void)
{
	for (unsigned n = 1; n <= 3000; n += 271)
		printf("%016llx\n", (unsigned long long)state_a(n, n));
	return 0;
}
