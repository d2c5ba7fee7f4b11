/*
 * Timed waits end in time and not before, also when a move interrupts them.
 *
 * MODES: usual spread spread-user links
 * CFLAGS: -pthread
 */
#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct timespec in_future(double seconds)
{
	double at = now(CLOCK_REALTIME) + seconds;

	return (struct timespec){(time_t)at,
				 (long)((at - (double)(time_t)at) * 1e9)};
}

static void *post_later(void *semaphore)
{
	struct timespec wait = {0, 100 * 1000 * 1000};

	nanosleep(&wait, NULL);
	sem_post(semaphore);
	return NULL;
}

int main(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
	struct timespec until;
	pthread_t thread;
	sem_t semaphore;
	double start, took;
	int error;

	start = now(CLOCK_MONOTONIC);
	until = in_future(0.2);
	pthread_mutex_lock(&mutex);
	do
		error = pthread_cond_timedwait(&condition, &mutex, &until);
	while (!error);
	pthread_mutex_unlock(&mutex);
	took = now(CLOCK_MONOTONIC) - start;
	CHECK(error == ETIMEDOUT && took > 0.19 && took < 5);

	sem_init(&semaphore, 0, 0);
	start = now(CLOCK_MONOTONIC);
	until = in_future(0.2);
	CHECK(sem_timedwait(&semaphore, &until) && errno == ETIMEDOUT);
	took = now(CLOCK_MONOTONIC) - start;
	CHECK(took > 0.19 && took < 5);

	pthread_create(&thread, NULL, post_later, &semaphore);
	CHECK(!sem_wait(&semaphore));
	pthread_join(thread, NULL);
	puts("in time");
	return 0;
}
