/*
 * A handler of a synchronous fault runs at once and may jump out to a caller of
 * the function that faulted.
 */
#include "check.h"
#include <setjmp.h>
#include <signal.h>

static sigjmp_buf back;
static int *volatile nowhere;

static void handler(int signal)
{
	siglongjmp(back, signal);
}

static __attribute__((noinline)) void touch(int *at)
{
	for (volatile int i = 0; i < 5; i++)
		;
	*at = 5;
}

int main(void)
{
	int caught = 0;

	signal(SIGSEGV, handler);
	for (volatile int i = 0; i < 20; i++) {
		if (sigsetjmp(back, 1))
			caught++;
		else
			touch(nowhere);
	}
	printf("%d\n", caught);
	return 0;
}
