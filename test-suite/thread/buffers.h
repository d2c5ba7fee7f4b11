/*
 * buffers.h - buffers on pages that another node has just written, or read, for
 * calls of threads that are at home or away: buffers-*.c.
 */
#ifndef BUFFERS_H
#define BUFFERS_H

#include "check.h"
#include <errno.h>
#include <popcorn.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE  4096
#define PAGES 32

static _Alignas(PAGE) unsigned char area[2 * PAGES][PAGE];

static sem_t wanted, done;
static unsigned long used; /* pages of area, by a test */
static int writes, ends;

/* Each buffer reaches over the end of a page. */
static void *buffer(int i)
{
	used |= 3ul << 2 * i;
	return &area[2 * i][PAGE - 8];
}
#define AT(type, i) ((type *)buffer(i))

/* What is there: an or of nothing would become a load. */
static void write_to(unsigned char *at)
{
	unsigned char seen = *at;

	__atomic_compare_exchange_n(at, &seen, seen, 0, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
}

static void *spoil_all(void *argument)
{
	(void)argument;
	for (;;) {
		while (sem_wait(&wanted))
			;
		if (ends)
			return NULL;
		CHECK(!popcorn_migrate_thread(1 % popcorn_nodes()));
		for (int i = 0; i < 2 * PAGES; i++) {
			if (!(used >> i & 1))
				continue;
			if (writes)
				write_to(&area[i][0]);
			else
				__atomic_load_n(&area[i][0], __ATOMIC_SEQ_CST);
		}
		sem_post(&done);
	}
}

/* Another node has all pages, home none or none that it may write to. */
static void spoil(void)
{
	if (!writes)
		for (int i = 0; i < 2 * PAGES; i++)
			if (used >> i & 1)
				write_to(&area[i][0]);
	sem_post(&wanted);
	while (sem_wait(&done))
		;
}

/* The call, with no page where it is looked for. */
#define CALL(call)  (spoil(), errno = 0, (call))
#define SYSTEM(...) CALL(syscall(__VA_ARGS__))

static void *text(int i, const char *words)
{
	return strcpy(AT(char, i), words);
}

/* Each test by a thread at home and by one that is away. */
static void run_all(void (*const *tests)(void), int count)
{
	pthread_t thread;

	sem_init(&wanted, 0, 0);
	sem_init(&done, 0, 0);
	CHECK(!pthread_create(&thread, NULL, spoil_all, NULL));
	for (int round = 0; round < 4; round++) {
		CHECK(!popcorn_migrate_thread((round & 1 ? 2 : 0) %
					      popcorn_nodes()));
		writes = round & 2;
		for (int i = 0; i < count; i++) {
			tests[i]();
			used = 0;
		}
		printf("round %d\n", round);
	}
	CHECK(!popcorn_migrate_thread(0));
	ends = 1;
	sem_post(&wanted);
	CHECK(!pthread_join(thread, NULL));
}
#define RUN(...)                                                               \
	run_all((void (*const[])(void)){__VA_ARGS__},                          \
		sizeof((void (*const[])(void)){__VA_ARGS__}) / sizeof(void *))

#endif
