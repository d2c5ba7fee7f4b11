/*
 * handover - microseconds of a round trip between a thread at home and one
 * away, both asleep in futexes by turns, and of a hand-over of a mutex, from
 * the thread that unlocks it to the other one, which sleeps until then.  One
 * number a line, medians.
 */
#define _GNU_SOURCE
#include "samples.h"
#include <linux/futex.h>
#include <popcorn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define WITHOUT_NS 1500000 /* for the other one to have it */
#define HELD_NS	   3000000 /* for the other one to come back, and wait */

static _Alignas(4096) atomic_int there;
static _Alignas(4096) atomic_int back;
static _Alignas(4096) struct {
	pthread_mutex_t mutex;
	int last, count;
	double unlocked;
} held = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static pthread_barrier_t barrier;

static void pause_ns(long ns)
{
	struct timespec t = {0, ns};

	nanosleep(&t, NULL);
}

static void say(atomic_int *word, int value)
{
	atomic_store(word, value);
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void await(atomic_int *word, int value)
{
	int seen;

	while ((seen = atomic_load(word)) != value)
		syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void take_turns(int me)
{
	bool enough = false;

	while (!enough) {
		pthread_mutex_lock(&held.mutex);
		if (held.last != me && held.count < TIMES)
			samples[held.count++] = now() - held.unlocked;
		held.last = me;
		enough = held.count == TIMES;
		pause_ns(HELD_NS);
		held.unlocked = now();
		pthread_mutex_unlock(&held.mutex);
		pause_ns(WITHOUT_NS);
	}
}

static void *away(void *argument)
{
	if (popcorn_migrate_thread(1)) {
		perror("popcorn_migrate_thread");
		exit(1);
	}
	for (int i = 0; i <= TIMES; i++) {
		await(&there, i + 1);
		say(&back, i + 1);
	}
	pthread_barrier_wait(&barrier);
	take_turns(1);
	return argument;
}

static void trip(int i)
{
	say(&there, i);
	await(&back, i);
}

int main(void)
{
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, away, NULL);
	trip(1); /* it is there */
	for (int i = 0; i < TIMES; i++) {
		double start = now();

		trip(i + 2);
		samples[i] = now() - start;
	}
	printf("trip %.1f\n", median());
	held.unlocked = now();
	pthread_barrier_wait(&barrier);
	take_turns(0);
	pthread_join(thread, NULL);
	printf("handover %.1f\n", median());
	return 0;
}
