/*
 * Threads that end while the process is moved or saved: libc holds its list of
 * threads locked until an ending thread's word is cleared, which must have been
 * done where the process was.
 *
 * MODES: usual
 * CFLAGS: -pthread
 * MOVES: 4
 */
#include "check.h"
#include <pthread.h>
#include <stdint.h>

#define ROUNDS	400
#define THREADS 4

static void *end(void *argument)
{
	for (volatile int i = 0; i < (intptr_t)argument; i++)
		;
	return argument;
}

int main(void)
{
	pthread_t threads[THREADS];
	pthread_attr_t detached;

	CHECK(!pthread_attr_init(&detached));
	CHECK(!pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED));
	for (int round = 0; round < ROUNDS; round++) {
		for (intptr_t i = 0; i < THREADS; i++)
			CHECK(!pthread_create(&threads[i], i ? NULL : &detached,
					      end, (void *)i));
		for (intptr_t i = 1; i < THREADS; i++) {
			void *result;

			CHECK(!pthread_join(threads[i], &result));
			CHECK((intptr_t)result == i);
		}
	}
	puts("all have ended");
	return 0;
}
