/*
 * Producers and consumers on a bounded queue with two condition variables.
 *
 * MODES: usual spread spread-user spread-emulated links
 * CFLAGS: -pthread
 * SELF: 3
 */
#include "check.h"
#include <pthread.h>

#define ROOM  8
#define ITEMS 1500

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER;
static unsigned queue[ROOM], head, count;

static void *produce(void *argument)
{
	unsigned base = (unsigned)(uintptr_t)argument;

	for (unsigned i = 0; i < ITEMS; i++) {
		pthread_mutex_lock(&mutex);
		while (count == ROOM)
			pthread_cond_wait(&not_full, &mutex);
		queue[(head + count++) % ROOM] = base + i;
		pthread_cond_signal(&not_empty);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void *consume(void *argument)
{
	uint64_t *sum = argument;

	for (;;) {
		unsigned item;

		pthread_mutex_lock(&mutex);
		while (!count)
			pthread_cond_wait(&not_empty, &mutex);
		item = queue[head++ % ROOM];
		head %= ROOM;
		count--;
		pthread_cond_signal(&not_full);
		pthread_mutex_unlock(&mutex);
		if (item == ~0u)
			return NULL;
		*sum += (uint64_t)item * item;
	}
}

int main(void)
{
	pthread_t producers[2], consumers[2];
	uint64_t sums[2] = {0};

	for (uintptr_t i = 0; i < 2; i++) {
		CHECK(!pthread_create(&consumers[i], NULL, consume, &sums[i]));
		CHECK(!pthread_create(&producers[i], NULL, produce,
				      (void *)(i * 100000)));
	}
	for (int i = 0; i < 2; i++)
		pthread_join(producers[i], NULL);
	for (int i = 0; i < 2; i++) {
		pthread_mutex_lock(&mutex);
		while (count == ROOM)
			pthread_cond_wait(&not_full, &mutex);
		queue[(head + count++) % ROOM] = ~0u;
		pthread_cond_broadcast(&not_empty);
		pthread_mutex_unlock(&mutex);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(consumers[i], NULL);
	printf("%llu\n", (unsigned long long)(sums[0] + sums[1]));
	return 0;
}
