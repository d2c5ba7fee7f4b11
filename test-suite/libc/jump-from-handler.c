/*
 * siglongjmp out of a signal's handler, from a loop and from a blocked call, at
 * several depths: the mask is back, the locals are, and it works the next time.
 * A pipe cannot be saved.
 *
 * MODES: native verify self qemu qemu-self move spread spread-user links
 */
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile long spin;

static void handler(int signal)
{
	siglongjmp(back, signal);
}

__attribute__((noinline)) static void work(int depth, int fd)
{
	char byte;

	if (depth) {
		work(depth - 1, fd);
		spin++;
		return;
	}
	if (fd >= 0)
		read(fd, &byte, 1);
	else
		for (;;)
			spin++;
}

int main(void)
{
	struct itimerval timer = {{0, 0}, {0, 3000}};
	volatile int right = 0;
	int ends[2];
	sigset_t mask;

	CHECK(!pipe(ends));
	signal(SIGALRM, handler);
	for (volatile int i = 0; i < 60; i++) {
		int local = i * 3, got = sigsetjmp(back, 1);

		if (got) {
			right += got == SIGALRM && local == i * 3;
			continue;
		}
		setitimer(ITIMER_REAL, &timer, NULL);
		work(i % 7, i & 1 ? ends[0] : -1);
		CHECK(!"work returned");
	}
	sigprocmask(SIG_BLOCK, NULL, &mask);
	printf("%d, blocked: %d\n", right, sigismember(&mask, SIGALRM));
	return 0;
}
