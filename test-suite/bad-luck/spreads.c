/* A thread leaves as the first thing that it does, and then works for a while.
 */
#include <popcorn.h>
#include <pthread.h>

static volatile long steps;

static void *work(void *argument)
{
	if (popcorn_migrate_thread(1))
		return argument;
	for (int i = 0; i < 5000; i++)
		for (volatile int k = 0; k < 5; k++)
			steps++;
	return NULL;
}

int main(void)
{
	pthread_t thread;
	void *result;

	pthread_create(&thread, NULL, work, &thread);
	pthread_join(thread, &result);
	return result ? 1 : 7;
}
