/* Exit status and the order of atexit handlers, destructors and flushes. */
#include <stdio.h>
#include <stdlib.h>

static void spin(int n)
{
	for (volatile int i = 0; i < n; i++)
		;
}

static void first(void)
{
	spin(3000);
	puts("first");
}

static void second(void)
{
	spin(3000);
	puts("second");
	atexit(first);
}

__attribute__((constructor)) static void before(void)
{
	spin(3000);
	puts("constructor");
}

__attribute__((destructor)) static void after(void)
{
	spin(3000);
	puts("destructor");
}

int main(void)
{
	atexit(first);
	atexit(second);
	printf("no line end");
	spin(9000);
	exit(37);
}
