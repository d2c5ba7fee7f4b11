/*
 * sigaltstack: what it says and refuses, whose locals are there, in nested
 * handlers and after jumps; one that disarms itself; a process that forks, and
 * threads, of which each has its own.
 *
 * MODES: usual spread spread-user
 * LEVELS: O0 O2
 * CFLAGS: -pthread -w
 */
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

#define SIZE 65536

static char first[SIZE], second[SIZE];
static volatile int runs, jump;
static char *volatile nowhere;
static sigjmp_buf back;

static __attribute__((noinline)) const char *where(const char *at)
{
	return at >= first && at < first + SIZE	    ? "first"
	       : at >= second && at < second + SIZE ? "second"
						    : "other";
}

static const char *say(int result)
{
	return !result		 ? "done"
	       : errno == EPERM	 ? "EPERM"
	       : errno == EINVAL ? "EINVAL"
	       : errno == ENOMEM ? "ENOMEM"
				 : "other";
}

static int flags(void)
{
	stack_t now;

	CHECK(!sigaltstack(NULL, &now));
	return now.ss_flags;
}

static int set(char *at, size_t size, unsigned flags)
{
	return sigaltstack(&(stack_t){at, flags, size}, NULL);
}

static void handler(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *before = context;
	char local[50];

	sprintf(local, "%d", signal);
	CHECK(atoi(local) == signal);
	runs++;
	printf("%s: local on %s, info on %s, flags %x, before %x; %s\n",
	       signal == SIGUSR1   ? "USR1"
	       : signal == SIGUSR2 ? "USR2"
				   : "SEGV",
	       where(local), where((char *)info), flags(),
	       before->uc_stack.ss_flags & ~SS_DISABLE,
	       say(set(second, SIZE, 0)));
	if (signal == SIGUSR1)
		raise(SIGUSR2);
	if (signal == SIGSEGV || jump)
		siglongjmp(back, 1);
}

static void round_of_signals(const char *what)
{
	printf("%s: flags %x\n", what, flags());
	raise(SIGUSR1);
	if (!sigsetjmp(back, 1))
		*nowhere = 1;
	jump = 1;
	if (!sigsetjmp(back, 1))
		raise(SIGUSR2);
	jump = 0;
	printf("%s: flags %x\n", what, flags());
}

static void *other(void *unused)
{
	stack_t own = {first, 0, SIZE};

	round_of_signals("thread without");
	sigaltstack(&own, NULL);
	round_of_signals("thread");
	return NULL;
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = handler,
				   .sa_flags = SA_SIGINFO};
	pthread_t thread;
	stack_t old;
	int status;

	setvbuf(stdout, NULL, _IONBF, 0);
	sigaction(SIGSEGV, &action, NULL);
	action.sa_flags |= SA_ONSTACK;
	sigaction(SIGUSR1, &action, NULL);
	action.sa_flags &= ~SA_ONSTACK;
	sigaction(SIGUSR2, &action, NULL);

	set(NULL, 0, SS_DISABLE);
	printf("small: %s\n", say(set(first, 100, 0)));
	printf("flags: %s %s\n", say(set(first, SIZE, 4)),
	       say(set(first, SIZE, SS_DISABLE | 8)));
	printf("none: %x\n", flags());
	round_of_signals("without");

	/* What a handler of the stack changes is undone when it returns. */
	set(first, SIZE, 0);
	round_of_signals("with");
	sigaltstack(NULL, &old);
	printf("still %s, %zu\n", where(old.ss_sp), old.ss_size);
	action.sa_flags |= SA_ONSTACK;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	set(first, SIZE, 0);
	round_of_signals("all");
	sigaltstack(NULL, &old);
	printf("still %s, %zu\n", where(old.ss_sp), old.ss_size);

	printf("disarming: %s\n", say(set(first, SIZE, SS_AUTODISARM)));
	round_of_signals("disarming");

	set(first, SIZE, 0);
	printf("disable: %s\n", say(set(NULL, 0, SS_DISABLE)));
	round_of_signals("disabled");

	set(second, SIZE, 0);
	pthread_create(&thread, NULL, other, NULL);
	pthread_join(thread, NULL);
	round_of_signals("main");
	if (!fork()) {
		round_of_signals("child");
		_exit(3);
	}
	CHECK(wait(&status) > 0 && WEXITSTATUS(status) == 3);
	printf("%d\n", runs);
	return 0;
}
