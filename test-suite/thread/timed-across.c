/*
 * Threads on several nodes wait for one thing until some time: for a condition,
 * by CLOCK_MONOTONIC and by CLOCK_REALTIME, and for a semaphore.  No wait ends
 * too early; as many end in time as were waked; who waits for a condition has
 * the mutex again; a handler ends the wait for a semaphore.
 *
 * MODES: usual nodes spread spread-user links
 * CFLAGS: -pthread
 */
#include "leave.h"
#include "times.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

#define THREADS 4
#define ROUNDS	6

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static clockid_t clock_id;
static sem_t semaphore;
static int tickets, holders;
static atomic_int had, late, handled;

static void count(int error, clockid_t clock, struct timespec until)
{
	CHECK(!error || error == ETIMEDOUT);
	CHECK(!error || is_past(clock, until));
	atomic_fetch_add(error ? &late : &had, 1);
}

/* Each takes a ticket in time, or none. */
static void *take_ticket(void *argument)
{
	int id = (int)(intptr_t)argument;

	leave(id);
	for (int i = 0; i < ROUNDS; i++) {
		struct timespec until = after(clock_id, 4 + 3 * (i % 3));
		int error = 0;

		CHECK(!pthread_mutex_lock(&mutex));
		while (!tickets && !error) {
			error = pthread_cond_timedwait(&changed, &mutex,
						       &until);
			CHECK(!holders++);
			CHECK(pthread_mutex_trylock(&mutex) == EBUSY);
			holders--;
		}
		if (tickets) {
			tickets--;
			error = 0;
		}
		CHECK(!pthread_mutex_unlock(&mutex));
		count(error, clock_id, until);
	}
	return NULL;
}

static void *give_tickets(void *argument)
{
	leave(2);
	for (int i = 0; i < THREADS * ROUNDS / 2; i++) {
		CHECK(!pthread_mutex_lock(&mutex));
		tickets++;
		if (i & 1)
			pthread_cond_signal(&changed);
		else
			pthread_cond_broadcast(&changed);
		CHECK(!pthread_mutex_unlock(&mutex));
		rest(1);
	}
	return argument;
}

static void conditions(clockid_t clock)
{
	struct timespec wrong = {0, 1000000000}, until;
	pthread_condattr_t attributes;
	pthread_t threads[THREADS + 1];
	clockid_t is;

	clock_id = clock;
	CHECK(!pthread_condattr_init(&attributes));
	CHECK(!pthread_condattr_setclock(&attributes, clock));
	CHECK(!pthread_condattr_getclock(&attributes, &is) && is == clock);
	CHECK(pthread_condattr_setclock(&attributes, -1) == EINVAL);
	CHECK(!pthread_cond_init(&changed, &attributes));
	atomic_store(&had, 0);
	atomic_store(&late, 0);
	for (intptr_t i = 0; i <= THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL,
				      i < THREADS ? take_ticket : give_tickets,
				      (void *)i));
	for (int i = 0; i <= THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
	CHECK(atomic_load(&had) + tickets == THREADS * ROUNDS / 2);
	CHECK(atomic_load(&had) + atomic_load(&late) == THREADS * ROUNDS);
	tickets = 0;
	CHECK(!pthread_mutex_lock(&mutex));
	CHECK(pthread_cond_timedwait(&changed, &mutex, &wrong) == EINVAL);
	until = after(clock, -10);
	CHECK(pthread_cond_timedwait(&changed, &mutex, &until) == ETIMEDOUT);
	until = after(clock, 10);
	CHECK(pthread_cond_timedwait(&changed, &mutex, &until) == ETIMEDOUT);
	CHECK(is_past(clock, until));
	CHECK(!pthread_mutex_unlock(&mutex));
	CHECK(!pthread_cond_destroy(&changed));
}

static void *take(void *argument)
{
	leave((int)(intptr_t)argument);
	for (int i = 0; i < ROUNDS; i++) {
		struct timespec until = after(CLOCK_REALTIME, 4 + 3 * (i % 3));
		int error = sem_timedwait(&semaphore, &until) ? errno : 0;

		count(error, CLOCK_REALTIME, until);
	}
	return NULL;
}

static void semaphores(void)
{
	struct timespec wrong = {0, -1};
	pthread_t threads[THREADS];
	int left;

	atomic_store(&had, 0);
	atomic_store(&late, 0);
	for (intptr_t i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, take, (void *)i));
	for (int i = 0; i < THREADS * ROUNDS / 2; i++) {
		CHECK(!sem_post(&semaphore));
		rest(1);
	}
	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
	CHECK(!sem_getvalue(&semaphore, &left));
	CHECK(atomic_load(&had) + left == THREADS * ROUNDS / 2);
	while (left--)
		CHECK(!sem_wait(&semaphore));
	CHECK(sem_trywait(&semaphore) && errno == EAGAIN);
	CHECK(sem_timedwait(&semaphore, &wrong) && errno == EINVAL);
	CHECK(!sem_post(&semaphore));
	CHECK(!sem_timedwait(&semaphore, &wrong));
}

static void handler(int signal)
{
	(void)signal;
	handled++;
}

static void *be_interrupted(void *done)
{
	struct timespec until = after(CLOCK_REALTIME, 60000);

	leave(1);
	CHECK(sem_timedwait(&semaphore, &until) && errno == EINTR);
	CHECK(handled);
	*(atomic_int *)done = 1;
	return NULL;
}

int main(void)
{
	struct sigaction action = {.sa_handler = handler};
	atomic_int done = 0;
	pthread_t thread;

	CHECK(!sem_init(&semaphore, 0, 0));
	conditions(CLOCK_MONOTONIC);
	conditions(CLOCK_REALTIME);
	puts("conditions");
	semaphores();
	puts("semaphores");
	CHECK(!sigaction(SIGUSR1, &action, NULL));
	CHECK(!pthread_create(&thread, NULL, be_interrupted, &done));
	while (!done) {
		CHECK(!pthread_kill(thread, SIGUSR1));
		rest(2);
	}
	CHECK(!pthread_join(thread, NULL));
	puts("interrupted");
	return 0;
}
