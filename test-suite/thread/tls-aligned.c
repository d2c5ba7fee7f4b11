/*
 * Thread-local variables aligned to more than a cache line, up to a page, with
 * and without first values, between others of all sizes.
 *
 * MODES: usual spread spread-user links
 * CFLAGS: -pthread
 * LEVELS: O0 O2
 */
#include "check.h"
#include <pthread.h>
#include <stdalign.h>
#include <string.h>

#define AT(pointer, align) CHECK(!((uintptr_t)(pointer) & ((align) - 1)))

static _Thread_local char first = 'f';
static _Thread_local alignas(4096) struct {
	unsigned value;
	char rest[5000];
} page = {7, "page"};
static _Thread_local short between = 12;
static _Thread_local alignas(1024) unsigned zeroes[7];
static _Thread_local alignas(256) long double quad = 1.5L;
static _Thread_local char last;

static pthread_barrier_t barrier;
static unsigned *volatile others[4];

static uint64_t use(int id)
{
	uint64_t hash = 0;

	CHECK(first == 'f' && page.value == 7 && !strcmp(page.rest, "page"));
	CHECK(between == 12 && !zeroes[6] && quad == 1.5L && !last);
	for (int i = 0; i < 150; i++) {
		AT(&page, 4096);
		AT(zeroes, 1024);
		AT(&quad, 256);
		page.value = page.value * 31 + id;
		page.rest[4999 - i] += id + i;
		zeroes[i % 7] += page.value;
		quad = quad * 1.5L + id;
		first++, last--, between += first;
		hash = mix(hash, page.value ^ zeroes[i % 7]);
	}
	return mix(hash, (uint64_t)(quad / 1e20L)) + first + last + between;
}

static void *work(void *argument)
{
	int id = (int)(intptr_t)argument;
	uint64_t hash = use(id);

	others[id] = &page.value;
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 4; i++)
		hash = mix(hash, *others[i]);
	pthread_barrier_wait(&barrier);
	return (void *)hash;
}

int main(void)
{
	pthread_t threads[4];

	pthread_barrier_init(&barrier, NULL, 4);
	for (intptr_t i = 1; i < 4; i++)
		CHECK(!pthread_create(&threads[i], NULL, work, (void *)i));
	printf("%016llx\n", (unsigned long long)(uintptr_t)work(0));
	for (int i = 1; i < 4; i++) {
		void *result;

		CHECK(!pthread_join(threads[i], &result));
		printf("%016llx\n", (unsigned long long)(uintptr_t)result);
	}
	return 0;
}
