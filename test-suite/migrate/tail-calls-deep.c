/*
 * Functions that call each other in tail position millions of times take no
 * stack, as with clang -O2: by name and through pointers, with and without
 * results, with results that are dropped, behind loops, switches and locals.
 *
 * LEVELS: O1 O2
 * SELF: 1000003
 */
#include "check.h"

#define DEEP 2000000

typedef uint64_t step(unsigned n, uint64_t hash);

static uint64_t total;

static step even, odd, first, second, local, other_local, many_ways;
static step *volatile by_pointer[2] = {first, second};

static __attribute__((noinline)) uint64_t even(unsigned n, uint64_t hash)
{
	return n ? odd(n - 1, hash * 3 + 1) : hash;
}

static __attribute__((noinline)) uint64_t odd(unsigned n, uint64_t hash)
{
	if (!n)
		return ~hash;
	return even(n - 1, hash ^ n);
}

static uint64_t first(unsigned n, uint64_t hash)
{
	return n ? by_pointer[hash >> 7 & 1](n - 1, hash * 7 + n) : hash;
}

static uint64_t second(unsigned n, uint64_t hash)
{
	for (unsigned i = 0; i < (n & 3); i++)
		hash += i * hash;
	return n ? by_pointer[n & 1](n - 1, hash) : hash + 1;
}

static void up(unsigned n);

static __attribute__((noinline)) int down(unsigned n)
{
	total = total * 5 + n;
	if (n % 3)
		up(n - 1);
	else if (n)
		up(n - 2);
	return 7;
}

static __attribute__((noinline)) void up(unsigned n)
{
	total ^= n;
	if ((int)n > 0)
		down(n - 1);
}

static __attribute__((noinline)) uint64_t sum(const uint64_t *of, int count)
{
	uint64_t result = 0;

	for (int i = 0; i < count; i++)
		result = result * 3 + of[i];
	return result;
}

static __attribute__((noinline)) uint64_t local(unsigned n, uint64_t hash)
{
	uint64_t parts[8];

	for (unsigned i = 0; i < 8; i++)
		parts[i] = hash + i * n;
	hash = sum(parts, 8);
	return n ? other_local(n - 1, hash) : hash;
}

static __attribute__((noinline)) uint64_t other_local(unsigned n, uint64_t hash)
{
	return n ? local(n - 1, hash + 1) : hash;
}

static __attribute__((noinline)) uint64_t many_ways(unsigned n, uint64_t hash)
{
	switch (n ? hash & 7 : 8) {
	case 0:
		return odd(n & 15, hash + 1) & 1 ? local(2, hash) : hash;
	case 1:
		hash = hash >> 1 | 1ull << 63;
		break;
	case 2:
		return many_ways(n - 1, hash + 3);
	case 3:
	case 4:
		return even(n, hash);
	case 8:
		return hash;
	default:
		return other_local(n, hash);
	}
	return many_ways(n - 1, hash);
}

int main(void)
{
	step *const steps[] = {even, odd, first, second, local, many_ways};

	for (unsigned i = 0; i < 6; i++)
		printf("%llx\n", (unsigned long long)steps[i](DEEP + i, i));
	/* Its result is dropped, and its caller has none. */
	up(DEEP);
	printf("%llx\n", (unsigned long long)total);
	return 0;
}
