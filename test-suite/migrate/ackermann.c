/*
 * A recursive call as argument of a recursive call in tail position.
 *
 * MODES: usual spread
 */
#include <stdio.h>

static int depth, deepest;

static unsigned ackermann(unsigned m, unsigned n)
{
	unsigned result;

	if (++depth > deepest)
		deepest = depth;
	if (!m)
		result = n + 1;
	else if (!n)
		result = ackermann(m - 1, 1);
	else
		result = ackermann(m - 1, ackermann(m, n - 1));
	depth--;
	return result;
}

int main(void)
{
	for (unsigned m = 0; m < 4; m++)
		for (unsigned n = 0; n < 4; n++)
			printf("ackermann(%u, %u) = %u\n", m, n,
			       ackermann(m, n));
	printf("deepest %d\n", deepest);
	return 0;
}
