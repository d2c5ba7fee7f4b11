/*
 * Several live jump buffers: exceptions made of setjmp, rethrown through
 * frames that have buffers of their own.
 *
 * MODES: usual spread
 */
#include "check.h"
#include <setjmp.h>

struct handler {
	jmp_buf buffer;
	struct handler *outer;
};

static struct handler *top;
static uint64_t trail;

static _Noreturn void throw(int what)
{
	struct handler *handler = top;

	top = handler->outer;
	longjmp(handler->buffer, what);
}

static int work(int depth, int seed)
{
	struct handler mine;
	volatile int local = depth * 7;
	int what;

	if (!depth) {
		if (seed % 3 && top)
			throw(seed + 1);
		return seed;
	}
	mine.outer = top;
	top = &mine;
	what = setjmp(mine.buffer);
	if (!what) {
		int result = work(depth - 1, seed);

		top = mine.outer;
		return result + local;
	}
	trail = mix(trail, (uint64_t)(what * 100 + local));
	if (what % 5 && mine.outer)
		throw(what + 1);
	return what * 2;
}

int main(void)
{
	for (int seed = 0; seed < 60; seed++) {
		printf("%d ", work(seed % 13, seed * 3 + seed % 2));
		CHECK(!top);
	}
	printf("\n%016llx\n", (unsigned long long)trail);
	return 0;
}
