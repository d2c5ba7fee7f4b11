/*
 * Threads that count under a mutex and with atomics; none is lost.
 *
 * MODES: usual spread spread-user spread-emulated links
 * CFLAGS: -pthread
 * SELF: 3
 */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>

#define THREADS 4
#define ROUNDS	3000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long guarded;
static atomic_long free_running;

static void *work(void *argument)
{
	long id = (long)argument, mine = 0;

	for (int i = 0; i < ROUNDS; i++) {
		CHECK(!pthread_mutex_lock(&mutex));
		guarded += id;
		CHECK(!pthread_mutex_unlock(&mutex));
		atomic_fetch_add(&free_running, 1);
		mine += i * id;
	}
	return (void *)mine;
}

int main(void)
{
	pthread_t threads[THREADS];
	long sum = 0;
	void *result;

	for (long i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, work,
				      (void *)(i + 1)));
	for (int i = 0; i < THREADS; i++) {
		CHECK(!pthread_join(threads[i], &result));
		sum += (long)result;
	}
	printf("%ld %ld %ld\n", guarded, atomic_load(&free_running), sum);
	return 0;
}
