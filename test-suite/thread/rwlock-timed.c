/*
 * Read-write locks that are tried or waited for until some time: what each call
 * says while another thread, elsewhere, reads or writes, that no wait ends too
 * early, and that a lock which comes free in time is had.
 *
 * MODES: usual nodes spread spread-user links
 * CFLAGS: -pthread
 */
#include "leave.h"
#include "times.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#define THREADS 4
#define ROUNDS	60

static pthread_rwlock_t lock;
static sem_t has, give_back;
static unsigned pair[2];
static atomic_uint writes;

static void wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore))
		;
}

/* Has the lock, "r"ead or "w"rite, until it is told. */
static void *hold(void *how)
{
	struct timespec late = after(CLOCK_REALTIME, 60000);

	leave(1);
	if (*(char *)how == 'r')
		CHECK(!pthread_rwlock_timedrdlock(&lock, &late));
	else
		CHECK(!pthread_rwlock_timedwrlock(&lock, &late));
	sem_post(&has);
	wait_for(&give_back);
	leave(2);
	CHECK(!pthread_rwlock_unlock(&lock));
	return NULL;
}

static void times_out(int call(pthread_rwlock_t *, const struct timespec *),
		      long milliseconds)
{
	struct timespec until = after(CLOCK_REALTIME, milliseconds);

	CHECK(call(&lock, &until) == ETIMEDOUT);
	CHECK(is_past(CLOCK_REALTIME, until));
}

static int read_until(pthread_rwlock_t *which, const struct timespec *until)
{
	return pthread_rwlock_timedrdlock(which, until);
}

static int write_until(pthread_rwlock_t *which, const struct timespec *until)
{
	return pthread_rwlock_timedwrlock(which, until);
}

static void *give_later(void *argument)
{
	leave(2);
	rest(15);
	sem_post(&give_back);
	return argument;
}

static void beside(char *how)
{
	int writes_there = *how == 'w';
	struct timespec wrong = {0, 1000000000}, late;
	pthread_t holder, giver;

	CHECK(!pthread_create(&holder, NULL, hold, how));
	wait_for(&has);
	CHECK(pthread_rwlock_trywrlock(&lock) == EBUSY);
	times_out(write_until, -5);
	times_out(write_until, 15);
	CHECK(pthread_rwlock_timedwrlock(&lock, &wrong) == EINVAL);
	if (writes_there) {
		CHECK(pthread_rwlock_tryrdlock(&lock) == EBUSY);
		times_out(read_until, -5);
		times_out(read_until, 15);
		CHECK(pthread_rwlock_timedrdlock(&lock, &wrong) == EINVAL);
	} else {
		CHECK(!pthread_rwlock_tryrdlock(&lock));
		CHECK(!pthread_rwlock_timedrdlock(&lock, &wrong));
		CHECK(!pthread_rwlock_unlock(&lock));
		CHECK(!pthread_rwlock_unlock(&lock));
	}
	CHECK(!pthread_create(&giver, NULL, give_later, NULL));
	late = after(CLOCK_REALTIME, 60000);
	if (writes_there)
		CHECK(!pthread_rwlock_timedrdlock(&lock, &late));
	else
		CHECK(!pthread_rwlock_timedwrlock(&lock, &late));
	CHECK(!is_past(CLOCK_REALTIME, late));
	CHECK(pthread_rwlock_trywrlock(&lock) == EBUSY);
	CHECK(!pthread_join(holder, NULL) && !pthread_join(giver, NULL));
	CHECK(!pthread_rwlock_unlock(&lock));
	CHECK(!pthread_rwlock_trywrlock(&lock));
	CHECK(pthread_rwlock_tryrdlock(&lock) == EBUSY);
	CHECK(!pthread_rwlock_unlock(&lock));
	printf("beside %s\n", how);
}

static int get(int writes_too, int i)
{
	struct timespec until = after(CLOCK_REALTIME, i % 3);

	switch (writes_too | (i % 2) << 1) {
	case 0:
		return pthread_rwlock_tryrdlock(&lock);
	case 1:
		return pthread_rwlock_trywrlock(&lock);
	case 2:
		return pthread_rwlock_timedrdlock(&lock, &until);
	default:
		return pthread_rwlock_timedwrlock(&lock, &until);
	}
}

/* Some of these get it and some do not; who got it is alone, or reads. */
static void *compete(void *argument)
{
	int id = (int)(intptr_t)argument;

	leave(id);
	for (int i = 0; i < ROUNDS; i++) {
		int error = get(id & 1, i);

		if (error) {
			CHECK(error == (i % 2 ? ETIMEDOUT : EBUSY));
			continue;
		}
		CHECK(pair[0] * 2 == pair[1]);
		if (id & 1) {
			atomic_fetch_add(&writes, 1);
			pair[0]++;
			for (volatile int wait = 0; wait < 3; wait++)
				;
			pair[1] = pair[0] * 2;
		}
		CHECK(!pthread_rwlock_unlock(&lock));
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];

	CHECK(!pthread_rwlock_init(&lock, NULL));
	CHECK(!sem_init(&has, 0, 0) && !sem_init(&give_back, 0, 0));
	beside("write");
	beside("read");
	for (intptr_t i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, compete, (void *)i));
	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
	CHECK(pair[0] == atomic_load(&writes) && pair[1] == 2 * pair[0]);
	CHECK(!pthread_rwlock_trywrlock(&lock));
	CHECK(!pthread_rwlock_unlock(&lock));
	CHECK(!pthread_rwlock_destroy(&lock));
	puts("whole");
	return 0;
}
