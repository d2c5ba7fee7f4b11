/*
 * Threads that are elsewhere are cancelled: in each kind of wait, between two
 * of them, in the middle of a computation, as soon as they let it happen.
 * Clean-up handlers, which call and leave, run in order, then destructors of
 * thread-specific values; locks are what the handlers make of them.
 *
 * MODES: usual nodes spread spread-user spread-emulated links
 * CFLAGS: -pthread
 */
#include "leave.h"
#include "times.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>

enum way {
	SLEEP,
	CONDITION,
	TIMED_CONDITION,
	SEMAPHORE,
	TIMED_SEMAPHORE,
	JOIN,
	TEST,
	HELD_OFF,
	ANY_TIME,
	ANY_TIME_LATER,
	ITSELF,
	WAYS
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static pthread_key_t key;
static pthread_t patient;
static atomic_int at, cancelled;
static int trail[20], steps;
static enum way way;

static void step(int what)
{
	CHECK(steps < 20);
	trail[steps++] = what;
}

/* Who is cancelled at any time may be in a signal handler, and so stays. */
static void first(void *argument)
{
	if (way != ANY_TIME && way != ANY_TIME_LATER)
		leave(1);
	step(*(int *)argument);
}

static void second(void *argument)
{
	/* Cancellation is over, but for the signal, of whom saw it first. */
	CHECK(!usleep(100) || errno == EINTR);
	step(*(int *)argument);
}

static void unlock(void *argument)
{
	(void)argument;
	CHECK(pthread_mutex_trylock(&mutex) == EBUSY);
	step(99);
	CHECK(!pthread_mutex_unlock(&mutex));
}

static void destroy(void *value)
{
	step(*(int *)value);
}

static void *wait_long(void *argument)
{
	for (;;)
		pause();
	return argument;
}

static void conditions(int timed)
{
	struct timespec late = after(CLOCK_REALTIME, 1000000);

	CHECK(!pthread_mutex_lock(&mutex));
	pthread_cleanup_push(unlock, NULL);
	at = 1;
	for (;;)
		if (timed)
			pthread_cond_timedwait(&condition, &mutex, &late);
		else
			pthread_cond_wait(&condition, &mutex);
	pthread_cleanup_pop(0);
}

static void semaphores(int timed)
{
	struct timespec late = after(CLOCK_REALTIME, 1000000);

	at = 1;
	for (;;)
		if (timed)
			sem_timedwait(&semaphore, &late);
		else
			sem_wait(&semaphore);
}

static void hold_off(void)
{
	int old;

	CHECK(!pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old));
	CHECK(old == PTHREAD_CANCEL_ENABLE);
	at = 1;
	while (!cancelled)
		usleep(500);
	leave(2);
	pthread_testcancel();
	usleep(500);
	step(77);
	CHECK(!pthread_setcancelstate(old, &old));
	CHECK(old == PTHREAD_CANCEL_DISABLE);
	pthread_testcancel();
}

static void compute(int later)
{
	int old;

	if (later)
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	CHECK(!pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old));
	CHECK(old == PTHREAD_CANCEL_DEFERRED);
	at = 1;
	if (later) {
		while (!cancelled)
			;
		step(88);
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
		pthread_testcancel();
	}
	for (volatile long i = 0;; i++)
		;
}

static void run_into(void)
{
	switch (way) {
	case SLEEP:
		at = 1;
		for (;;)
			sleep(1000);
	case CONDITION:
	case TIMED_CONDITION:
		conditions(way == TIMED_CONDITION);
		break;
	case SEMAPHORE:
	case TIMED_SEMAPHORE:
		semaphores(way == TIMED_SEMAPHORE);
		break;
	case JOIN:
		at = 1;
		pthread_join(patient, NULL);
		break;
	case TEST:
		at = 1;
		for (;;)
			pthread_testcancel();
	case HELD_OFF:
		hold_off();
		break;
	case ANY_TIME:
	case ANY_TIME_LATER:
		compute(way == ANY_TIME_LATER);
		break;
	default:
		at = 1;
		CHECK(!pthread_cancel(pthread_self()));
		step(66);
		pthread_testcancel();
	}
	step(-1);
}

static void *work(void *argument)
{
	int one = 1, two = 2;
	static int three = 3;

	CHECK(!pthread_setspecific(key, &three));
	leave((int)way + 1);
	pthread_cleanup_push(first, &one);
	pthread_cleanup_push(second, &two);
	two += 20;
	run_into();
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return argument;
}

int main(void)
{
	CHECK(!sem_init(&semaphore, 0, 0));
	CHECK(!pthread_key_create(&key, destroy));
	CHECK(!pthread_create(&patient, NULL, wait_long, NULL));
	for (way = 0; way < WAYS; way++) {
		pthread_t thread;
		void *result;

		at = cancelled = steps = 0;
		CHECK(!pthread_create(&thread, NULL, work, NULL));
		while (!at)
			rest(1);
		rest(3);
		if (way != ITSELF)
			CHECK(!pthread_cancel(thread));
		cancelled = 1;
		CHECK(!pthread_join(thread, &result));
		CHECK(result == PTHREAD_CANCELED);
		printf("%d:", (int)way);
		for (int i = 0; i < steps; i++)
			printf(" %d", trail[i]);
		puts("");
		CHECK(!pthread_mutex_trylock(&mutex));
		CHECK(!pthread_mutex_unlock(&mutex));
	}
	CHECK(!pthread_cancel(patient) && !pthread_join(patient, NULL));
	return 0;
}
