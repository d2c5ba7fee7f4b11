/*
 * Mutexes of each kind, waited for until some time while their owner is
 * elsewhere: the wait ends with the right error and not too early, the owner's
 * own call is answered by the kind, and a mutex that is given back, or whose
 * owner dies, in time is had.
 *
 * MODES: usual nodes spread spread-user links
 * CFLAGS: -pthread
 */
#include "leave.h"
#include "times.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

enum kind { NORMAL, RECURSIVE, CHECKING, ROBUST, KINDS };

static pthread_mutex_t mutex;
static sem_t has, give_back;
static enum kind kind;

static void wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore))
		;
}

static int lock(long milliseconds)
{
	struct timespec until = after(CLOCK_REALTIME, milliseconds);
	int error = pthread_mutex_timedlock(&mutex, &until);

	CHECK(error != ETIMEDOUT || is_past(CLOCK_REALTIME, until));
	return error;
}

static void make(void)
{
	static const int types[] = {
		PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE,
		PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_NORMAL};
	pthread_mutexattr_t attributes;

	CHECK(!pthread_mutexattr_init(&attributes));
	CHECK(!pthread_mutexattr_settype(&attributes, types[kind]));
	if (kind == ROBUST)
		CHECK(!pthread_mutexattr_setrobust(&attributes,
						   PTHREAD_MUTEX_ROBUST));
	CHECK(!pthread_mutex_init(&mutex, &attributes));
}

/* The owner's own second call. */
static void again(void)
{
	switch (kind) {
	case RECURSIVE:
		CHECK(!lock(-1) && !lock(60000));
		CHECK(!pthread_mutex_unlock(&mutex));
		CHECK(!pthread_mutex_unlock(&mutex));
		break;
	case CHECKING:
		CHECK(lock(60000) == EDEADLK);
		break;
	default:
		CHECK(lock(-1) == ETIMEDOUT && lock(8) == ETIMEDOUT);
	}
}

/* Ends with the mutex, if it is to die. */
static void *own(void *dies)
{
	leave((int)kind + 1);
	CHECK(!lock(60000));
	sem_post(&has);
	again();
	wait_for(&give_back);
	leave((int)kind + 2);
	if (!dies)
		CHECK(!pthread_mutex_unlock(&mutex));
	return NULL;
}

static void *tell_owner(void *argument)
{
	rest(10);
	sem_post(&give_back);
	return argument;
}

/* The waiter is elsewhere, too. */
static void *wait_beside(void *dies)
{
	struct timespec wrong = {0, -1};
	pthread_t owner, teller;
	int error;

	leave((int)kind + 2);
	CHECK(!pthread_create(&owner, NULL, own, dies));
	wait_for(&has);
	CHECK(pthread_mutex_trylock(&mutex) == EBUSY);
	CHECK(lock(-1000) == ETIMEDOUT);
	CHECK(lock(0) == ETIMEDOUT);
	CHECK(lock(12) == ETIMEDOUT);
	CHECK(pthread_mutex_timedlock(&mutex, &wrong) == EINVAL);
	if (kind != NORMAL)
		CHECK(pthread_mutex_unlock(&mutex) == EPERM);
	CHECK(!pthread_create(&teller, NULL, tell_owner, NULL));
	error = lock(60000);
	CHECK(error == (dies ? EOWNERDEAD : 0));
	CHECK(!pthread_join(owner, NULL) && !pthread_join(teller, NULL));
	if (dies)
		CHECK(!pthread_mutex_consistent(&mutex));
	again();
	CHECK(!pthread_mutex_unlock(&mutex));
	CHECK(!lock(-1) && !pthread_mutex_unlock(&mutex));
	return NULL;
}

int main(void)
{
	static const char *const names[] = {"normal", "recursive", "checking",
					    "robust"};
	pthread_t thread;

	CHECK(!sem_init(&has, 0, 0) && !sem_init(&give_back, 0, 0));
	for (kind = 0; kind < KINDS; kind++)
		for (int dies = 0; dies <= (kind == ROBUST); dies++) {
			make();
			CHECK(!pthread_create(&thread, NULL, wait_beside,
					      dies ? &has : NULL));
			CHECK(!pthread_join(thread, NULL));
			printf("%s\n", names[kind]);
		}
	/* Nobody made it right. */
	CHECK(!pthread_create(&thread, NULL, own, &has));
	wait_for(&has);
	sem_post(&give_back);
	CHECK(lock(60000) == EOWNERDEAD);
	CHECK(!pthread_join(thread, NULL));
	CHECK(!pthread_mutex_unlock(&mutex));
	CHECK(lock(60000) == ENOTRECOVERABLE);
	puts("lost");
	return 0;
}
