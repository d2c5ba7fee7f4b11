/*
 * Timers that go off once, thousands of them, many of them just while the
 * process leaves a node: each one's signal arrives, and no more than that. Some
 * find the program at work, some in a call, some blocked and fetched.
 *
 * MODES: native verify self qemu qemu-self move save
 * SELF: 500
 * HOP: 2-10
 * MOVES: 8
 * SECONDS: 120
 */
#include "check.h"
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 2500

static volatile sig_atomic_t hits;
static sigset_t alarms, before;

static void handler(int signal)
{
	(void)signal;
	hits++;
}

static void arm(int which, long us)
{
	struct itimerval timer = {{0, 0}, {0, us}};

	CHECK(!setitimer(which, &timer, NULL));
}

/* Lost signals show as a program that does not end; this one tells. */
static time_t start;

static void late(int round)
{
	if (time(NULL) - start > 100) {
		printf("round %d: no signal\n", round);
		_exit(1);
	}
}

static void at_work(int round)
{
	arm(round % 50 == 0 ? ITIMER_PROF : ITIMER_REAL, 100 + round % 900);
	while (hits == round)
		late(round);
}

static void in_a_call(int round)
{
	CHECK(!sigprocmask(SIG_BLOCK, &alarms, NULL));
	arm(ITIMER_REAL, 100 + round % 900);
	while (hits == round) {
		sigsuspend(&before);
		late(round);
	}
	CHECK(!sigprocmask(SIG_SETMASK, &before, NULL));
}

static void fetched(int round)
{
	const struct timespec second = {1, 0};
	int got;

	CHECK(!sigprocmask(SIG_BLOCK, &alarms, NULL));
	arm(ITIMER_REAL, 100 + round % 900);
	while ((got = sigtimedwait(&alarms, NULL, &second)) < 0)
		late(round);
	CHECK(got == SIGALRM);
	hits++;
	CHECK(!sigprocmask(SIG_SETMASK, &before, NULL));
}

int main(void)
{
	struct sigaction action = {.sa_handler = handler};
	struct timespec wait = {0, 5000000};
	sigset_t pending;

	start = time(NULL);
	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGPROF, &action, NULL);
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigprocmask(SIG_BLOCK, NULL, &before);
	for (int round = 0; round < ROUNDS; round++) {
		(round % 3 == 0	  ? at_work
		 : round % 3 == 1 ? in_a_call
				  : fetched)(round);
		CHECK(hits == round + 1);
	}
	nanosleep(&wait, NULL);
	sigpending(&pending);
	printf("%d signals, another one: %d\n", hits,
	       sigismember(&pending, SIGALRM));
	return 0;
}
