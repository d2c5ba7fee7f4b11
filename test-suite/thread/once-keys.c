/*
 * pthread_once, thread-specific data and its destructors, thread results,
 * pthread_exit from a nested call, a detached thread.
 *
 * MODES: usual spread spread-user links
 * CFLAGS: -pthread
 */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static atomic_int initialised, destroyed, detached_done;

static void destroy(void *value)
{
	atomic_fetch_add(&destroyed, *(int *)value);
	free(value);
}

static void initialise(void)
{
	initialised++;
	CHECK(!pthread_key_create(&key, destroy));
}

static void leave(int depth, int *value)
{
	if (depth)
		leave(depth - 1, value);
	pthread_exit((void *)(intptr_t)(*value * 10));
}

static void *work(void *argument)
{
	int *value = malloc(sizeof(int));

	*value = (int)(intptr_t)argument;
	pthread_once(&once, initialise);
	CHECK(!pthread_getspecific(key));
	CHECK(!pthread_setspecific(key, value));
	for (volatile int i = 0; i < 200; i++)
		;
	CHECK(pthread_getspecific(key) == value);
	leave(5, value);
	return NULL;
}

static void *alone(void *argument)
{
	atomic_store(&detached_done, (int)(intptr_t)argument);
	return NULL;
}

int main(void)
{
	pthread_t threads[5], other;
	pthread_attr_t attributes;

	for (intptr_t i = 0; i < 5; i++)
		CHECK(!pthread_create(&threads[i], NULL, work,
				      (void *)(i + 1)));
	for (int i = 0; i < 5; i++) {
		void *result;

		CHECK(!pthread_join(threads[i], &result));
		printf("%ld ", (long)(intptr_t)result);
	}
	printf("\n%d %d\n", initialised, destroyed);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	CHECK(!pthread_create(&other, &attributes, alone, (void *)7));
	while (!atomic_load(&detached_done))
		usleep(1000);
	printf("%d\n", detached_done);
	return 0;
}
