/*
 * A hundred thousand frames, each with a value that its return needs.
 *
 * SELF: 100003
 */
#include "check.h"

static volatile unsigned seed = 17;

static uint64_t descend(unsigned depth, uint64_t hash)
{
	uint64_t mine = hash * 31 + depth;

	if (!depth)
		return hash;
	return mix(descend(depth - 1, mine ^ seed), mine);
}

int main(void)
{
	printf("%016llx\n", (unsigned long long)descend(1000, 1));
	for (int i = 0; i < 100; i++)
		printf("%016llx\n", (unsigned long long)descend(100000, i));
	return 0;
}
