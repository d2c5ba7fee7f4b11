/*
 * Readers never see a half-made write under a read-write lock.
 *
 * MODES: usual spread spread-user links
 * CFLAGS: -pthread
 * SELF: 3
 */
#include "check.h"
#include <pthread.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static unsigned pair[2];

static void *read_pairs(void *argument)
{
	(void)argument;
	for (int i = 0; i < 800; i++) {
		CHECK(!pthread_rwlock_rdlock(&lock));
		CHECK(pair[0] * 2 == pair[1]);
		CHECK(!pthread_rwlock_unlock(&lock));
	}
	return NULL;
}

static void *write_pairs(void *argument)
{
	(void)argument;
	for (int i = 0; i < 400; i++) {
		CHECK(!pthread_rwlock_wrlock(&lock));
		pair[0]++;
		for (volatile int wait = 0; wait < 3; wait++)
			;
		pair[1] = pair[0] * 2;
		CHECK(!pthread_rwlock_unlock(&lock));
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		CHECK(!pthread_create(&threads[i], NULL,
				      i & 1 ? write_pairs : read_pairs, NULL));
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	printf("%u %u\n", pair[0], pair[1]);
	return 0;
}
