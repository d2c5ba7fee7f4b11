/*
 * Calls that must be tail calls, behind a poll of their function's own.
 *
 * LEVELS: O0 O2
 */
#include "check.h"

static uint64_t odd(uint64_t n, uint64_t hash, uint64_t *last);

static __attribute__((noinline)) uint64_t even(uint64_t n, uint64_t hash,
					       uint64_t *last)
{
	volatile int rounds = 3;

	if (!n)
		return hash + *last;
	while (rounds--)
		hash = mix(hash, n * rounds);
	*last = hash & 7;
	__attribute__((musttail)) return odd(n - 1, hash, last);
}

static __attribute__((noinline)) uint64_t odd(uint64_t n, uint64_t hash,
					      uint64_t *last)
{
	if (!n)
		return hash - *last;
	__attribute__((musttail)) return even(n - 1, mix(hash, *last), last);
}

int main(void)
{
	for (uint64_t n = 1000; n < 1010; n++) {
		uint64_t last = n;
		uint64_t hash = even(n, n * 3, &last);

		printf("%llu %llx\n", (unsigned long long)last,
		       (unsigned long long)hash);
	}
	return 0;
}
