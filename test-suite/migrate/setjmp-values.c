/*
 * What the standard says of locals at longjmp: those not changed since setjmp
 * and volatile ones have their value, also those reached by address.
 *
 * LEVELS: O0 O2
 */
#include "check.h"
#include <setjmp.h>

static void jump(jmp_buf *to, volatile int *counter)
{
	for (volatile int i = 0; i < 5; i++)
		;
	++*counter;
	longjmp(*to, *counter);
}

static double keep(int seed)
{
	jmp_buf buffer;
	int same = seed * 3;
	double real = seed / 7.0;
	const char *text = "kept";
	volatile int changed = 0;
	volatile int counter = 0;

	switch (setjmp(buffer)) {
	case 0:
		changed = 1;
		jump(&buffer, &counter);
		break;
	case 1:
	case 2:
		changed++;
		jump(&buffer, &counter);
		break;
	default:
		CHECK(counter == 3 && changed == 3);
	}
	CHECK(same == seed * 3 && text[0] == 'k');
	return real + same + changed;
}

int main(void)
{
	double sum = 0;

	for (int seed = 0; seed < 1000; seed++)
		sum += keep(seed);
	printf("%.9f\n", sum);
	return 0;
}
