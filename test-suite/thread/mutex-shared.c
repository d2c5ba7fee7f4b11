/*
 * Robust mutexes between processes, in a file's memory: who ends with one, by
 * _exit, exit or in a thread, is told dead; who holds one lives, whereto he
 * moves.  What a child maps cannot be saved.
 *
 * MODES: native verify self qemu qemu-self move
 * CFLAGS: -pthread
 */
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct shared {
	pthread_mutex_t mutex[3];
	volatile int stop;
};

static void spin(void)
{
	for (volatile int i = 0; i < 40; i++)
		;
}

static void *hold(void *argument)
{
	CHECK(!pthread_mutex_lock(argument));
	spin();
	return NULL;
}

static void end(struct shared *shared, int how)
{
	pthread_t thread;

	/* More than one in the list. */
	CHECK(!pthread_mutex_lock(&shared->mutex[1]));
	CHECK(!pthread_mutex_lock(&shared->mutex[2]));
	CHECK(!pthread_mutex_unlock(&shared->mutex[1]));
	if (how == 2) {
		CHECK(!pthread_create(&thread, NULL, hold, shared->mutex));
		CHECK(!pthread_join(thread, NULL));
	} else {
		hold(shared->mutex);
	}
	spin();
	if (how == 1)
		exit(0);
	_exit(0);
}

static void watch(struct shared *shared)
{
	struct timespec moment = {0, 100000};
	int busy = 1;

	while (!shared->stop) {
		busy &= pthread_mutex_trylock(shared->mutex) == EBUSY;
		nanosleep(&moment, NULL);
	}
	_exit(!busy);
}

int main(void)
{
	pthread_mutexattr_t attributes;
	struct shared *shared;
	int fd = open("shared", O_RDWR | O_CREAT | O_TRUNC, 0600), status;

	CHECK(fd >= 0 && !ftruncate(fd, 4096));
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(shared != MAP_FAILED);
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	CHECK(!pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST));
	for (int i = 0; i < 3; i++)
		CHECK(!pthread_mutex_init(&shared->mutex[i], &attributes));

	for (int how = 0; how < 3; how++) {
		struct timespec limit = {2000000000, 0};

		if (!fork())
			end(shared, how);
		CHECK(wait(&status) > 0 && !status);
		for (int i = 0; i < 3; i += 2) {
			CHECK(pthread_mutex_timedlock(&shared->mutex[i],
						      &limit) == EOWNERDEAD);
			CHECK(!pthread_mutex_consistent(&shared->mutex[i]));
			CHECK(!pthread_mutex_unlock(&shared->mutex[i]));
		}
		CHECK(!pthread_mutex_lock(&shared->mutex[1]));
		CHECK(!pthread_mutex_unlock(&shared->mutex[1]));
		puts("told");
		fflush(stdout);
	}

	CHECK(!pthread_mutex_lock(shared->mutex));
	if (!fork())
		watch(shared);
	for (int i = 0; i < 200; i++)
		spin();
	shared->stop = 1;
	CHECK(wait(&status) > 0);
	printf("%s\n", status ? "lost" : "held");
	CHECK(!pthread_mutex_unlock(shared->mutex));
	return 0;
}
