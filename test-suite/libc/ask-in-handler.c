/*
 * In a signal handler popcorn_migrate(), popcorn_checkpoint(), popcorn_fork()
 * and popcorn_migrate_thread() answer -1 with EBUSY, whatever has called it: a
 * signal of the program's own, a timer, a fault, a handler in a handler, one on
 * another stack.  Nothing is left of what was asked for: the program goes on
 * where it was, and when the handler has ended, or has been jumped out of, it
 * may move again.
 *
 * MODES: native verify self qemu qemu-self nodes spread links
 */
#include "check.h"
#include <errno.h>
#include <popcorn.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static sigjmp_buf back;
static int *volatile nowhere;
static volatile int handled, nested, alarms;
static char stack[65536];

static int home;

static void poll(void)
{
	for (volatile int i = 0; i < 20; i++)
		;
}

#ifdef PLAIN
static void ask_for_all(void)
{
}
#else
/* Neither where the process is nor where its thread is, if there are so many.
 */
static int elsewhere(void)
{
	int node = 0;

	while (node == home || node == popcorn_node())
		node++;
	return node;
}

#define BUSY(call)                                                             \
	do {                                                                   \
		errno = 0;                                                     \
		CHECK((call) == -1);                                           \
		CHECK(errno == EBUSY);                                         \
	} while (0)

static void ask_for_all(void)
{
	int node = popcorn_node();

	BUSY(popcorn_checkpoint("saved"));
	BUSY(popcorn_fork(elsewhere()));
	BUSY(popcorn_fork(node));
	BUSY(popcorn_migrate_thread(elsewhere()));
	BUSY(popcorn_migrate(elsewhere()));
	poll();
	CHECK(popcorn_node() == node && access("saved", F_OK));
}
#endif

static void handler(int signal)
{
	(void)signal;
	ask_for_all();
	handled++;
	if (nested) {
		nested = 0;
		raise(SIGUSR2);
		ask_for_all();
	}
}

static void on_alarm(int signal)
{
	handler(signal);
	alarms++;
}

static void on_fault(int signal)
{
	handler(signal);
	siglongjmp(back, 1);
}

static void jumps_out(int signal)
{
	handler(signal);
	siglongjmp(back, 2);
}

static void set(int signal, void (*function)(int), int flags)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = function;
	action.sa_flags = flags;
	CHECK(!sigaction(signal, &action, NULL));
}

/* Beside popcorn-run, it does move: there, and back. */
static void move(void)
{
	for (int i = 0; i < 2 && popcorn_nodes() > 1; i++) {
		CHECK(!popcorn_migrate(!home));
		home = !home;
		CHECK(popcorn_node() == home || getenv("POPCORN_SPREAD"));
	}
}

int main(void)
{
	struct itimerval soon = {{0, 0}, {0, 1000}};
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	volatile int faults = 0, jumps = 0;

	CHECK(!sigaltstack(&alternate, NULL));
	set(SIGUSR1, handler, 0);
	set(SIGUSR2, handler, SA_ONSTACK);
	set(SIGALRM, on_alarm, SA_RESTART);
	set(SIGSEGV, on_fault, 0);
	set(SIGHUP, jumps_out, 0);
	for (volatile int round = 0; round < 3; round++) {
		raise(SIGUSR1);
		raise(SIGUSR2);
		move();
		nested = 1;
		kill(getpid(), SIGUSR1);
		move();
		nested = 1;
		raise(SIGUSR2);
		if (sigsetjmp(back, 1))
			faults++;
		else
			*nowhere = 5;
		move();
		if (sigsetjmp(back, 1))
			jumps++;
		else
			raise(SIGHUP);
		move();
		alarms = 0;
		CHECK(!setitimer(ITIMER_REAL, &soon, NULL));
		while (!alarms)
			poll();
		move();
	}
	printf("%d %d %d\n", handled, faults, jumps);
	return 0;
}
