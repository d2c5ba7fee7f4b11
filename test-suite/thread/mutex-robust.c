/*
 * A robust mutex tells that its owner died.
 *
 * MODES: usual spread spread-user links
 * CFLAGS: -pthread
 */
#include "check.h"
#include <errno.h>
#include <pthread.h>

static pthread_mutex_t mutex;

static void *die_with_it(void *argument)
{
	CHECK(!pthread_mutex_lock(&mutex));
	for (volatile int i = 0; i < 100; i++)
		;
	return argument;
}

int main(void)
{
	pthread_mutexattr_t attributes;
	pthread_t thread;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	CHECK(!pthread_mutex_init(&mutex, &attributes));
	for (int i = 0; i < 3; i++) {
		CHECK(!pthread_create(&thread, NULL, die_with_it, NULL));
		pthread_join(thread, NULL);
		CHECK(pthread_mutex_lock(&mutex) == EOWNERDEAD);
		CHECK(!pthread_mutex_consistent(&mutex));
		CHECK(!pthread_mutex_unlock(&mutex));
	}
	puts("told");
	return 0;
}
