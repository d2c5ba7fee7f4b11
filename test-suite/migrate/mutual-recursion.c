/*
 * A cycle of functions with different signatures; a poll must stand somewhere
 * on it, and every one of them has frames of its own layout.
 */
#include <stdio.h>

static double third(char tag, double value);

static int first(int n, const char *name)
{
	if (n <= 0)
		return name[0];
	return (int)third(name[n % 5], n * 0.5) + n;
}

static long second(long n, short step)
{
	long below = first((int)(n - step), "popcorn");

	return below * 3 + step;
}

static double third(char tag, double value)
{
	return second((long)(value * 2) - 1, tag % 3 + 1) + value / 4;
}

int main(void)
{
	for (int n = 0; n < 60; n += 3)
		printf("%d %d %ld %.3f\n", n, first(n % 25, "migrate"),
		       second(n % 20, 2), third('x', n % 9));
	return 0;
}
