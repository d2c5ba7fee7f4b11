/*
 * Labels as values in heap memory, structures, globals and on other stacks;
 * differences of labels; coroutines by stored labels; switches and loops that
 * jump into each other; recursion that interprets itself.
 *
 * MODES: usual spread
 * LEVELS: O0 O2
 */
#include "check.h"
#include <string.h>

struct routine {
	void *where;
	int counter, *log, steps;
	struct routine *next;
};

static int turn(struct routine *r)
{
	if (r->where)
		goto * r->where;
	for (r->counter = 0; r->counter < 5; r->counter++) {
		r->log[r->steps++] = r->counter;
		r->where = &&resumed;
		for (volatile int i = 0; i < 2; i++)
			;
		return 1;
resumed:
		r->log[r->steps++] = 100 + r->counter;
		if (r->counter & 1) {
			r->where = &&odd;
			return 2;
odd:
			r->log[r->steps++] = 200 + r->counter;
		}
	}
	r->where = &&finished;
finished:
	return 0;
}

/* Offsets between labels, as in threaded interpreters of small size. */
static long offsets(const unsigned char *code, long x)
{
	static const int table[] = {&&op_add - &&op_add, &&op_mul - &&op_add,
				    &&op_neg - &&op_add, &&op_call - &&op_add,
				    &&op_end - &&op_add};
	void *const *start = NULL;
	void *local[] = {&&op_add, &&op_mul, &&op_end};

	(void)start;
#define NEXT goto *(&&op_add + table[*code++])
	NEXT;
op_add:
	x += *code++;
	NEXT;
op_mul:
	x = x * *code++ % 1000003;
	NEXT;
op_neg:
	x = -x;
	for (volatile int i = 0; i < 2; i++)
		;
	NEXT;
op_call:
	x += offsets(code + 1 + code[0], x % 97);
	code++;
	if (x & 1)
		goto *local[x & 2 ? 0 : 1];
	NEXT;
op_end:
	return x;
}

/* Duff's device: cases inside loops. */
static int duff(char *to, const char *from, int count)
{
	int n = (count + 7) / 8, trips = 0;

	switch (count % 8) {
	case 0:
		do {
			*to++ = *from++;
			for (volatile int i = 0; i < 2; i++)
				;
		case 7:
			*to++ = *from++;
		case 6:
			*to++ = *from++;
		case 5:
			*to++ = *from++;
		case 4:
			*to++ = *from++;
		case 3:
			*to++ = *from++;
		case 2:
			*to++ = *from++;
		case 1:
			*to++ = *from++;
			trips++;
		} while (--n > 0);
	}
	return trips;
}

/* Two loops that lead into each other. */
static int irreducible(int n)
{
	int a = 0, b = 0;

	if (n & 1)
		goto second;
first:
	a += 3;
	if (a + b > n)
		return a * 1000 + b;
second:
	b += 2;
	for (volatile int i = 0; i < 2; i++)
		;
	if (b % 7)
		goto first;
	a--;
	goto second;
}

int main(void)
{
	static const unsigned char code[] = {0, 5, 1, 7, 3, 4, 2, 0, 1,
					     4, 0, 2, 1, 3, 4, 4, 4};
	struct routine *all = NULL;
	int total = 0;

	for (int i = 0; i < 10; i++) {
		struct routine *r = calloc(1, sizeof(*r));

		r->log = calloc(40, sizeof(int));
		r->next = all;
		all = r;
	}
	for (int busy = 1; busy;) {
		busy = 0;
		for (struct routine *r = all; r; r = r->next)
			busy |= turn(r);
		total++;
	}
	for (struct routine *r = all; r; r = r->next) {
		for (int i = 0; i < r->steps; i++)
			printf("%d ", r->log[i]);
		printf("%d\n", total);
	}
	for (int i = 0; i < 60; i++) {
		char from[64], to[64] = "";

		for (int j = 0; j < 64; j++)
			from[j] = (char)('0' + (i + j) % 60);
		printf("%ld %d ", offsets(code, i), duff(to, from, i + 1));
		printf("%d %s\n", irreducible(i * 3), to);
	}
	return 0;
}
