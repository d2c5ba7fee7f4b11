/* A program that ends by a signal ends by that signal for its parent too. */
#include <signal.h>
#include <stdio.h>

int main(void)
{
	puts("before");
	fflush(stdout);
	for (volatile int i = 0; i < 1000; i++)
		;
	raise(SIGTERM);
	puts("never");
	return 0;
}
