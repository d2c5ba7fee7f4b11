/*
 * Thread-local variables: initialised, zero, over-aligned, static in a
 * function, reached by pointers from other threads.
 *
 * MODES: usual spread spread-user spread-emulated
 * CFLAGS: -pthread
 * LEVELS: O0 O2
 */
#include "check.h"
#include <pthread.h>
#include <string.h>

_Thread_local int initialised = 42;
_Thread_local char text[24] = "thread-local";
_Thread_local long zero[40];
static _Thread_local double aligned __attribute__((aligned(64))) = 1.5;
static _Thread_local int *to_own;

static int next(void)
{
	static _Thread_local int counter = 1000;

	return ++counter;
}

static int *addresses[4];
static pthread_barrier_t barrier;

static uint64_t use(int id)
{
	uint64_t hash = 0;

	to_own = &initialised;
	CHECK(!((uintptr_t)&aligned & 63));
	CHECK(initialised == 42 && !strcmp(text, "thread-local") && !zero[39]);
	for (int i = 0; i < 300; i++) {
		*to_own += id;
		zero[i % 40] += initialised;
		text[0] = (char)('a' + (i + id) % 26);
		aligned = aligned * 1.01 + id;
		hash = mix(hash, (uint64_t)next() ^ (uint64_t)zero[i % 40]);
	}
	CHECK(to_own == &initialised);
	return hash ^ (uint64_t)(aligned * 1000) ^ (uint64_t)text[0];
}

static void *work(void *argument)
{
	int id = (int)(intptr_t)argument;
	uint64_t hash = use(id);

	addresses[id] = &initialised;
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 4; i++)
		hash = mix(hash, (uint64_t)*addresses[i]);
	pthread_barrier_wait(&barrier);
	return (void *)hash;
}

int main(void)
{
	pthread_t threads[4];

	pthread_barrier_init(&barrier, NULL, 4);
	for (intptr_t i = 1; i < 4; i++)
		CHECK(!pthread_create(&threads[i], NULL, work, (void *)i));
	printf("%016llx\n", (unsigned long long)(uintptr_t)work(0));
	for (int i = 1; i < 4; i++) {
		void *result;

		pthread_join(threads[i], &result);
		printf("%016llx\n", (unsigned long long)(uintptr_t)result);
	}
	return 0;
}
