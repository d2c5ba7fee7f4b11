/*
 * Threads whose mappings come, shrink and go at the same few addresses: what is
 * new is zero, what is one thread's stays its own, and the addresses stay few.
 *
 * MODES: usual spread spread-user spread-emulated links
 * CFLAGS: -pthread
 * SELF: 7
 * SPREAD: 200
 */
#define _GNU_SOURCE
#include "check.h"
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE	4096
#define PAGES	48
#define THREADS 3
#define ROUNDS	80
/* Room for what they have at once and run times keep between it; less than a
 * tenth of what they map in all. */
#define FEW (6l << 20)

struct span {
	uintptr_t low, high;
};

static uint32_t *map(uint32_t pages)
{
	uint32_t *at = mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED);
	return at;
}

static uint32_t *word(uint32_t *at, uint32_t page)
{
	return at + page * (PAGE / sizeof(*at)) + page;
}

static void *work(void *argument)
{
	struct span *span = argument;
	uint32_t random = (uint32_t)span->high, id = random << 16;

	span->low = UINTPTR_MAX;
	span->high = 0;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t pages = PAGES / 2 + next_random(&random) % PAGES / 2;
		uint32_t less = 1 + next_random(&random) % (pages / 2);
		uint32_t *at = map(pages);

		if ((uintptr_t)at < span->low)
			span->low = (uintptr_t)at;
		if ((uintptr_t)at > span->high)
			span->high = (uintptr_t)at;
		for (uint32_t page = 0; page < pages; page++) {
			CHECK(!*word(at, page));
			*word(at, page) = id + page;
		}
		CHECK(!munmap(at, less * PAGE));
		for (uint32_t page = less; page < pages; page++)
			CHECK(*word(at, page) == id + page);
		CHECK(!munmap((char *)at + less * PAGE, (pages - less) * PAGE));
	}
	return NULL;
}

int main(void)
{
	struct span spans[THREADS], all = {UINTPTR_MAX, 0};
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		spans[i].high = (uintptr_t)i + 1;
		CHECK(!pthread_create(&threads[i], NULL, work, &spans[i]));
	}
	for (int i = 0; i < THREADS; i++) {
		CHECK(!pthread_join(threads[i], NULL));
		if (spans[i].low < all.low)
			all.low = spans[i].low;
		if (spans[i].high > all.high)
			all.high = spans[i].high;
	}
	printf("%s\n", all.high - all.low <= FEW ? "few" : "many");
	return 0;
}
