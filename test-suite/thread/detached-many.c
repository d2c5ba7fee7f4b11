/*
 * 2,000 detached threads, one after the other, or as many as a second sees (but
 * 500), some of them away when they end: whatever they had is free again.
 * QEMU 7.2 itself keeps a quarter of a megabyte of each thread.
 *
 * MODES: native verify self nodes move save
 * CFLAGS: -pthread
 * SELF: 29
 */
#include "leave.h"
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

#define THREADS 2000
#define LEAST	500
#define EARLY	100
#define USED	(64l << 10)
/* A quarter of what the fewest use, and of their stacks' addresses. */
#define PAGES_RESIDENT ((LEAST - EARLY) * USED / 4 / 4096)
#define PAGES_MAPPED   ((LEAST - EARLY) * (8l << 20) / 4 / 4096)

static sem_t done;

struct pages {
	long mapped, resident;
};

static struct pages pages(void)
{
	struct pages now;
	FILE *file = fopen("/proc/self/statm", "r");

	CHECK(file);
	CHECK(fscanf(file, "%ld %ld", &now.mapped, &now.resident) == 2);
	fclose(file);
	return now;
}

static void *work(void *argument)
{
	int id = (int)(intptr_t)argument;
	unsigned char used[USED];

	if (id % 3 == 1)
		CHECK(!pthread_detach(pthread_self()));
	if (id % 10 == 0)
		leave(id / 10);
	memset(used, id, sizeof(used));
	CHECK(used[(long)id * 12345 % USED] == (unsigned char)id);
	sem_post(&done);
	return NULL;
}

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

int main(void)
{
	time_t start = seconds();
	struct pages first = {0}, now;
	pthread_attr_t attributes;
	pthread_t thread;

	sem_init(&done, 0, 0);
	pthread_attr_init(&attributes);
	for (int i = 0; i < THREADS && (i < LEAST || seconds() - start < 1);
	     i++) {
		int way = i % 3;

		pthread_attr_setdetachstate(&attributes,
					    way ? PTHREAD_CREATE_JOINABLE
						: PTHREAD_CREATE_DETACHED);
		CHECK(!pthread_create(&thread, &attributes, work,
				      (void *)(intptr_t)i));
		if (way == 2)
			CHECK(!pthread_detach(thread));
		while (sem_wait(&done))
			;
		if (i % EARLY || !i || popcorn_node())
			continue;
		now = pages();
		if (popcorn_node())
			continue;
		if (!first.mapped)
			first = now;
		CHECK(now.mapped - first.mapped < PAGES_MAPPED);
		CHECK(now.resident - first.resident < PAGES_RESIDENT);
	}
	puts("free");
	return 0;
}
