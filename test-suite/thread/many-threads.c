/*
 * Threads come and go while others run: ids, stacks and TLS blocks are used
 * again and nothing leaks into the next.
 *
 * MODES: usual spread spread-user links
 * CFLAGS: -pthread
 * SELF: 7
 */
#include "check.h"
#include <pthread.h>

static _Thread_local int mine;

static uint64_t nest(int depth, uint64_t hash)
{
	volatile char room[100];

	room[depth] = (char)depth;
	if (!depth)
		return hash;
	return mix(nest(depth - 1, hash + (uint64_t)depth),
		   (uint64_t)room[depth]);
}

static void *work(void *argument)
{
	CHECK(!mine);
	mine = (int)(intptr_t)argument;
	return (void *)(uintptr_t)nest(mine % 30, (uint64_t)mine);
}

int main(void)
{
	uint64_t hash = 0;

	for (intptr_t round = 0; round < 25; round++) {
		pthread_t threads[4];
		void *result;

		for (intptr_t i = 0; i < 4; i++)
			CHECK(!pthread_create(&threads[i], NULL, work,
					      (void *)(round * 4 + i + 1)));
		for (int i = 0; i < 4; i++) {
			CHECK(!pthread_join(threads[i], &result));
			hash = mix(hash, (uint64_t)(uintptr_t)result);
		}
	}
	printf("%016llx\n", (unsigned long long)hash);
	return 0;
}
