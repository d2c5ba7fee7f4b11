/*
 * Mutexes that lend priority: who asks for one is told at once that there is
 * none, and has the mutex that he had asked for so far; and so the kernel's
 * own calls for them, which leave the word alone.
 *
 * MODES: usual nodes spread spread-user links
 * CFLAGS: -pthread
 */
#define _GNU_SOURCE
#include "leave.h"
#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LOCK_PI		6
#define UNLOCK_PI	7
#define TRYLOCK_PI	8
#define WAIT_REQUEUE_PI 11
#define CMP_REQUEUE_PI	12
#define LOCK_PI2	13
#define PRIVATE		128

static pthread_mutex_t mutex;
static int counter;

/* Plain musl has them, of the kernel's. */
static void inherit(pthread_mutexattr_t *attributes)
{
	int error =
		pthread_mutexattr_setprotocol(attributes, PTHREAD_PRIO_INHERIT);

#ifdef PLAIN
	CHECK(!error);
	CHECK(!pthread_mutexattr_setprotocol(attributes, PTHREAD_PRIO_NONE));
#else
	CHECK(error == ENOTSUP);
#endif
}

static void words(void)
{
	static const int commands[] = {LOCK_PI,		UNLOCK_PI,
				       TRYLOCK_PI,	LOCK_PI2,
				       WAIT_REQUEUE_PI, CMP_REQUEUE_PI};
	static _Atomic int word, other;

	for (unsigned i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		for (int flags = 0; flags <= PRIVATE; flags += PRIVATE) {
#ifndef PLAIN
			errno = 0;
			CHECK(syscall(SYS_futex, &word, commands[i] | flags, 1,
				      NULL, &other, 0) == -1);
			CHECK(errno == ENOSYS);
#endif
			CHECK(!word && !other);
		}
}

static void *work(void *argument)
{
	leave((int)(intptr_t)argument);
	words();
	for (int i = 0; i < 100; i++) {
		CHECK(!pthread_mutex_lock(&mutex));
		counter++;
		CHECK(!pthread_mutex_unlock(&mutex));
	}
	return NULL;
}

int main(void)
{
	pthread_mutexattr_t attributes;
	pthread_t threads[3];
	int protocol = -1, type = -1, ceiling, error;

	CHECK(!pthread_mutexattr_init(&attributes));
	CHECK(!pthread_mutexattr_settype(&attributes,
					 PTHREAD_MUTEX_ERRORCHECK));
	CHECK(!pthread_mutexattr_getprotocol(&attributes, &protocol));
	CHECK(protocol == PTHREAD_PRIO_NONE);
	inherit(&attributes);
	CHECK(pthread_mutexattr_setprotocol(&attributes,
					    PTHREAD_PRIO_PROTECT) == ENOTSUP);
	error = pthread_mutexattr_setprotocol(&attributes, 77);
	CHECK(error == EINVAL);
	CHECK(!pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_NONE));
	CHECK(!pthread_mutexattr_getprotocol(&attributes, &protocol));
	CHECK(protocol == PTHREAD_PRIO_NONE);
	CHECK(!pthread_mutexattr_gettype(&attributes, &type));
	CHECK(type == PTHREAD_MUTEX_ERRORCHECK);

	CHECK(!pthread_mutex_init(&mutex, &attributes));
	CHECK(pthread_mutex_getprioceiling(&mutex, &ceiling) == EINVAL);
	CHECK(pthread_mutex_setprioceiling(&mutex, 1, &ceiling) == EINVAL);
	for (intptr_t i = 0; i < 3; i++)
		CHECK(!pthread_create(&threads[i], NULL, work, (void *)i));
	for (int i = 0; i < 3; i++)
		CHECK(!pthread_join(threads[i], NULL));
	CHECK(!pthread_mutex_lock(&mutex));
	CHECK(pthread_mutex_lock(&mutex) == EDEADLK);
	CHECK(!pthread_mutex_unlock(&mutex));
	CHECK(pthread_mutex_unlock(&mutex) == EPERM);
	printf("%d\n", counter);
	return 0;
}
