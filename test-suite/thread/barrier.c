/*
 * A barrier between the phases of a stencil; each thread owns a strip.
 *
 * MODES: usual spread spread-user links
 * CFLAGS: -pthread
 */
#include "check.h"
#include <pthread.h>

#define THREADS 3
#define STRIP	20
#define CELLS	(THREADS * STRIP)
#define PHASES	60

static pthread_barrier_t barrier;
static uint32_t cells[2][CELLS];
static int serial[THREADS];

static void *work(void *argument)
{
	int id = (int)(uintptr_t)argument;

	for (int phase = 0; phase < PHASES; phase++) {
		uint32_t *from = cells[phase & 1], *to = cells[~phase & 1];

		for (int i = id * STRIP; i < (id + 1) * STRIP; i++)
			to[i] = from[(i + CELLS - 1) % CELLS] * 3 + from[i] +
				from[(i + 1) % CELLS];
		if (pthread_barrier_wait(&barrier) ==
		    PTHREAD_BARRIER_SERIAL_THREAD)
			serial[id]++;
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	uint64_t hash = 0;
	int total = 0;

	CHECK(!pthread_barrier_init(&barrier, NULL, THREADS));
	for (int i = 0; i < CELLS; i++)
		cells[0][i] = (uint32_t)i;
	for (uintptr_t i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, work, (void *)i));
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		total += serial[i];
	}
	for (int i = 0; i < CELLS; i++)
		hash = mix(hash, cells[PHASES & 1][i]);
	printf("%d %016llx\n", total, (unsigned long long)hash);
	return 0;
}
