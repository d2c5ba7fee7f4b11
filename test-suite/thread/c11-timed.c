/*
 * <threads.h> across nodes: mutexes and conditions that are waited for until
 * some time, sleep that a handler ends, with the rest of the time, and sleep
 * that none does.  A time that is over and a mutex of another's say so.
 *
 * MODES: usual nodes spread spread-user links
 * CFLAGS: -pthread
 */
#include "leave.h"
#include "times.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <threads.h>

#define ROUNDS 20

static mtx_t plain, nested;
static cnd_t changed;
static int turn;
static atomic_int held, give_back, handled, woken;

static int hold(void *argument)
{
	mtx_t *mutex = argument;

	leave(1);
	CHECK(mtx_lock(mutex) == thrd_success);
	held = 1;
	while (!give_back)
		rest(1);
	leave(2);
	CHECK(mtx_unlock(mutex) == thrd_success);
	return 31;
}

static void wait_beside(mtx_t *mutex)
{
	struct timespec until = after(CLOCK_REALTIME, 10);
	thrd_t thread;
	int result;

	held = give_back = 0;
	CHECK(thrd_create(&thread, hold, mutex) == thrd_success);
	while (!held)
		thrd_yield();
	CHECK(mtx_trylock(mutex) == thrd_busy);
	CHECK(mtx_timedlock(mutex, &until) == thrd_timedout);
	CHECK(is_past(CLOCK_REALTIME, until));
	until = after(CLOCK_REALTIME, -10);
	CHECK(mtx_timedlock(mutex, &until) == thrd_timedout);
	until = (struct timespec){0, -1};
	CHECK(mtx_timedlock(mutex, &until) == thrd_error);
	until = after(CLOCK_REALTIME, 60000);
	give_back = 1;
	CHECK(mtx_timedlock(mutex, &until) == thrd_success);
	if (mutex == &nested)
		CHECK(mtx_timedlock(mutex, &until) == thrd_success &&
		      mtx_unlock(mutex) == thrd_success);
	CHECK(thrd_join(thread, &result) == thrd_success && result == 31);
	CHECK(mtx_unlock(mutex) == thrd_success);
	CHECK(mtx_trylock(mutex) == thrd_success);
	CHECK(mtx_unlock(mutex) == thrd_success);
}

/* By turns, none of which comes too late. */
static int alternate(void *argument)
{
	int me = *(int *)argument;
	struct timespec until = after(CLOCK_REALTIME, 60000);

	leave(me + 1);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK(mtx_lock(&plain) == thrd_success);
		while (turn % 2 != me)
			CHECK(cnd_timedwait(&changed, &plain, &until) ==
			      thrd_success);
		turn++;
		CHECK(cnd_signal(&changed) == thrd_success);
		CHECK(mtx_unlock(&plain) == thrd_success);
	}
	return me;
}

static void conditions(void)
{
	struct timespec until;
	thrd_t threads[2];
	int ids[2] = {0, 1}, result;

	for (int i = 0; i < 2; i++)
		CHECK(thrd_create(&threads[i], alternate, &ids[i]) ==
		      thrd_success);
	for (int i = 0; i < 2; i++)
		CHECK(thrd_join(threads[i], &result) == thrd_success &&
		      result == i);
	CHECK(turn == 2 * ROUNDS);
	CHECK(mtx_lock(&plain) == thrd_success);
	until = after(CLOCK_REALTIME, 10);
	do
		result = cnd_timedwait(&changed, &plain, &until);
	while (result == thrd_success);
	CHECK(result == thrd_timedout && is_past(CLOCK_REALTIME, until));
	CHECK(mtx_trylock(&plain) == thrd_busy);
	CHECK(mtx_unlock(&plain) == thrd_success);
}

static void handler(int signal)
{
	(void)signal;
	handled++;
}

static int sleep_until_woken(void *argument)
{
	struct timespec long_time = {100, 0}, left = {0, 0}, moment,
			until = after(CLOCK_MONOTONIC, 15);

	sigset_t set;

	(void)argument;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	/* musl 1.2.3 begins such a thread with all of them blocked. */
	CHECK(!pthread_sigmask(SIG_UNBLOCK, &set, NULL));
	leave(1);
	CHECK(thrd_sleep(&long_time, &left) == -1 && handled);
	woken = 1;
	CHECK(left.tv_sec < 100 && left.tv_sec > 30);
	moment = (struct timespec){0, 15000000};
	while (thrd_sleep(&moment, &moment))
		;
	CHECK(is_past(CLOCK_MONOTONIC, until));
	moment = (struct timespec){0, -1};
	CHECK(thrd_sleep(&moment, NULL) < -1);
	return 0;
}

int main(void)
{
	struct sigaction action = {.sa_handler = handler,
				   .sa_flags = SA_RESTART};
	thrd_t thread;

	CHECK(mtx_init(&plain, mtx_timed) == thrd_success);
	CHECK(mtx_init(&nested, mtx_timed | mtx_recursive) == thrd_success);
	CHECK(cnd_init(&changed) == thrd_success);
	wait_beside(&plain);
	wait_beside(&nested);
	puts("mutexes");
	conditions();
	puts("conditions");
	CHECK(!sigaction(SIGUSR1, &action, NULL));
	CHECK(thrd_create(&thread, sleep_until_woken, NULL) == thrd_success);
	while (!woken) {
		rest(2);
		CHECK(!pthread_kill(thread, SIGUSR1));
	}
	CHECK(thrd_join(thread, NULL) == thrd_success);
	puts("sleep");
	return 0;
}
