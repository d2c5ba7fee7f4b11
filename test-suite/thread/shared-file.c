/*
 * The pages of a file that the program shares are the file's, wherever its
 * threads are: what one writes there others see, and read() and write() do,
 * and what is mapped while threads are away, remapped, protected and unmapped,
 * and a mutex that lies in it.
 *
 * CFLAGS: -pthread
 * MODES: native verify self qemu qemu-self nodes spread spread-user
 * SPREAD: 50
 */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <popcorn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define THREADS 4
#define ROUNDS	300
#define PAGE	4096

struct shared {
	pthread_mutex_t lock;
	long plain;
	atomic_long counted;
	long each[THREADS];
};

static int file;
static struct shared *shared;
static const struct shared *seen; /* the same pages, only to be read */
static atomic_int failures;

#define SAME(a, b) ((a) == (b) ? (void)0 : (void)failures++)

static long in_file(size_t offset)
{
	long value = -1;

	CHECK(pread(file, &value, sizeof(value), (off_t)offset) ==
	      sizeof(value));
	return value;
}

/* A map of a thread's own page of the file, made wherever it is. */
static void own_page(int me, long i)
{
	off_t at = (1 + 2 * me) * PAGE;
	long *own = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, at);
	long put = i * 3 + me;

	CHECK(own != MAP_FAILED);
	CHECK(!mprotect(own, PAGE, PROT_READ | PROT_WRITE));
	own[7] = put;
	SAME(in_file((size_t)at + 7 * sizeof(long)), put);
	put = -put;
	CHECK(pwrite(file, &put, sizeof(put), at + 64) == sizeof(put));
	SAME(own[8], put);
	own = mremap(own, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	CHECK(own != MAP_FAILED);
	own[PAGE / sizeof(long)] = i;
	SAME(in_file((size_t)at + PAGE), i);
	CHECK(!msync(own, 2 * PAGE, MS_SYNC));
	CHECK(!munmap(own, 2 * PAGE));
}

static void *work(void *argument)
{
	int me = *(int *)argument;

	if (popcorn_nodes() > 1)
		popcorn_migrate_thread(me % popcorn_nodes());
	for (long i = 1; i <= ROUNDS; i++) {
		CHECK(!pthread_mutex_lock(&shared->lock));
		shared->plain++;
		SAME(seen->plain, shared->plain);
		CHECK(!pthread_mutex_unlock(&shared->lock));
		shared->counted++;
		shared->each[me] = i;
		SAME(seen->each[me], i);
		SAME(in_file((size_t)((char *)&shared->each[me] -
				      (char *)shared)),
		     i);
		if (i % 50 == 0)
			own_page(me, i);
	}
	return NULL;
}

int main(void)
{
	char name[] = "shared-XXXXXX";
	pthread_mutexattr_t attributes;
	pthread_t threads[THREADS];
	int numbers[THREADS];

	file = mkstemp(name);
	CHECK(file >= 0 && !ftruncate(file, (2 * THREADS + 2) * PAGE));
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	seen = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
	CHECK(shared != MAP_FAILED && seen != MAP_FAILED);
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	CHECK(!pthread_mutex_init(&shared->lock, &attributes));
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		CHECK(!pthread_create(&threads[i], NULL, work, &numbers[i]));
	}
	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
	printf("%ld %ld %d\n", shared->plain, (long)seen->counted,
	       (int)failures);
	for (int i = 0; i < THREADS; i++)
		printf("%ld %ld %ld\n",
		       in_file(offsetof(struct shared, each) +
			       (size_t)i * sizeof(long)),
		       in_file((size_t)(1 + 2 * i) * PAGE + 56),
		       in_file((size_t)(2 + 2 * i) * PAGE));
	CHECK(!unlink(name));
	return 0;
}
