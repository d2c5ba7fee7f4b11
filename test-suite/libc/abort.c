/* abort() ends the program by SIGABRT after the handler had its say. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void handler(int signal)
{
	(void)signal;
	(void)!write(1, "handler\n", 8);
}

int main(void)
{
	signal(SIGABRT, handler);
	for (volatile int i = 0; i < 1000; i++)
		;
	abort();
}
