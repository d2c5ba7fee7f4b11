/*
 * popcorn_migrate() and popcorn_checkpoint() wait for the end of a handler that
 * another thread is in; that one begins and ends on the same node, and so does
 * one that a fault has called and that is jumped out of.
 *
 * MODES: native verify nodes
 * CFLAGS: -pthread
 */
#include "check.h"
#include <popcorn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum state { OUTSIDE, INSIDE, DONE };

static volatile int state, rounds, ending;
static pthread_barrier_t barrier;
static sigjmp_buf back;
static int *volatile nowhere;

static long milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void handler(int signal)
{
	int node = popcorn_node();
	long end = milliseconds() + 30;

	state = INSIDE;
	while (milliseconds() < end)
		;
	CHECK(popcorn_node() == node);
	rounds++;
	state = DONE;
	if (signal == SIGSEGV)
		siglongjmp(back, 1);
}

static void *thread(void *argument)
{
	for (;;) {
		pthread_barrier_wait(&barrier);
		if (ending)
			return argument;
		raise(SIGUSR1);
		pthread_barrier_wait(&barrier);
		if (!sigsetjmp(back, 1))
			*nowhere = 1;
	}
}

static void wait_inside(void)
{
	pthread_barrier_wait(&barrier);
	while (state != INSIDE)
		;
}

int main(void)
{
	pthread_t other;
	int alone = popcorn_nodes() == 1;

	signal(SIGUSR1, handler);
	signal(SIGSEGV, handler);
	CHECK(!pthread_barrier_init(&barrier, NULL, 2));
	CHECK(!pthread_create(&other, NULL, thread, NULL));
	for (int i = 0; i < 4; i++) {
		int to = !popcorn_node();

		state = OUTSIDE;
		wait_inside();
		if (!alone) {
			CHECK(!popcorn_migrate(to));
			CHECK(state == DONE && popcorn_node() == to);
		}
		while (state != DONE)
			;
		state = OUTSIDE;
		wait_inside();
		if (!alone) {
			CHECK(popcorn_checkpoint("saved") == 0);
			CHECK(state == DONE && !unlink("saved"));
		}
		while (state != DONE)
			;
	}
	ending = 1;
	pthread_barrier_wait(&barrier);
	CHECK(!pthread_join(other, NULL));
	printf("%d\n", rounds);
	return 0;
}
