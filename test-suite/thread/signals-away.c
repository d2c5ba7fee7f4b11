/*
 * Signals for one thread, which is elsewhere: its handler runs there, on its
 * own variables; a call that waits ends with it, and so does a computation that
 * looks; who blocks one gets it by sigwait, or when it is let in; one for a
 * thread that has ended goes nowhere.
 *
 * MODES: usual nodes spread spread-user spread-emulated links
 * CFLAGS: -pthread
 */
#define _GNU_SOURCE
#include "leave.h"
#include "times.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#define THREADS 3

struct target {
	pthread_t thread;
	pid_t tid;
	_Atomic int ready, plain, waits, blocked, end;
};

static struct target targets[THREADS];
static _Thread_local struct target *mine;

static void plain(int signal, siginfo_t *info, void *unused)
{
	(void)unused;
	CHECK(signal == SIGUSR1 && info->si_code == SI_TKILL);
	CHECK(info->si_pid == getpid());
	CHECK(mine && pthread_equal(mine->thread, pthread_self()));
	mine->plain++;
}

static void blocked(int signal)
{
	CHECK(signal == SIGUSR2);
	mine->blocked++;
}

static void block(int how, int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	CHECK(!pthread_sigmask(how, &set, NULL));
}

/* Waits that SIGUSR1 ends. */
static void wait_for_first(void)
{
	mine->ready = 1;
	while (!mine->plain)
		if (usleep(1000000))
			CHECK(errno == EINTR);
}

/* Computes: nothing is awaited. */
static void compute_until_next(void)
{
	mine->ready = 2;
	while (mine->plain < 2)
		;
}

static void wait_by_sigwait(void)
{
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 3);
	for (int i = 0; i < 3; i++) {
		int got;

		mine->ready = 3 + i;
		while ((got = sigwaitinfo(&set, &info)) == -1)
			CHECK(errno == EINTR);
		CHECK(got == SIGRTMIN + 3 && info.si_code == SI_TKILL);
		mine->waits++;
		leave(i);
	}
}

static void let_in(void)
{
	sigset_t set;

	mine->ready = 6;
	do {
		rest(1);
		CHECK(!sigpending(&set));
	} while (!sigismember(&set, SIGUSR2));
	CHECK(!mine->blocked);
	block(SIG_UNBLOCK, SIGUSR2);
	for (volatile int i = 0; i < 10; i++)
		;
	CHECK(mine->blocked == 1);
}

static void *work(void *argument)
{
	int id;

	mine = argument;
	id = (int)(mine - targets);
	mine->thread = pthread_self();
	mine->tid = gettid();
	block(SIG_BLOCK, SIGUSR2);
	block(SIG_BLOCK, SIGRTMIN + 3);
	leave(id + 1);
	wait_for_first();
	leave(id + 2);
	compute_until_next();
	wait_by_sigwait();
	let_in();
	mine->ready = 7;
	while (!mine->end)
		rest(1);
	return NULL;
}

static void until(const _Atomic int *value, int least)
{
	while (*value < least)
		rest(1);
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = plain,
				   .sa_flags = SA_SIGINFO};
	pthread_t threads[THREADS];

	CHECK(!sigaction(SIGUSR1, &action, NULL));
	CHECK(signal(SIGUSR2, blocked) != SIG_ERR);
	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, work, &targets[i]));
	for (int i = 0; i < THREADS; i++) {
		until(&targets[i].ready, 1);
		CHECK(!pthread_kill(threads[i], 0));
		CHECK(!pthread_kill(threads[i], SIGUSR1));
	}
	for (int i = 0; i < THREADS; i++)
		until(&targets[i].ready, 2);
	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_kill(threads[i], SIGUSR1));
	for (int i = 0; i < THREADS; i++)
		for (int j = 0; j < 3; j++) {
			until(&targets[i].ready, 3 + j);
			CHECK(!pthread_kill(threads[i], SIGRTMIN + 3));
		}
	for (int i = 0; i < THREADS; i++) {
		until(&targets[i].ready, 6);
		CHECK(!pthread_kill(threads[i], SIGUSR2));
	}
	for (int i = 0; i < THREADS; i++) {
		struct target *t = &targets[i];

		until(&t->ready, 7);
		printf("%d %d %d\n", t->plain, t->waits, t->blocked);
		t->end = 1;
	}
	rest(5);
	for (int i = 0; i < THREADS; i++) {
		int error = pthread_kill(threads[i], SIGUSR1);

		CHECK(!error || error == ESRCH);
		CHECK(pthread_kill(threads[i], 999) == EINVAL || error);
		CHECK(!pthread_join(threads[i], NULL));
	}
	puts("ended");
	return 0;
}
