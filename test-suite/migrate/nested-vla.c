/*
 * Arrays of variable length in all forms: two dimensions, parameters, sizeof,
 * pointers to them, in loops that leave their scope by break, continue, goto
 * and return, with alloca that lives on; the stack must not grow.
 *
 * LEVELS: O0 O2
 */
#include "check.h"
#include <string.h>

static void poll(void)
{
	for (volatile int i = 0; i < 2; i++)
		;
}

static long sum(int rows, int columns, long matrix[rows][columns])
{
	long total = 0;

	for (int i = 0; i < rows; i++)
		for (int j = 0; j < columns; j++)
			total = total * 3 + matrix[i][j];
	poll();
	return total + (long)sizeof(matrix[0]);
}

static long fill(int rows, int columns)
{
	long matrix[rows][columns];
	long(*pointer)[columns] = matrix;
	size_t size = sizeof(matrix);

	for (int i = 0; i < rows; i++) {
		char row[columns + i];

		memset(row, i + 1, sizeof(row));
		poll();
		for (int j = 0; j < columns; j++)
			pointer[i][j] = row[j] * j + (long)sizeof(row);
	}
	return sum(rows, columns, matrix) + (long)size;
}

static char *first_frame;
static size_t deepest;

/* How far is the stack from where main began? */
static void measure(const char *local)
{
	size_t depth = local > first_frame ? (size_t)(local - first_frame)
					   : (size_t)(first_frame - local);

	if (depth > deepest)
		deepest = depth;
}

static long scopes(int n)
{
	long total = 0;
	char *kept = NULL;
	int i = 0;

again:
	while (i < n) {
		char array[i % 50 + 2000];

		memset(array, i, sizeof(array));
		measure(array);
		poll();
		total += array[sizeof(array) - 1] + (long)sizeof(array);
		i++;
		if (i % 7 == 1)
			continue;
		if (i % 7 == 3)
			goto again;
		if (i % 7 == 5) {
			short inner[i + 1];

			memset(inner, 0, sizeof(inner));
			inner[i] = (short)total;
			poll();
			total += inner[i];
			break;
		}
	}
	if (i < n) {
		if (!kept) {
			kept = __builtin_alloca(100);
			memset(kept, 'k', 100);
		}
		kept[i % 100]++;
		goto again;
	}
	for (int j = 0; kept && j < 100; j++)
		total += kept[j];
	return total;
}

static long typed(int n)
{
	typedef struct {
		int length;
		double values[4];
	} element;
	element all[n], *at = all;
	typeof(int[n][3]) other;
	int count = 0;

	for (; at < all + n; at++) {
		at->length = n;
		for (int i = 0; i < 4; i++)
			at->values[i] = i * 1.5 + (at - all);
		other[at - all][count++ % 3] = n;
		poll();
	}
	return (long)(all[n / 2].values[3] * 8) + other[n - 1][(n - 1) % 3] +
	       (long)sizeof(other);
}

int main(void)
{
	char here;

	first_frame = &here;
	for (int i = 1; i < 40; i++)
		printf("%ld %ld %ld\n", fill(i % 7 + 1, i), scopes(i * 10),
		       typed(i));
	CHECK(deepest < 20000);
	return 0;
}
