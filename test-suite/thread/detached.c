/*
 * Detached threads: by attribute, by their creator before and after their end,
 * by themselves, by another thread, by thrd_detach.
 *
 * MODES: usual nodes spread spread-user links
 * CFLAGS: -pthread
 */
#define _GNU_SOURCE
#include "leave.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <threads.h>
#include <unistd.h>

enum how { ATTRIBUTE, EARLY, LATE, SELF, OTHER, C11, KINDS };

static _Thread_local int own = 3;
static atomic_int sum;
static sem_t begun, detached, done;

static void wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore))
		;
}

static int is_detached(void)
{
	pthread_attr_t attributes;
	int state;

	CHECK(!pthread_getattr_np(pthread_self(), &attributes));
	CHECK(!pthread_attr_getdetachstate(&attributes, &state));
	return state == PTHREAD_CREATE_DETACHED;
}

static void *work(void *argument)
{
	enum how how = (enum how)(intptr_t)argument;
	int local[20];

	CHECK(own == 3);
	leave(how + 1);
	CHECK(is_detached() == (how == ATTRIBUTE));
	if (how == SELF)
		CHECK(!pthread_detach(pthread_self()));
	sem_post(&begun);
	if (how != LATE) {
		if (how != ATTRIBUTE && how != SELF)
			wait_for(&detached);
		CHECK(is_detached());
	}
	for (int i = 0; i < 20; i++)
		local[i] = i * (int)how;
	for (int i = 0; i < 20; i++)
		own += local[i];
	leave(how + 2);
	atomic_fetch_add(&sum, own);
	sem_post(&done);
	if (how & 1)
		pthread_exit(NULL);
	return NULL;
}

static int work_c11(void *argument)
{
	work(argument);
	return 0;
}

static void *detach_other(void *thread)
{
	leave(1);
	CHECK(!pthread_detach(*(pthread_t *)thread));
	return NULL;
}

static void start(enum how how)
{
	void *argument = (void *)(intptr_t)how;
	pthread_attr_t attributes;
	pthread_t thread, helper;

	pthread_attr_init(&attributes);
	if (how == ATTRIBUTE)
		CHECK(!pthread_attr_setdetachstate(&attributes,
						   PTHREAD_CREATE_DETACHED));
	if (how == C11)
		CHECK(thrd_create(&thread, work_c11, argument) == thrd_success);
	else
		CHECK(!pthread_create(&thread, &attributes, work, argument));
	wait_for(&begun);
	switch (how) {
	case EARLY:
		CHECK(!pthread_detach(thread));
		break;
	case LATE:
		wait_for(&done);
		usleep(3000);
		CHECK(!pthread_detach(thread));
		sem_post(&done);
		break;
	case OTHER:
		CHECK(!pthread_create(&helper, NULL, detach_other, &thread));
		CHECK(!pthread_join(helper, NULL));
		break;
	case C11:
		CHECK(thrd_detach(thread) == thrd_success);
		break;
	default:
		break;
	}
	if (how == EARLY || how == OTHER || how == C11)
		sem_post(&detached);
	wait_for(&done);
}

int main(void)
{
	CHECK(!sem_init(&begun, 0, 0) && !sem_init(&detached, 0, 0) &&
	      !sem_init(&done, 0, 0));
	for (int round = 0; round < 3; round++)
		for (enum how how = 0; how < KINDS; how++)
			start(how);
	printf("%d\n", atomic_load(&sum));
	return 0;
}
