/*
 * Main ends by pthread_exit, first its clean-up handler, and is joined; other
 * threads go on, with the memory, the files and the streams that there were.
 * The last of them, a detached one, perhaps elsewhere, ends the process: with
 * status 0 and by exit handlers, once.
 *
 * MODES: usual nodes spread spread-user links
 * CFLAGS: -pthread
 */
#include "leave.h"
#include "times.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define LINES 20

static pthread_t main_thread, last_but_one;
static uint32_t words[300];
static atomic_int cleaned;
static int file, times;

static void check_words(uint32_t state)
{
	for (int i = 0; i < 300; i++)
		CHECK(words[i] == next_random(&state));
}

static void *join_main(void *argument)
{
	char bytes[4] = "abc", back[4];
	void *result;

	leave(1);
	CHECK(!pthread_join(main_thread, &result));
	printf("main: %d %d\n", (int)(intptr_t)result, atomic_load(&cleaned));
	for (int i = 0; i < LINES; i++) {
		rest(1);
		check_words(5);
		CHECK(pwrite(file, bytes, 4, 4l * i) == 4);
		CHECK(pread(file, back, 4, 4l * i) == 4 && back[1] == 'b');
		CHECK(access("gone", F_OK) == -1);
	}
	CHECK(lseek(file, 0, SEEK_END) == 4 * LINES);
	puts("files");
	fflush(stdout);
	return argument;
}

static void *be_last(void *argument)
{
	void *result;

	leave(2);
	CHECK(!pthread_join(last_but_one, &result));
	printf("last but one: %d\n", (int)(intptr_t)result);
	leave(1);
	for (volatile int i = 0; i < 50; i++)
		;
	return argument;
}

static void at_exit(void)
{
	printf("end %d\n", ++times);
}

static void clean(void *argument)
{
	puts("main's handler");
	atomic_store(&cleaned, *(int *)argument);
}

int main(void)
{
	uint32_t state = 5;
	pthread_attr_t attributes;
	pthread_t thread;
	int seven = 7;

	for (int i = 0; i < 300; i++)
		words[i] = next_random(&state);
	file = open("main-gone", O_RDWR | O_CREAT | O_TRUNC, 0600);
	CHECK(file >= 0);
	CHECK(!atexit(at_exit));
	main_thread = pthread_self();
	CHECK(!pthread_create(&last_but_one, NULL, join_main, (void *)66));
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	CHECK(!pthread_create(&thread, &attributes, be_last, NULL));
	leave(1);
	pthread_cleanup_push(clean, &seven);
	pthread_exit((void *)55);
	pthread_cleanup_pop(0);
}
