/*
 * Names of threads: each gives itself one, is given one by others, and can be
 * asked for it by others, wherever it is.
 *
 * MODES: usual nodes spread spread-user spread-emulated links
 * CFLAGS: -pthread
 */
#define _GNU_SOURCE
#include "leave.h"
#include "times.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define THREADS 3

static pthread_t threads[THREADS];
static atomic_int ready, named, end;

static void is_called(pthread_t thread, const char *format, int id)
{
	char wanted[16], name[16];

	snprintf(wanted, sizeof(wanted), format, id);
	CHECK(!pthread_getname_np(thread, name, sizeof(name)));
	if (strcmp(name, wanted)) {
		printf("%s, not %s\n", name, wanted);
		exit(1);
	}
}

static void call(pthread_t thread, const char *format, int id)
{
	char name[16];

	snprintf(name, sizeof(name), format, id);
	CHECK(!pthread_setname_np(thread, name));
}

static void *work(void *argument)
{
	int id = (int)(intptr_t)argument;

	leave(id);
	call(pthread_self(), "self %d", id);
	for (int i = 0; i < 20; i++) {
		is_called(pthread_self(), "self %d", id);
		rest(1);
	}
	atomic_fetch_add(&ready, 1);
	while (!atomic_load(&named))
		rest(1);
	leave(id + 1);
	is_called(pthread_self(), "other %d", id);
	while (!atomic_load(&end))
		rest(1);
	return NULL;
}

int main(void)
{
	char name[16];

	call(pthread_self(), "main %d", 0);
	for (intptr_t i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, work, (void *)i));
	while (atomic_load(&ready) < THREADS)
		rest(1);
	for (int i = 0; i < THREADS; i++) {
		is_called(threads[i], "self %d", i);
		call(threads[i], "other %d", i);
	}
	is_called(pthread_self(), "main %d", 0);
	atomic_store(&named, 1);
	for (int round = 0; round < 20; round++) {
		rest(1);
		for (int i = 0; i < THREADS; i++)
			is_called(threads[i], "other %d", i);
		is_called(pthread_self(), "main %d", 0);
	}
	CHECK(pthread_setname_np(threads[0], "a name that is too long") ==
	      ERANGE);
	CHECK(pthread_getname_np(threads[0], name, 15) == ERANGE);
	is_called(threads[0], "other %d", 0);
	atomic_store(&end, 1);
	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
	puts("called");
	return 0;
}
