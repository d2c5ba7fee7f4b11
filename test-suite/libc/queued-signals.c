/*
 * Signals that wait while the process moves: queued ones with their values in
 * order, one for a thread stays that thread's, blocked ones are still pending,
 * and nothing comes twice.
 *
 * MODES: native verify self qemu qemu-self move save spread spread-user links
 */
#include "check.h"
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define VALUES 20

static volatile long spin;
static volatile sig_atomic_t handled;
static volatile int sum, codes;
static pthread_barrier_t barrier;

static void polls(void)
{
	for (int i = 0; i < 60; i++) {
		const struct timespec little = {0, 50000};

		nanosleep(&little, NULL);
		spin++;
	}
}

static void handler(int signal, siginfo_t *info, void *unused)
{
	(void)signal;
	(void)unused;
	handled++;
	sum += info->si_value.sival_int;
	codes += info->si_code == SI_QUEUE && info->si_pid == getpid();
}

static void queue(int signal, int value)
{
	CHECK(!sigqueue(getpid(), signal, (union sigval){.sival_int = value}));
}

/* Has SIGUSR2 blocked, sent to it alone; nobody else may take it. */
static void *other(void *unused)
{
	const struct timespec none = {0, 0};
	sigset_t set;
	siginfo_t info;

	(void)unused;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_barrier_wait(&barrier);
	polls();
	pthread_barrier_wait(&barrier);
	CHECK(sigtimedwait(&set, &info, &none) == SIGUSR2);
	CHECK(info.si_code == SI_TKILL);
	CHECK(sigtimedwait(&set, &info, &none) == -1);
	return NULL;
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = handler,
				   .sa_flags = SA_SIGINFO};
	const struct timespec none = {0, 0};
	sigset_t set, pending, all;
	pthread_t thread;
	siginfo_t info;
	int real_time = SIGRTMIN + 3;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, real_time);
	CHECK(!pthread_sigmask(SIG_BLOCK, &set, NULL));
	CHECK(!sigaction(SIGUSR1, &action, NULL));
	CHECK(!sigaction(real_time, &action, NULL));
	CHECK(!pthread_barrier_init(&barrier, NULL, 2));
	CHECK(!pthread_create(&thread, NULL, other, NULL));
	pthread_barrier_wait(&barrier);
	CHECK(!pthread_kill(thread, SIGUSR2));

	for (int round = 0; round < 6; round++) {
		for (int i = 0; i < VALUES; i++) {
			queue(real_time, i);
			if (i % 7 == 0)
				polls();
		}
		queue(SIGUSR1, 1000);
		queue(SIGUSR1, 1000); /* one waits already */
		polls();
		CHECK(!sigpending(&pending));
		CHECK(sigismember(&pending, real_time) == 1);
		CHECK(sigismember(&pending, SIGUSR1) == 1);
		if (sigismember(&pending, SIGUSR2)) {
			sigemptyset(&all);
			sigaddset(&all, SIGUSR2);
			CHECK(sigtimedwait(&all, &info, &none) == SIGUSR2);
			printf("the other's signal is here: code %d, of %d\n",
			       info.si_code, info.si_pid == getpid());
			return 1;
		}
		sigemptyset(&all);
		sigaddset(&all, real_time);
		for (int i = 0; i < VALUES / 2; i++) {
			CHECK(sigtimedwait(&all, &info, &none) == real_time);
			CHECK(info.si_value.sival_int == i);
			CHECK(info.si_code == SI_QUEUE);
			CHECK(info.si_pid == getpid());
		}
		polls();
		CHECK(!pthread_sigmask(SIG_UNBLOCK, &set, NULL));
		polls();
		CHECK(!pthread_sigmask(SIG_BLOCK, &set, NULL));
		CHECK(!sigpending(&pending));
		CHECK(sigismember(&pending, real_time) == 0);
		CHECK(sigismember(&pending, SIGUSR1) == 0);
	}
	pthread_barrier_wait(&barrier);
	CHECK(!pthread_join(thread, NULL));
	printf("%d handled, %d in all, %d from here\n", handled, sum, codes);
	return 0;
}
