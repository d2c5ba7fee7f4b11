/*
 * Signal handlers, masks, pending signals, SA_SIGINFO, alarm, sigsuspend,
 * siglongjmp out of a handler.
 *
 * MODES: usual spread spread-user spread-emulated links
 */
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t usr1, usr2, alarms, sum;
static sigjmp_buf back;

static void count(int signal)
{
	if (signal == SIGUSR1)
		usr1++;
	else
		alarms++;
}

static void with_info(int signal, siginfo_t *info, void *context)
{
	(void)context;
	CHECK(signal == SIGUSR2 && info->si_signo == SIGUSR2);
	usr2++;
	for (volatile int i = 0; i < 10; i++)
		sum += i;
}

static void jump(int signal)
{
	siglongjmp(back, signal);
}

static void set(int signal, void (*handler)(int))
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	CHECK(!sigaction(signal, &action, NULL));
}

int main(void)
{
	struct sigaction action;
	sigset_t mask, old;

	set(SIGUSR1, count);
	set(SIGALRM, count);
	memset(&action, 0, sizeof(action));
	action.sa_sigaction = with_info;
	action.sa_flags = SA_SIGINFO;
	CHECK(!sigaction(SIGUSR2, &action, NULL));
	for (int i = 0; i < 50; i++) {
		raise(SIGUSR1);
		CHECK(usr1 == i + 1);
		kill(getpid(), SIGUSR2);
		CHECK(usr2 == i + 1);
	}
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	CHECK(!sigprocmask(SIG_BLOCK, &mask, &old));
	raise(SIGUSR1);
	raise(SIGUSR1);
	for (volatile int i = 0; i < 50; i++)
		;
	CHECK(usr1 == 50);
	CHECK(!sigpending(&mask) && sigismember(&mask, SIGUSR1));
	CHECK(!sigprocmask(SIG_SETMASK, &old, NULL));
	CHECK(usr1 == 51);

	alarm(1);
	sigemptyset(&mask);
	while (!alarms)
		sigsuspend(&mask);
	ualarm(20000, 0);
	while (alarms < 2)
		;
	set(SIGUSR1, jump);
	for (volatile int i = 0; i < 5; i++) {
		int got = sigsetjmp(back, 1);

		if (!got)
			raise(SIGUSR1);
		CHECK(got == SIGUSR1);
	}
	set(SIGUSR1, SIG_IGN);
	raise(SIGUSR1);
	printf("%d %d %d %d\n", usr1, usr2, alarms, sum);
	return 0;
}
