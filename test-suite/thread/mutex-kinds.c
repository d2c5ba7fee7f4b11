/*
 * Recursive and error-checking mutexes know their owner, which keeps
 * its identity when it moves.
 *
 * MODES: usual spread spread-user
 * CFLAGS: -pthread
 */
#include "check.h"
#include <errno.h>
#include <pthread.h>

static pthread_mutex_t make(int type)
{
	pthread_mutex_t mutex;
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, type);
	pthread_mutex_init(&mutex, &attributes);
	return mutex;
}

static pthread_mutex_t recursive, checking;

static void nest(int depth)
{
	CHECK(!pthread_mutex_lock(&recursive));
	if (depth)
		nest(depth - 1);
	CHECK(!pthread_mutex_unlock(&recursive));
}

static void *other(void *argument)
{
	(void)argument;
	CHECK(pthread_mutex_unlock(&checking) == EPERM);
	CHECK(pthread_mutex_trylock(&checking) == EBUSY);
	return NULL;
}

int main(void)
{
	pthread_t thread;

	recursive = make(PTHREAD_MUTEX_RECURSIVE);
	checking = make(PTHREAD_MUTEX_ERRORCHECK);
	for (int i = 0; i < 20; i++)
		nest(i);
	CHECK(!pthread_mutex_lock(&checking));
	for (volatile int i = 0; i < 100; i++)
		;
	CHECK(pthread_mutex_lock(&checking) == EDEADLK);
	CHECK(!pthread_create(&thread, NULL, other, NULL));
	pthread_join(thread, NULL);
	CHECK(!pthread_mutex_unlock(&checking));
	puts("owners known");
	return 0;
}
