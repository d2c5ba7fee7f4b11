/*
 * Cancellation of a blocked thread runs its clean-up handlers.  A pipe cannot
 * be saved.
 *
 * MODES: native verify self qemu qemu-self move spread spread-user links
 * CFLAGS: -pthread
 */
#include "check.h"
#include <pthread.h>
#include <unistd.h>

static int ends[2];
static int cleaned[3];

static void clean(void *argument)
{
	(*(int *)argument)++;
}

static void *block(void *argument)
{
	char byte;

	(void)argument;
	pthread_cleanup_push(clean, &cleaned[0]);
	pthread_cleanup_push(clean, &cleaned[1]);
	(void)!read(ends[0], &byte, 1);
	pthread_cleanup_pop(1);
	pthread_cleanup_pop(1);
	return NULL;
}

static void *test(void *argument)
{
	(void)argument;
	pthread_cleanup_push(clean, &cleaned[2]);
	for (;;)
		pthread_testcancel();
	pthread_cleanup_pop(0);
	return NULL;
}

int main(void)
{
	pthread_t threads[2];
	void *result;

	CHECK(!pipe(ends));
	pthread_create(&threads[0], NULL, block, NULL);
	pthread_create(&threads[1], NULL, test, NULL);
	usleep(20000);
	for (int i = 0; i < 2; i++) {
		CHECK(!pthread_cancel(threads[i]));
		CHECK(!pthread_join(threads[i], &result));
		CHECK(result == PTHREAD_CANCELED);
	}
	printf("%d %d %d\n", cleaned[0], cleaned[1], cleaned[2]);
	return 0;
}
