/*
 * Threads that come back to a node soon, or late, or just as what they left
 * there stops waiting for them: each time all of a thread is there.
 *
 * CFLAGS: -pthread
 * MODES: native nodes spread-emulated links
 */
#include "check.h"
#include <errno.h>
#include <popcorn.h>
#include <pthread.h>
#include <time.h>

#define THREADS	 12
#define ROUNDS	 3
#define PATIENCE 1000000000 /* ns that a native thread waits for the next */

static _Thread_local int own;

static void pause_ns(long ns)
{
	struct timespec t = {ns / 1000000000, ns % 1000000000};

	CHECK(!nanosleep(&t, NULL));
}

static void go(int node)
{
	int before = own++;

	errno = before;
	CHECK(!popcorn_migrate_thread(node % popcorn_nodes()));
	CHECK(errno == before && own == before + 1);
	CHECK(popcorn_node() == node % popcorn_nodes());
}

/* Some frames, so that what comes is more than a page. */
static long deep(int depth, int node)
{
	volatile long here[64];
	long sum = 0;

	for (int i = 0; i < 64; i++)
		here[i] = depth + i;
	if (depth)
		sum = deep(depth - 1, node);
	else
		go(node);
	for (int i = 0; i < 64; i++)
		sum += here[i];
	return sum;
}

static void *work(void *argument)
{
	long me = (long)argument, expected = 0;

	for (int i = 0; i <= 8; i++)
		expected += 64 * i + 63 * 64 / 2;
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < 20; i++)
			CHECK(deep(8, i) == expected);
		go(1);
		go(0);
		/* From 3 ms too early to 3 ms too late. */
		pause_ns(PATIENCE + (me - THREADS / 2) * 500000);
	}
	CHECK(own == ROUNDS * 22);
	return argument;
}

int main(void)
{
	pthread_t threads[THREADS];
	pthread_attr_t attributes;
	void *result;

	CHECK(!pthread_attr_init(&attributes));
	for (long i = 0; i < THREADS; i++) {
		CHECK(!pthread_attr_setstacksize(&attributes, (size_t)(i + 1)
								      << 20));
		CHECK(!pthread_create(&threads[i], &attributes, work,
				      (void *)i));
	}
	for (long i = 0; i < THREADS; i++)
		CHECK(!pthread_join(threads[i], &result) &&
		      result == (void *)i);
	return 0;
}
