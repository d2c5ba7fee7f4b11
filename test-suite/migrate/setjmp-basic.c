/*
 * setjmp and longjmp: values, many frames up, in a loop, across moves between
 * the two.
 *
 * LEVELS: O0 O2
 */
#include "check.h"
#include <setjmp.h>

static jmp_buf buffer;
static int unwound;

static void down(int depth, int value)
{
	int mine = depth;

	if (!depth)
		longjmp(buffer, value);
	down(depth - 1, value);
	unwound += mine;
}

static int once(int depth, int value)
{
	int got = setjmp(buffer);

	if (!got)
		down(depth, value);
	return got;
}

int main(void)
{
	volatile int rounds = 0;

	for (int i = 0; i < 40; i++)
		printf("%d ", once(i, i * 3));
	printf("\nunwound %d\n", unwound);
	/* Zero becomes one; the buffer may be used again and again. */
	if (setjmp(buffer) < 100) {
		rounds++;
		down(rounds % 7, rounds);
	}
	printf("rounds %d\n", rounds);
	return 0;
}
