/*
 * Threads that leave for other nodes of their own will: what they are (number,
 * pthread_self, thread-local variables, errno) goes with them; memory, locks,
 * descriptors and maps are one; they go from node to node, make threads, are
 * joined and cancelled, and end wherever they are.
 *
 * CFLAGS: -pthread
 * MODES: native verify nodes spread spread-user spread-emulated links
 */
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <popcorn.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define THREADS 6
#define WORDS	20000

static _Thread_local long own = 7;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long counter, words[THREADS][WORDS], turn;
static int pipes[2];

static void go(int node)
{
	pthread_t self = pthread_self();
	pid_t tid = gettid(), pid = getpid();
	long before = own, *at = &own;

	errno = 1234;
	CHECK(!popcorn_migrate_thread(node % popcorn_nodes()));
	CHECK(popcorn_node() == node % popcorn_nodes());
	CHECK(errno == 1234 && pthread_equal(self, pthread_self()));
	CHECK(gettid() == tid && getpid() == pid);
	CHECK(own == before && at == &own);
	own++;
}

static void *child(void *argument)
{
	long *to = argument;

	go((int)*to + 1);
	*to = 100 + *to;
	return argument;
}

static void *work(void *argument)
{
	long me = (long)argument, local[4] = {0, 1, 2, 3}, *p = &local[2];
	long theirs = me;
	char byte = (char)me, *map;
	pthread_t thread;
	void *result;

	for (int round = 0; round < 4; round++) {
		go((int)me + round);
		for (int i = 0; i < WORDS; i++)
			words[me][i] += words[(me + 1) % THREADS][0] * 0 + i;
		for (int i = 0; i < 200; i++) {
			pthread_mutex_lock(&lock);
			counter++;
			pthread_mutex_unlock(&lock);
		}
		*p += me;
	}
	/* In turn, wherever each is. */
	pthread_mutex_lock(&lock);
	while (turn != me)
		pthread_cond_wait(&changed, &lock);
	turn++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);

	CHECK(!pthread_create(&thread, NULL, child, &theirs));
	CHECK(!pthread_join(thread, &result) && result == &theirs);
	CHECK(theirs == 100 + me);

	map = mmap(NULL, 3 << 20, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(map != MAP_FAILED);
	memset(map, (int)me + 1, 3 << 20);
	go((int)me + 1);
	for (long i = 0; i < 3 << 20; i += 4096)
		CHECK(map[i] == me + 1);
	CHECK(!mprotect(map, 4096, PROT_READ));
	CHECK(!madvise(map, 3 << 20, MADV_DONTNEED) && !map[5 << 12]);
	map = mremap(map + 4096, (3 << 20) - 4096, 5 << 20, MREMAP_MAYMOVE);
	CHECK(map != MAP_FAILED);
	map[(5 << 20) - 1] = 3;
	CHECK(!munmap(map, 5 << 20));
	CHECK(write(pipes[1], &byte, 1) == 1);
	return (void *)(*p + own);
}

static void *forever(void *argument)
{
	go(1);
	*(volatile int *)argument = 1;
	for (;;)
		usleep(1000);
}

int main(void)
{
	pthread_t threads[THREADS], thread;
	long sum = 0, bytes = 0;
	volatile int ready = 0;
	void *result;
	char byte;

	CHECK(!pipe(pipes));
	for (long i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, work, (void *)i));
	for (int i = 0; i < THREADS; i++) {
		CHECK(read(pipes[0], &byte, 1) == 1);
		bytes += byte;
	}
	for (long i = 0; i < THREADS; i++) {
		CHECK(!pthread_join(threads[i], &result));
		printf("%ld %ld\n", i, (long)result);
	}
	for (int i = 0; i < THREADS; i++)
		for (int k = 0; k < WORDS; k++)
			sum += words[i][k];
	printf("%ld %ld %ld\n", counter, sum, bytes);
	CHECK(!pthread_create(&thread, NULL, forever, (void *)&ready));
	while (!ready)
		usleep(1000);
	CHECK(!pthread_cancel(thread));
	CHECK(!pthread_join(thread, &result) && result == PTHREAD_CANCELED);
	go(1);
	puts("from elsewhere");
	return 3;
}
