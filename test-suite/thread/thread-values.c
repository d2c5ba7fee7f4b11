/*
 * Signals with values that are queued for one thread, as by pthread_sigqueue,
 * stay that thread's, in their order, wherever it goes: those that a handler
 * takes and those that are blocked.
 *
 * MODES: usual nodes spread spread-user links
 * CFLAGS: -pthread
 */
#define _GNU_SOURCE
#include "leave.h"
#include "times.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#define THREADS 3
#define VALUES	12

struct target {
	pthread_t thread;
	pid_t tid;
	_Atomic int ready, order, sum, waits, take;
};

static struct target targets[THREADS];
static _Thread_local struct target *mine;

static void queue(const struct target *to, int signal, int value)
{
	siginfo_t info = {.si_signo = signal,
			  .si_code = SI_QUEUE,
			  .si_pid = getpid(),
			  .si_uid = getuid()};

	info.si_value.sival_int = value;
	CHECK(!syscall(SYS_rt_tgsigqueueinfo, getpid(), to->tid, signal,
		       &info));
}

static void queued(int signal, siginfo_t *info, void *unused)
{
	int value = info->si_value.sival_int;

	(void)unused;
	CHECK(signal == SIGRTMIN + 2 && info->si_code == SI_QUEUE);
	CHECK(pthread_equal(mine->thread, pthread_self()));
	CHECK(gettid() == mine->tid);
	CHECK(value == 100 * (int)(mine - targets) + mine->order);
	mine->order++;
	mine->sum += value;
}

static void block(int how, int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	CHECK(!pthread_sigmask(how, &set, NULL));
}

static void compute(void)
{
	mine->ready = 1;
	while (mine->order < VALUES)
		;
}

static void wait_by_sigwait(void)
{
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 3);
	mine->ready = 2;
	while (!mine->take)
		rest(1);
	for (int i = 0; i < 3; i++) {
		int got;

		while ((got = sigwaitinfo(&set, &info)) == -1)
			CHECK(errno == EINTR);
		CHECK(got == SIGRTMIN + 3 && info.si_value.sival_int == i);
		mine->waits++;
		leave(i);
	}
}

static void *work(void *argument)
{
	int id;

	mine = argument;
	id = (int)(mine - targets);
	mine->thread = pthread_self();
	mine->tid = gettid();
	block(SIG_BLOCK, SIGRTMIN + 3);
	leave(id + 1);
	compute();
	wait_by_sigwait();
	return NULL;
}

static void until(const _Atomic int *value, int least)
{
	while (*value < least)
		rest(1);
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = queued,
				   .sa_flags = SA_SIGINFO | SA_RESTART};
	pthread_t threads[THREADS];

	CHECK(!sigaction(SIGRTMIN + 2, &action, NULL));
	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, work, &targets[i]));
	for (int i = 0; i < THREADS; i++)
		until(&targets[i].ready, 1);
	for (int value = 0; value < VALUES; value++)
		for (int i = 0; i < THREADS; i++)
			queue(&targets[i], SIGRTMIN + 2, 100 * i + value);
	for (int i = 0; i < THREADS; i++) {
		until(&targets[i].ready, 2);
		for (int value = 0; value < 3; value++)
			queue(&targets[i], SIGRTMIN + 3, value);
	}
	for (int i = 0; i < 30; i++)
		rest(1);
	for (int i = 0; i < THREADS; i++) {
		targets[i].take = 1;
		CHECK(!pthread_join(threads[i], NULL));
		printf("%d %d %d\n", targets[i].order, targets[i].sum,
		       targets[i].waits);
	}
	return 0;
}
