/*
 * A thread blocked in read() on a pipe while its process moves goes on waiting
 * and gets what is written later, in pieces.  A pipe cannot be saved.
 *
 * MODES: native verify self qemu qemu-self move
 * CFLAGS: -pthread
 */
#include "check.h"
#include <pthread.h>
#include <unistd.h>

static int ends[2];

static void *write_slowly(void *argument)
{
	(void)argument;
	for (int i = 0; i < 20; i++) {
		unsigned char bytes[2] = {(unsigned char)i,
					  (unsigned char)(i * 3)};

		usleep(10000);
		CHECK(write(ends[1], bytes, 2) == 2);
	}
	close(ends[1]);
	return NULL;
}

int main(void)
{
	unsigned char byte;
	pthread_t thread;
	int count = 0, sum = 0;

	CHECK(!pipe(ends));
	CHECK(!pthread_create(&thread, NULL, write_slowly, NULL));
	while (read(ends[0], &byte, 1) == 1) {
		sum = sum * 7 + byte;
		sum %= 1000003;
		count++;
	}
	pthread_join(thread, NULL);
	printf("%d %d\n", count, sum);
	return 0;
}
