/*
 * A thread that goes from one node to another all the time comes home when
 * another one forks: the fork does not wait for ever.
 *
 * MODES: native spread spread-user links
 * CFLAGS: -pthread
 * SPREAD: 1000000
 * SECONDS: 20
 */
#include "leave.h"
#include "times.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#define FORKS 20

static atomic_int end, hops;

/* Not while somebody forks. */
static void go(int node)
{
	while (popcorn_migrate_thread(node % popcorn_nodes())) {
		CHECK(errno == EBUSY);
		rest(1);
	}
}

static void *hop(void *argument)
{
	while (!end) {
		go(1);
		usleep(1000);
		go(2);
		usleep(1000);
		hops++;
	}
	return argument;
}

int main(void)
{
	pthread_t thread;
	int status, sum = 0;
	pid_t pid;

	CHECK(!pthread_create(&thread, NULL, hop, NULL));
	while (hops < 5)
		rest(1);
	for (int i = 0; i < FORKS; i++) {
		pid = fork();
		CHECK(pid >= 0);
		if (!pid)
			_exit(7);
		CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
		sum += WEXITSTATUS(status);
	}
	end = 1;
	CHECK(!pthread_join(thread, NULL));
	printf("%d\n", sum);
	return 0;
}
