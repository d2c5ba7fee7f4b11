/* Fills a small address space: calls fail with an error, and work again. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static void *nothing(void *argument)
{
	return argument;
}

int main(void)
{
	struct rlimit r;
	pthread_t thread;
	void **last = NULL, **next;
	int error;

	getrlimit(RLIMIT_AS, &r);
	r.rlim_cur = 200ul << 20;
	setrlimit(RLIMIT_AS, &r);
	while ((next = malloc(100000))) {
		*next = last;
		last = next;
	}
	printf("malloc: %s\n", strerror(errno));
	error = pthread_create(&thread, NULL, nothing, NULL);
	printf("thread: %s\n", strerror(error));
	while (last) {
		next = *last;
		free(last);
		last = next;
	}
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_AS, &r);
	error = pthread_create(&thread, NULL, nothing, NULL);
	return error || pthread_join(thread, NULL);
}
