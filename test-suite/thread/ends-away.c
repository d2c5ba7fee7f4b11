/*
 * Threads that end elsewhere: by return, by pthread_exit from deep inside,
 * cancelled; destructors of thread-specific values, C11's too, run there, again
 * for what they set, but not for ever; results come to whoever joins.  What is
 * to be done once is done once, by one of those who come at the same time from
 * several nodes, and all see it done; when that one is cancelled, by another.
 *
 * MODES: usual nodes spread spread-user links
 * CFLAGS: -pthread
 */
#include "leave.h"
#include "times.h"
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <threads.h>

#define THREADS 6
#define ROUNDS	10

static pthread_key_t once_again, always, owned, deleted;
static tss_t c11;
static atomic_int first_calls, again_calls, always_calls, owned_bytes,
	c11_calls, ready, key_is_gone;
static _Thread_local int mine;

static void destroy_again(void *value)
{
	CHECK(!pthread_getspecific(once_again));
	CHECK(mine == 44);
	if (value == &first_calls) {
		atomic_fetch_add(&first_calls, 1);
		leave(1);
		CHECK(!pthread_setspecific(once_again, &again_calls));
	} else {
		CHECK(value == &again_calls);
		atomic_fetch_add(&again_calls, 1);
	}
}

static void destroy_always(void *value)
{
	atomic_fetch_add(&always_calls, 1);
	CHECK(!pthread_setspecific(always, value));
}

static void destroy_owned(void *value)
{
	atomic_fetch_add(&owned_bytes, (int)strlen(value));
	free(value);
}

static void destroy_c11(void *value)
{
	leave(2);
	atomic_fetch_add(&c11_calls, *(int *)value);
}

static void never(void *value)
{
	CHECK(!value);
}

static int deep(int depth)
{
	int local = depth;

	if (!depth)
		pthread_exit((void *)1000);
	return deep(depth - 1) + local;
}

static void *work(void *argument)
{
	static int five = 5;
	int id = (int)(intptr_t)argument;

	mine = 44;
	CHECK(!pthread_getspecific(owned) && !tss_get(c11));
	CHECK(!pthread_setspecific(once_again, &first_calls));
	CHECK(!pthread_setspecific(always, &five));
	CHECK(!pthread_setspecific(deleted, &five));
	leave(id);
	CHECK(!pthread_setspecific(owned, strdup("owned")));
	CHECK(tss_set(c11, &five) == thrd_success);
	CHECK(!strcmp(pthread_getspecific(owned), "owned"));
	leave(id + 1);
	atomic_fetch_add(&ready, 1);
	while (!atomic_load(&key_is_gone))
		rest(1);
	switch (id % 3) {
	case 0:
		deep(20);
		break;
	case 1:
		for (;;)
			rest(1000);
	}
	return (void *)(intptr_t)(100 + id);
}

static void ends(void)
{
	pthread_t threads[THREADS];
	void *result;

	CHECK(!pthread_key_create(&once_again, destroy_again));
	CHECK(!pthread_key_create(&always, destroy_always));
	CHECK(!pthread_key_create(&owned, destroy_owned));
	CHECK(!pthread_key_create(&deleted, never));
	CHECK(tss_create(&c11, destroy_c11) == thrd_success);
	CHECK(!pthread_setspecific(owned, "main's"));
	for (intptr_t i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, work, (void *)i));
	while (atomic_load(&ready) < THREADS)
		rest(1);
	CHECK(!pthread_key_delete(deleted));
	atomic_store(&key_is_gone, 1);
	for (int i = 0; i < THREADS; i++) {
		if (i % 3 == 1)
			CHECK(!pthread_cancel(threads[i]));
		CHECK(!pthread_join(threads[i], &result));
		printf("%ld ", (long)(intptr_t)result);
	}
	printf("\n%d %d %d %d\n", first_calls, again_calls, owned_bytes,
	       c11_calls);
	CHECK(always_calls == THREADS * PTHREAD_DESTRUCTOR_ITERATIONS);
	CHECK(!strcmp(pthread_getspecific(owned), "main's"));
	tss_delete(c11);
	CHECK(!pthread_key_delete(owned));
}

static pthread_once_t onces[ROUNDS];
static once_flag c11_once[ROUNDS];
static pthread_barrier_t barrier;
static atomic_int begun[ROUNDS], done[ROUNDS], c11_done[ROUNDS], round_now;
static int plain[ROUNDS];

static void initialise(void)
{
	int now = atomic_load(&round_now);

	leave(now + 1);
	if (!atomic_fetch_add(&begun[now], 1) && now % 5 == 4)
		for (;;)
			rest(1000); /* until cancelled */
	rest(1);
	atomic_fetch_add(&done[now], 1);
	plain[now] = 1000 + now;
}

static void initialise_c11(void)
{
	leave(1);
	c11_done[round_now]++;
}

static void *together(void *argument)
{
	leave((int)(intptr_t)argument);
	for (int i = 0; i < ROUNDS; i++) {
		int waited = pthread_barrier_wait(&barrier);

		if (waited == PTHREAD_BARRIER_SERIAL_THREAD)
			atomic_store(&round_now, i);
		else
			CHECK(!waited);
		pthread_barrier_wait(&barrier);
		if (i % 5 == 4 && argument)
			while (!begun[i]) /* another one is first */
				rest(1);
		CHECK(!pthread_once(&onces[i], initialise));
		CHECK(atomic_load(&done[i]) == 1 && plain[i] == 1000 + i);
		call_once(&c11_once[i], initialise_c11);
		CHECK(c11_done[i] == 1);
	}
	return NULL;
}

/* Is the first in the rounds of those who are cancelled. */
static void *be_cancelled(void *argument)
{
	int now = (int)(intptr_t)argument;

	while (atomic_load(&round_now) != now)
		rest(1);
	pthread_once(&onces[now], initialise);
	return argument;
}

int main(void)
{
	static const pthread_once_t fresh = PTHREAD_ONCE_INIT;
	pthread_t threads[3], lost[2];
	void *result;

	ends();
	atomic_store(&round_now, -1);
	for (int i = 0; i < ROUNDS; i++)
		onces[i] = fresh;
	CHECK(!pthread_barrier_init(&barrier, NULL, 3));
	for (intptr_t i = 0; i < 2; i++)
		CHECK(!pthread_create(&lost[i], NULL, be_cancelled,
				      (void *)(5 * i + 4)));
	for (intptr_t i = 0; i < 3; i++)
		CHECK(!pthread_create(&threads[i], NULL, together,
				      (void *)(i + 1)));
	for (int i = 0; i < 2; i++) {
		while (!begun[5 * i + 4])
			rest(1);
		rest(2);
		CHECK(!pthread_cancel(lost[i]));
		CHECK(!pthread_join(lost[i], &result));
		CHECK(result == PTHREAD_CANCELED);
	}
	for (int i = 0; i < 3; i++)
		CHECK(!pthread_join(threads[i], NULL));
	for (int i = 0; i < ROUNDS; i++)
		CHECK(begun[i] == 1 + (i % 5 == 4));
	puts("once");
	return 0;
}
