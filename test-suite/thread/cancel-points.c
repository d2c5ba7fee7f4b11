/*
 * Cancellation at its points: condition waits (the mutex comes back), joins,
 * semaphores, sleeps; disabled and enabled again; asynchronous; clean-up
 * handlers with pointers to locals, from deep inside, in order, and by
 * pthread_exit; thread-specific destructors after them.
 *
 * CFLAGS: -pthread
 * MODES: native self qemu qemu-self move save spread spread-user
 */
#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_key_t key;
static sem_t semaphore;
static atomic_int at, cancelled;
static int trail[200], steps;

static void step(void *what)
{
	for (volatile int i = 0; i < 3; i++)
		;
	trail[steps++] = *(int *)what;
}

static void destroyed(void *value)
{
	step(value);
}

static void unlock(void *argument)
{
	CHECK(pthread_mutex_trylock(&mutex) == EBUSY);
	pthread_mutex_unlock(argument);
}

static void *never(void *argument)
{
	for (;;)
		pause();
	return argument;
}

static void block(int way)
{
	struct timespec long_time = {1000, 0};
	pthread_t other;
	int old;

	switch (way) {
	case 0:
		pthread_mutex_lock(&mutex);
		pthread_cleanup_push(unlock, &mutex);
		at = 1;
		for (;;)
			pthread_cond_wait(&condition, &mutex);
		pthread_cleanup_pop(1);
		break;
	case 1:
		CHECK(!pthread_create(&other, NULL, never, NULL));
		at = 1;
		pthread_join(other, NULL);
		break;
	case 2:
		at = 1;
		for (;;)
			sem_wait(&semaphore);
	case 3:
		at = 1;
		nanosleep(&long_time, NULL);
		break;
	case 4:
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
		at = 1;
		while (!cancelled)
			usleep(1000);
		pthread_testcancel();
		step(&(int){77});
		pthread_setcancelstate(old, NULL);
		pthread_testcancel();
		break;
	case 5:
		pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
		at = 1;
		for (volatile long i = 0;; i++)
			;
	case 6:
		at = 1;
		pthread_exit((void *)123);
	}
	step(&(int){-1});
}

static int deep(int way, int depth)
{
	int mine = depth * 10 + way, result = 0;

	pthread_cleanup_push(step, &mine);
	mine += 1000;
	if (depth)
		result = deep(way, depth - 1) + mine;
	else
		block(way);
	pthread_cleanup_pop(0);
	return result;
}

static void *run(void *argument)
{
	static int value = 5555;

	pthread_setspecific(key, &value);
	deep((int)(intptr_t)argument, 3);
	return NULL;
}

int main(void)
{
	sem_init(&semaphore, 0, 0);
	pthread_key_create(&key, destroyed);
	for (intptr_t way = 0; way < 7; way++) {
		pthread_t thread;
		void *result;

		at = cancelled = steps = 0;
		CHECK(!pthread_create(&thread, NULL, run, (void *)way));
		while (!at)
			usleep(1000);
		usleep(3000);
		if (way < 6)
			CHECK(!pthread_cancel(thread));
		cancelled = 1;
		CHECK(!pthread_join(thread, &result));
		printf("%d %d:", (int)way,
		       result == PTHREAD_CANCELED ? -1 : (int)(intptr_t)result);
		for (int i = 0; i < steps; i++)
			printf(" %d", trail[i]);
		puts("");
		CHECK(!pthread_mutex_lock(&mutex));
		CHECK(!pthread_mutex_unlock(&mutex));
	}
	return 0;
}
