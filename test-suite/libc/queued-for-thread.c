/*
 * A signal with a value that waits for one thread stays that thread's, and in
 * order with others of its number; one of the same number that waits for the
 * process is anybody's.  It leaves the first node once: an emulated one does
 * not say whom a signal with a value is for.
 *
 * MODES: native verify self nodes
 */
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <popcorn.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define VALUES 5

static pthread_barrier_t barrier;
static pid_t tid;

static void polls(void)
{
	for (volatile int i = 0; i < 50; i++)
		;
}

static int take(int signal)
{
	const struct timespec none = {0, 0};
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	if (sigtimedwait(&set, &info, &none) != signal) {
		CHECK(errno == EAGAIN);
		return -1;
	}
	CHECK(info.si_code == SI_QUEUE && info.si_pid == getpid());
	return info.si_value.sival_int;
}

static void *other(void *unused)
{
	(void)unused;
	tid = gettid();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	polls();
	for (int i = 0; i < VALUES; i++)
		CHECK(take(SIGRTMIN + 1) == 100 + i);
	CHECK(take(SIGRTMIN + 1) == -1);
	return NULL;
}

int main(void)
{
	siginfo_t info;
	pthread_t thread;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	CHECK(!pthread_sigmask(SIG_BLOCK, &set, NULL));
	CHECK(!pthread_barrier_init(&barrier, NULL, 2));
	CHECK(!pthread_create(&thread, NULL, other, NULL));
	pthread_barrier_wait(&barrier);
	CHECK(!sigqueue(getpid(), SIGRTMIN + 1,
			(union sigval){.sival_int = 7}));
	for (int i = 0; i < VALUES; i++) {
		memset(&info, 0, sizeof info);
		info.si_code = SI_QUEUE;
		info.si_pid = getpid();
		info.si_uid = getuid();
		info.si_value.sival_int = 100 + i;
		CHECK(!syscall(SYS_rt_tgsigqueueinfo, getpid(), tid,
			       SIGRTMIN + 1, &info));
		polls();
	}
	popcorn_migrate(1);
	CHECK(take(SIGRTMIN + 1) == 7);
	CHECK(take(SIGRTMIN + 1) == -1);
	polls();
	CHECK(take(SIGRTMIN + 1) == -1);
	pthread_barrier_wait(&barrier);
	CHECK(!pthread_join(thread, NULL));
	puts("each its own");
	return 0;
}
