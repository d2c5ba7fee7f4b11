/*
 * popcorn_checkpoint(): the program saves itself and goes on.
 *
 * MODES: verify nodes spread
 */
#include "check.h"
#include <popcorn.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t nest(int depth, uint64_t hash)
{
	uint64_t mine = hash * 3;

	if (depth)
		return mix(nest(depth - 1, mine), mine);
	CHECK(popcorn_checkpoint("saved") == 0);
	return mine;
}

int main(void)
{
#ifndef PLAIN
	struct stat st;
#endif
	printf("%016llx\n", (unsigned long long)nest(10, 1));
#ifndef PLAIN
	CHECK(!stat("saved", &st) && st.st_size > 4096);
	CHECK(!unlink("saved"));
#endif
	return 0;
}
