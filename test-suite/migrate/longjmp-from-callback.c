/* longjmp out of a qsort() callback, over libc's frames. */
#include "check.h"
#include <setjmp.h>

static jmp_buf out;
static int left;

static int compare(const void *a, const void *b)
{
	if (!left--)
		longjmp(out, 42);
	return *(const int *)a - *(const int *)b;
}

int main(void)
{
	int values[64], finished = 0;

	for (int limit = 0; limit < 400; limit += 10) {
		uint32_t state = 3;

		for (int i = 0; i < 64; i++)
			values[i] = (int)(next_random(&state) % 1000);
		left = limit;
		if (!setjmp(out)) {
			qsort(values, 64, sizeof(int), compare);
			finished++;
		}
	}
	printf("%d finished, first %d last %d\n", finished, values[0],
	       values[63]);
	return 0;
}
