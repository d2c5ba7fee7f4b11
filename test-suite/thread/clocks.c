/*
 * Time does not run backwards for a thread that leaves and comes home, nor from
 * one thread to another that waits for it, or reads what time it was, wherever
 * they are; it goes on by as much as they sleep; and a time-out that one node
 * computes another one keeps.
 *
 * CFLAGS: -pthread
 * MODES: native verify nodes spread links
 */
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <popcorn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 60
#define TIMES  200

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long long latest[2];
static int turn;

static long long now(clockid_t clock)
{
	struct timespec t;

	CHECK(!clock_gettime(clock, &t));
	CHECK(t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static const clockid_t clocks[2] = {CLOCK_MONOTONIC, CLOCK_REALTIME};
static _Atomic long long told[2];
static atomic_int heard;

static void look(void)
{
	for (int i = 0; i < 2; i++) {
		long long t = now(clocks[i]);

		CHECK(t >= latest[i]);
		CHECK(t - latest[i] < 100000000000ll || !latest[i]);
		latest[i] = t;
	}
}

/* By one's own node's clock, until it is later by a millisecond. */
static void wait_for(clockid_t clock)
{
	pthread_cond_t never;
	pthread_condattr_t attributes;
	struct timespec until;
	long long start = now(clock), end;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, clock);
	pthread_cond_init(&never, &attributes);
	until.tv_sec = (start + 1000000) / 1000000000;
	until.tv_nsec = (start + 1000000) % 1000000000;
	pthread_mutex_lock(&lock);
	while (pthread_cond_timedwait(&never, &lock, &until) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&lock);
	end = now(clock);
	CHECK(end - start < 20000000000ll);
	pthread_cond_destroy(&never);
}

static void *work(void *argument)
{
	int me = *(int *)argument;

	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&lock);
		while (turn % 2 != me)
			pthread_cond_wait(&changed, &lock);
		look();
		popcorn_migrate_thread((me + i) % popcorn_nodes());
		look();
		turn++;
		pthread_cond_broadcast(&changed);
		pthread_mutex_unlock(&lock);
	}
	popcorn_migrate_thread(1 % popcorn_nodes());
	wait_for(CLOCK_MONOTONIC);
	wait_for(CLOCK_REALTIME);
	return NULL;
}

static void *tell(void *unused)
{
	while (!heard)
		for (int i = 0; i < 2; i++)
			told[i] = now(clocks[i]);
	return unused;
}

static void *hear(void *unused)
{
	popcorn_migrate_thread(1 % popcorn_nodes());
	for (int n = 0; n < TIMES; n++)
		for (int i = 0; i < 2; i++) {
			long long t = told[i];

			CHECK(now(clocks[i]) >= t);
		}
	heard = 1;
	return unused;
}

int main(void)
{
	int numbers[2] = {0, 1};
	pthread_t threads[2];

	/* First: a node learns the better how late it is, the more comes. */
	CHECK(!pthread_create(&threads[0], NULL, tell, NULL));
	CHECK(!pthread_create(&threads[1], NULL, hear, NULL));
	for (int i = 0; i < 2; i++)
		CHECK(!pthread_join(threads[i], NULL));
	for (int i = 0; i < 2; i++)
		CHECK(!pthread_create(&threads[i], NULL, work, &numbers[i]));
	for (int i = 0; i < 2; i++)
		CHECK(!pthread_join(threads[i], NULL));
	look();
	puts("forwards");
	return 0;
}
