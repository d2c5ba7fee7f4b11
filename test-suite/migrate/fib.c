/*
 * Two calls in one expression: the first one's result lives across the second.
 *
 * LEVELS: O0 O2
 */
#include <stdio.h>

static long fib(int n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

int main(void)
{
	for (int i = 0; i <= 20; i++)
		printf("fib(%d) = %ld\n", i, fib(i));
	return 0;
}
