/*
 * <threads.h> and <stdatomic.h>: threads, mutexes of all kinds, conditions,
 * thread-specific values with destructors, call_once, timed waits.
 *
 * CFLAGS: -pthread
 * MODES: native self qemu qemu-self move save spread spread-user links
 */
#include "check.h"
#include <stdatomic.h>
#include <threads.h>
#include <time.h>

#define THREADS 4

static mtx_t lock, nested, timed;
static cnd_t ready, taken;
static tss_t key;
static once_flag flag = ONCE_FLAG_INIT;
static int slot = -1, initialised;
static atomic_int destroyed, started;
static atomic_ullong sum;
static thread_local uint64_t own = 5;

static void destroy(void *value)
{
	atomic_fetch_add(&destroyed, (int)(intptr_t)value);
}

static void initialise(void)
{
	for (volatile int i = 0; i < 10; i++)
		;
	initialised++;
}

static int consume(void *argument)
{
	int id = (int)(intptr_t)argument, count = 0;

	call_once(&flag, initialise);
	atomic_fetch_add(&started, 1);
	CHECK(tss_set(key, (void *)(intptr_t)(id + 1)) == thrd_success);
	for (;;) {
		int value;

		CHECK(mtx_lock(&lock) == thrd_success);
		while (slot < 0)
			CHECK(cnd_wait(&ready, &lock) == thrd_success);
		value = slot;
		if (value < 1000000) {
			slot = -1;
			cnd_signal(&taken);
		}
		mtx_unlock(&lock);
		if (value >= 1000000)
			break;
		own = own * 31 + 1;
		atomic_fetch_add(&sum, (unsigned long long)value * value);
		count++;
		if (!(value & 7))
			thrd_yield();
	}
	CHECK((intptr_t)tss_get(key) == id + 1);
	for (int i = 0; i < count; i++) {
		CHECK(mtx_lock(&nested) == thrd_success);
		CHECK(mtx_lock(&nested) == thrd_success);
		CHECK(mtx_unlock(&nested) == thrd_success);
		CHECK(mtx_unlock(&nested) == thrd_success);
	}
	if (id & 1)
		thrd_exit(count);
	return count;
}

static void produce(int value)
{
	CHECK(mtx_lock(&lock) == thrd_success);
	while (slot >= 0)
		CHECK(cnd_wait(&taken, &lock) == thrd_success);
	slot = value;
	cnd_signal(&ready);
	if (value >= 1000000)
		cnd_broadcast(&ready);
	mtx_unlock(&lock);
}

static int hold(void *argument)
{
	struct timespec pause = {0, 60000000};

	CHECK(mtx_lock(&timed) == thrd_success);
	*(atomic_int *)argument = 1;
	thrd_sleep(&pause, NULL);
	return mtx_unlock(&timed);
}

int main(void)
{
	thrd_t threads[THREADS];
	struct timespec soon;
	atomic_int held = 0;
	int result, total = 0;

	CHECK(mtx_init(&lock, mtx_plain) == thrd_success);
	CHECK(mtx_init(&nested, mtx_plain | mtx_recursive) == thrd_success);
	CHECK(mtx_init(&timed, mtx_timed) == thrd_success);
	CHECK(cnd_init(&ready) == thrd_success);
	CHECK(cnd_init(&taken) == thrd_success);
	CHECK(tss_create(&key, destroy) == thrd_success);
	for (intptr_t i = 0; i < THREADS; i++)
		CHECK(thrd_create(&threads[i], consume, (void *)i) ==
		      thrd_success);
	for (int i = 0; i < 200; i++)
		produce(i);
	produce(1000000);
	for (int i = 0; i < THREADS; i++) {
		CHECK(thrd_join(threads[i], &result) == thrd_success);
		total += result;
	}
	printf("%d %llu %d %d %d\n", total, atomic_load(&sum), destroyed,
	       started, initialised);
	for (int i = 0; i < 3; i++) {
		held = 0;
		CHECK(thrd_create(&threads[0], hold, &held) == thrd_success);
		while (!held)
			thrd_yield();
		timespec_get(&soon, TIME_UTC);
		soon.tv_nsec += 5000000;
		if (soon.tv_nsec >= 1000000000)
			soon.tv_sec++, soon.tv_nsec -= 1000000000;
		result = mtx_timedlock(&timed, &soon);
		if (result == thrd_success)
			mtx_unlock(&timed);
		CHECK(result == thrd_timedout || result == thrd_success);
		thrd_join(threads[0], &result);
		CHECK(result == thrd_success);
		CHECK(mtx_trylock(&timed) == thrd_success);
		CHECK(mtx_trylock(&timed) == thrd_busy);
		mtx_unlock(&timed);
	}
	CHECK(thrd_equal(thrd_current(), thrd_current()));
	puts("done");
	return 0;
}
