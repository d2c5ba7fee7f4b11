/*
 * Attributes of threads: stacks of a size and stacks of the program's own,
 * detached ones, guards; semaphores, spin locks, process-shared objects in
 * mapped memory between processes; names, sched calls.
 *
 * CFLAGS: -pthread
 * MODES: native self qemu qemu-self move save spread spread-user
 */
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static sem_t done;
static pthread_spinlock_t spin;
static int counter;

static unsigned recurse(unsigned depth, unsigned *outer)
{
	unsigned here[20];

	for (int i = 0; i < 20; i++)
		here[i] = depth * 3 + i + *outer;
	return depth ? recurse(depth - 1, &here[depth % 20]) + here[7]
		     : here[3];
}

static void *work(void *argument)
{
	unsigned result = 0, start = 5;

	for (int i = 0; i < 30; i++) {
		result += recurse(100, &start);
		pthread_spin_lock(&spin);
		counter++;
		pthread_spin_unlock(&spin);
	}
	if (argument)
		*(unsigned *)argument = result;
	sem_post(&done);
	return (void *)(uintptr_t)result;
}

struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t condition;
	pthread_barrier_t barrier;
	sem_t semaphore;
	int turn, log[40], count;
};

static void alternate(struct shared *shared, int me)
{
	pthread_barrier_wait(&shared->barrier);
	for (int i = 0; i < 10; i++) {
		CHECK(!pthread_mutex_lock(&shared->mutex));
		while (shared->turn != me)
			CHECK(!pthread_cond_wait(&shared->condition,
						 &shared->mutex));
		shared->log[shared->count++] = me * 100 + i;
		shared->turn = !me;
		pthread_cond_broadcast(&shared->condition);
		pthread_mutex_unlock(&shared->mutex);
	}
}

static void stacks(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	size_t size;
	void *stack = malloc(1 << 20), *at, *result;
	unsigned detached = 0;

	pthread_attr_init(&attributes);
	CHECK(!pthread_attr_setstacksize(&attributes, 1 << 18));
	CHECK(!pthread_attr_getstacksize(&attributes, &size) &&
	      size == 1 << 18);
	CHECK(!pthread_create(&thread, &attributes, work, NULL));
	CHECK(!pthread_join(thread, &result));
	printf("%u\n", (unsigned)(uintptr_t)result);
	CHECK(!pthread_attr_setstack(&attributes, stack, 1 << 20));
	CHECK(!pthread_attr_getstack(&attributes, &at, &size) && at == stack);
	CHECK(!pthread_create(&thread, &attributes, work, NULL));
	CHECK(!pthread_setname_np(pthread_self(), "main"));
	CHECK(!pthread_join(thread, &result));
	printf("%u\n", (unsigned)(uintptr_t)result);
	pthread_attr_destroy(&attributes);
	free(stack);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setguardsize(&attributes, 65536);
	for (int i = 0; i < 5; i++)
		CHECK(!pthread_create(&thread, &attributes, work, &detached));
	for (int i = 0; i < 7; i++)
		while (sem_wait(&done))
			CHECK(errno == EINTR);
	printf("%u %d\n", detached, counter);
	CHECK(!pthread_getattr_np(pthread_self(), &attributes));
	CHECK(!pthread_attr_getstack(&attributes, &at, &size) && size > 65536);
}

int main(void)
{
	struct shared *shared =
		mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t mutex;
	pthread_condattr_t condition;
	pthread_barrierattr_t barrier;
	cpu_set_t cpus;
	pid_t pid;
	int status;

	sem_init(&done, 0, 0);
	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
	for (int i = 0; i < 3; i++) {
		counter = 0;
		stacks();
	}
	pthread_mutexattr_init(&mutex);
	pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->mutex, &mutex);
	pthread_condattr_init(&condition);
	pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&shared->condition, &condition);
	pthread_barrierattr_init(&barrier);
	pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&shared->barrier, &barrier, 2);
	sem_init(&shared->semaphore, 1, 0);
	fflush(stdout);
	CHECK(sched_yield() == 0 && !sched_getaffinity(0, sizeof(cpus), &cpus));
	CHECK(CPU_COUNT(&cpus) > 0);
	pid = fork();
	CHECK(pid >= 0);
	alternate(shared, !pid);
	if (!pid) {
		sem_post(&shared->semaphore);
		_exit(0);
	}
	while (sem_wait(&shared->semaphore))
		;
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	for (int i = 0; i < 20; i++)
		printf("%d ", shared->log[i]);
	puts("");
	return 0;
}
