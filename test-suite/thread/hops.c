/*
 * hops [MILLISECONDS [SEED]]: eight threads hop between the nodes while they
 * count, lock, allocate and free what others have allocated, queue signals,
 * read and write a file and a pipe.  The totals are exact, or it says which is
 * not.
 *
 * MODES: native self nodes spread spread-user spread-emulated links
 * CFLAGS: -pthread
 * ARGS: 1500
 * SELF: 997
 * SPREAD: 2000
 */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <popcorn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define THREADS 8
#define SLOTS	64
#define LOCKS	5
#define RECORD	512

struct block {
	size_t size;
	uint64_t seed;
	unsigned char bytes[];
};

static long ends_ms, seed = 1;
static _Atomic long counted, signalled, handled, hops, wrong;
static _Atomic(struct block *) slots[SLOTS];
static pthread_mutex_t locks[LOCKS];
static long guarded[LOCKS], guarded_by[THREADS][LOCKS];
static int file, pipes[2];
static _Thread_local long own;

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void handler(int signal)
{
	(void)signal;
	handled++;
}

/* What another thread has left here is whole; it is freed, another one left. */
static void exchange(uint64_t r)
{
	size_t size = r % 31 ? r % 3000 : r % 300000;
	struct block *b = malloc(sizeof(*b) + size), *old;

	CHECK(b);
	b->size = size;
	b->seed = r;
	memset(b->bytes, (int)(r & 0xff), size);
	old = atomic_exchange(&slots[(r >> 20) % SLOTS], b);
	if (!old)
		return;
	for (size_t i = 0; i < old->size; i++)
		wrong += old->bytes[i] != (old->seed & 0xff);
	free(old);
}

static void use_file(int me, uint64_t r)
{
	unsigned char out[RECORD], in[RECORD];
	off_t at = (off_t)(me * 16 + (long)(r % 16)) * RECORD;

	memset(out, (int)(r >> 8), sizeof(out));
	CHECK(pwrite(file, out, sizeof(out), at) == sizeof(out));
	CHECK(pread(file, in, sizeof(in), at) == sizeof(in));
	wrong += memcmp(in, out, sizeof(in)) != 0;
}

/* There is always a byte for whoever wants one. */
static void use_pipe(uint64_t r)
{
	char byte = (char)r;

	CHECK(write(pipes[1], &byte, 1) == 1);
	CHECK(read(pipes[0], &byte, 1) == 1);
}

static void use_map(uint64_t r)
{
	size_t size = (1 + r % 40) * 4096;
	unsigned char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	p[r % size] = 1;
	for (size_t i = 0; i < size; i += 4096)
		wrong += p[i] != (i == r % size);
	CHECK(!munmap(p, size));
}

static void *work(void *argument)
{
	int me = (int)(intptr_t)argument, lock;
	uint64_t state =
		(uint64_t)(seed * THREADS + me + 1) * 0x9e3779b97f4a7c15u;
	union sigval value = {0};

	while (now_ms() < ends_ms) {
		uint64_t r = next(&state);

		own++;
		switch (r >> 56 & 15) {
		case 0:
			CHECK(!popcorn_migrate_thread(
				(int)(r % (unsigned)popcorn_nodes())));
			hops++;
			break;
		case 1:
			exchange(r);
			break;
		case 2:
			use_file(me, r);
			break;
		case 3:
			use_pipe(r);
			break;
		case 4:
			signalled++;
			CHECK(!sigqueue(getpid(), SIGRTMIN + 1, value));
			break;
		case 5:
			use_map(r);
			break;
		case 6:
		case 7:
		case 8:
			lock = (int)(r % LOCKS);
			pthread_mutex_lock(&locks[lock]);
			guarded[lock]++;
			pthread_mutex_unlock(&locks[lock]);
			guarded_by[me][lock]++;
			break;
		default:
			counted++;
		}
	}
	return (void *)own;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	void *result;
	long actions = 0;

	ends_ms = now_ms() + (argc > 1 ? atol(argv[1]) : 1000);
	seed = argc > 2 ? atol(argv[2]) : 1;
	signal(SIGRTMIN + 1, handler);
	file = open("hops.data", O_CREAT | O_RDWR, 0600);
	CHECK(file >= 0 && !pipe(pipes));
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_init(&locks[i], NULL);
	for (intptr_t i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, work, (void *)i));
	for (int i = 0; i < THREADS; i++) {
		CHECK(!pthread_join(threads[i], &result));
		actions += (long)result;
	}
	for (int i = 0; i < 1000 && handled != signalled; i++)
		usleep(1000);
	for (int i = 0; i < SLOTS; i++)
		free(slots[i]);
	for (int k = 0; k < LOCKS; k++) {
		long sum = 0;

		for (int i = 0; i < THREADS; i++)
			sum += guarded_by[i][k];
		if (sum != guarded[k])
			printf("lock %d: %ld of %ld\n", k, guarded[k], sum);
	}
	if (handled != signalled)
		printf("signals: %ld of %ld\n", (long)handled, (long)signalled);
	if (wrong)
		printf("%ld bytes are wrong\n", (long)wrong);
	if (argc > 2)
		printf("%ld actions, %ld hops\n", actions, (long)hops);
	unlink("hops.data");
	puts(actions > counted ? "exact" : "nothing was done");
	return 0;
}
