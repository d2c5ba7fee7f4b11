/*
 * popcorn_migrate(): the program moves itself there and back in the middle of
 * its work; alone it stays where it is.
 *
 * MODES: native verify self qemu qemu-self nodes spread links
 */
#include "check.h"
#include <popcorn.h>

static int nodes_seen[16];

static uint64_t nest(int depth, uint64_t hash)
{
	uint64_t mine = hash * 3;

	if (depth)
		return mix(nest(depth - 1, mine), mine);
	for (int to = 1; to >= 0; to--) {
		popcorn_migrate(to);
		nodes_seen[popcorn_node() & 15]++;
		hash = mix(hash, (uint64_t)to);
	}
	return hash;
}

int main(void)
{
	int visits = 0;

	for (int i = 0; i < 5; i++)
		printf("%016llx\n", (unsigned long long)nest(i * 4, 1));
	for (int i = 0; i < 16; i++)
		visits += nodes_seen[i];
	printf("%d\n", visits);
	return 0;
}
