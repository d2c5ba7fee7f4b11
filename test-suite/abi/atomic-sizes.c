/*
 * _Atomic of every size, also those no processor has an instruction for;
 * __sync and __atomic builtins; polls between the steps.
 *
 * CFLAGS: -pthread -w
 * LEVELS: O0 O2
 * REFERENCE: aarch64
 */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#ifdef PLAIN
#include <locked-atomics.h>
#endif

struct four {
	signed char bytes[4];
};
struct pair {
	long a, b;
};
struct large {
	int values[9];
};

static _Atomic(signed char) byte;
static _Atomic short word;
static atomic_int integer;
static atomic_long quick;
static _Atomic unsigned __int128 wide;
static _Atomic float single;
static _Atomic double real;
static _Atomic _Bool flag;
static _Atomic(char *) pointer;
static _Atomic struct four four;
static _Atomic struct pair pair;
static _Atomic struct large large;
static atomic_flag spin = ATOMIC_FLAG_INIT;
static char text[10000];

static void poll(void)
{
	for (volatile int i = 0; i < 2; i++)
		;
}

static void *work(void *argument)
{
	int id = (int)(intptr_t)argument;

	for (int i = 0; i < 100; i++) {
		struct pair old = pair, new;
		struct large oldest = large, newest;
		struct four t = four, u;

		byte++;
		word -= 3;
		atomic_fetch_add_explicit(&integer, id, memory_order_relaxed);
		quick ^= 1l << (i % 60);
		wide += (unsigned __int128)id << 70 | 1;
		single += 1.0f;
		real *= id ? 1.0 : 2.0;
		if (!id)
			real /= 2;
		atomic_fetch_add(&pointer, 2);
		poll();
		do {
			new = old;
			new.a += id;
			new.b -= id;
		} while (!atomic_compare_exchange_weak(&pair, &old, new));
		do {
			newest = oldest;
			for (int j = 0; j < 9; j++)
				newest.values[j] += j + id;
		} while (!atomic_compare_exchange_strong(&large, &oldest,
							 newest));
		do {
			u = t;
			u.bytes[i % 3]++;
		} while (!atomic_compare_exchange_strong(&four, &t, u));
		while (atomic_flag_test_and_set(&spin))
			poll();
		text[i]++;
		atomic_flag_clear(&spin);
	}
	return NULL;
}

static void builtins(void)
{
	static int i = 5;
	static long l = 6;
	static unsigned char c = 250;
	static short s = -1;
	int expected = 8, result;

	printf("%d %ld %d\n", __sync_fetch_and_add(&i, 3),
	       __sync_add_and_fetch(&l, 4), __sync_fetch_and_nand(&c, 0x0f));
	printf("%d ", __sync_bool_compare_and_swap(&i, 8, 9));
	printf("%d ", __sync_val_compare_and_swap(&i, 7, 1));
	printf("%d\n", __sync_lock_test_and_set(&s, 30));
	__sync_lock_release(&s);
	__sync_synchronize();
	printf("%d ", __atomic_compare_exchange_n(&i, &expected, 4, 0, 5, 0));
	printf("%d %d ", expected, i);
	printf("%d ", __atomic_fetch_min(&i, -5, __ATOMIC_RELAXED));
	printf("%d ", __atomic_fetch_max(&i, 100, __ATOMIC_SEQ_CST));
	printf("%d ", __atomic_nand_fetch(&i, 6, __ATOMIC_ACQ_REL));
	__atomic_exchange(&i, &expected, &result, __ATOMIC_SEQ_CST);
	printf("%d %d %d %d\n", result, i, c, s);
	printf("%d %d %d %d\n", atomic_is_lock_free(&integer),
	       atomic_is_lock_free(&quick), atomic_is_lock_free(&large),
	       __atomic_always_lock_free(8, 0));
	flag = 3;
	flag ^= 1;
	printf("%d\n", flag);
}

int main(void)
{
	pthread_t threads[4];
	unsigned __int128 value;
	struct pair p;
	struct large l;
	struct four t;

	real = 1.5;
	pointer = text;
	builtins();
	for (intptr_t i = 0; i < 4; i++)
		CHECK(!pthread_create(&threads[i], NULL, work, (void *)i));
	for (int i = 0; i < 4; i++)
		CHECK(!pthread_join(threads[i], NULL));
	value = wide;
	p = pair;
	l = large;
	t = four;
	printf("%d %d %d %lx\n", byte, word, integer, (long)quick);
	printf("%llx %llx\n", (unsigned long long)(value >> 64),
	       (unsigned long long)value);
	printf("%g %g %d\n", (double)single, (double)real,
	       (int)(pointer - text));
	printf("%ld %ld %d %d %d %d\n", p.a, p.b, l.values[0], l.values[8],
	       t.bytes[0], t.bytes[2]);
	printf("%d\n", text[99]);
	return 0;
}
