/*
 * What pthread_getattr_np says of a stack: locals are in it, in main and other
 * threads, on stacks of their own and the program's, deep inside calls and on
 * every node; and it says the same everywhere.  What else a thread was made
 * with it tells as well.
 *
 * MODES: usual nodes spread spread-user links
 * CFLAGS: -pthread
 */
#define _GNU_SOURCE
#include "leave.h"
#include <pthread.h>
#include <sys/mman.h>

#define OWN_SIZE (1 << 20)

struct bounds {
	char *low;
	size_t size, guard;
	int detached;
};

static struct bounds bounds_of(pthread_t thread)
{
	pthread_attr_t attributes;
	struct bounds b;
	void *low;

	CHECK(!pthread_getattr_np(thread, &attributes));
	CHECK(!pthread_attr_getstack(&attributes, &low, &b.size));
	CHECK(!pthread_attr_getguardsize(&attributes, &b.guard));
	CHECK(!pthread_attr_getdetachstate(&attributes, &b.detached));
	CHECK(!pthread_attr_destroy(&attributes));
	b.low = low;
	return b;
}

static void is_inside(struct bounds b, const void *local, size_t size)
{
	const char *at = local;

	CHECK(at >= b.low && at + size <= b.low + b.size);
}

static int deep(int depth, struct bounds b, int *outer)
{
	volatile char filled[500];
	int local = *outer + depth;

	filled[0] = filled[499] = (char)depth;
	if (depth)
		local += deep(depth - 1, b, &local);
	is_inside(b, &local, sizeof(local));
	is_inside(b, (const char *)filled, sizeof(filled));
	is_inside(b, outer, sizeof(*outer));
	return local + filled[499];
}

static void *work(void *argument)
{
	const struct bounds *wanted = argument;
	struct bounds before = bounds_of(pthread_self());
	int local = 3, sum = deep(20, before, &local);
	int variable[wanted->detached + 30];

	is_inside(before, &local, sizeof(local));
	is_inside(before, variable, sizeof(variable));
	CHECK(before.guard == wanted->guard);
	CHECK(before.detached == wanted->detached);
	CHECK(before.size > wanted->size - 65536);
	CHECK(before.size < wanted->size + 65536);
	CHECK(!wanted->low ||
	      (before.low == wanted->low && before.size <= wanted->size));
	for (int node = 1; node < 4; node++) {
		struct bounds now;

		leave(node);
		now = bounds_of(pthread_self());
		CHECK(now.low + now.size == before.low + before.size);
		CHECK(now.low == before.low && now.guard == before.guard);
		is_inside(now, &local, sizeof(local));
		is_inside(now, variable, sizeof(variable));
		CHECK(deep(20, now, &local) == sum);
	}
	return NULL;
}

static void as_a_thread(struct bounds wanted)
{
	pthread_attr_t attributes;
	pthread_t thread;
	struct bounds seen;

	CHECK(!pthread_attr_init(&attributes));
	if (wanted.low)
		CHECK(!pthread_attr_setstack(&attributes, wanted.low,
					     wanted.size));
	else
		CHECK(!pthread_attr_setstacksize(&attributes, wanted.size));
	CHECK(!pthread_attr_setguardsize(&attributes, wanted.guard));
	if (wanted.low) /* it has none */
		wanted.guard = 0;
	CHECK(!pthread_create(&thread, &attributes, work, &wanted));
	seen = bounds_of(thread);
	CHECK(seen.size >= wanted.size - (wanted.low ? 65536 : 0));
	CHECK(!pthread_join(thread, NULL));
	printf("%d %zu\n", !wanted.low, wanted.size);
}

int main(void)
{
	char *own = mmap(NULL, OWN_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int local = 3;

	CHECK(own != MAP_FAILED);
	as_a_thread((struct bounds){.size = 1 << 17, .guard = 8192});
	as_a_thread((struct bounds){.size = 1 << 19, .guard = 65536});
	as_a_thread((struct bounds){.size = 1 << 18, .guard = 0});
	as_a_thread((struct bounds){own, OWN_SIZE, 4096, 0});
	/* Main's takes long: a system call for each page. */
	deep(20, bounds_of(pthread_self()), &local);
	leave(1);
	deep(40, bounds_of(pthread_self()), &local);
	puts("inside");
	return 0;
}
