/*
 * Threads visit the other nodes and come home; whatever they do there comes
 * out right, or the program has no end of its own.  "good" and status 7.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <popcorn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define THREADS 2
#define VISITS	3
#define PAGE	4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long counter, turn, signals;
static int pipes[2];

static void must(int good, int line)
{
	if (good)
		return;
	fprintf(stderr, "visits.c:%d: %s\n", line, strerror(errno));
	_exit(1);
}

#define MUST(x) must(!!(x), __LINE__)

static void on_signal(int number)
{
	(void)number;
	__atomic_fetch_add(&signals, 1, __ATOMIC_SEQ_CST);
}

/* Alternately, so that every hand-over is between nodes. */
static void take_turns(long me)
{
	for (int i = 0; i < 4; i++) {
		pthread_mutex_lock(&lock);
		while (turn % THREADS != me)
			pthread_cond_wait(&changed, &lock);
		turn++;
		counter += 1 + me;
		pthread_cond_broadcast(&changed);
		pthread_mutex_unlock(&lock);
	}
}

static void *visit(void *argument)
{
	long me = (long)argument;
	char byte = (char)me, *map, *heap;

	for (int round = 0; round < VISITS; round++) {
		/* It may be that it cannot. */
		popcorn_migrate_thread((int)((me + round) % popcorn_nodes()));
		take_turns(me);
		map = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		MUST(map != MAP_FAILED);
		memset(map, 'a' + (int)me, 3 * PAGE);
		heap = malloc(20000);
		MUST(heap);
		memcpy(heap, map, 3 * PAGE);
		MUST(heap[PAGE] == 'a' + (int)me);
		MUST(write(pipes[1], &byte, 1) == 1);
		MUST(read(pipes[0], &byte, 1) == 1);
		MUST(!pthread_kill(pthread_self(), SIGUSR1));
		MUST(!munmap(map, 3 * PAGE));
		free(heap);
	}
	popcorn_migrate_thread(0);
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];

	signal(SIGUSR1, on_signal);
	MUST(!pipe(pipes));
	for (long i = 0; i < THREADS; i++)
		MUST(!pthread_create(&threads[i], NULL, visit, (void *)i));
	for (int i = 0; i < THREADS; i++)
		MUST(!pthread_join(threads[i], NULL));
	MUST(counter == 4 * VISITS * (THREADS + (THREADS - 1) * THREADS / 2));
	MUST(signals == VISITS * THREADS);
	puts("good");
	return 7;
}
