/*
 * nanosleep, poll and select wait as long as asked in all, also when a move
 * interrupts them; a signal ends them with the rest.
 */
#include "check.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void handler(int signal)
{
	(void)signal;
}

int main(void)
{
	struct timespec wait = {0, 200 * 1000 * 1000}, rest = {0, 0};
	struct sigaction action;
	struct timeval timeout = {0, 200000};
	double start = now(), took;

	CHECK(!nanosleep(&wait, NULL));
	took = now() - start;
	CHECK(took >= 0.2 && took < 5);

	start = now();
	CHECK(poll(NULL, 0, 200) == 0);
	took = now() - start;
	CHECK(took >= 0.199 && took < 5);

	start = now();
	CHECK(select(0, NULL, NULL, NULL, &timeout) == 0);
	took = now() - start;
	CHECK(took >= 0.199 && took < 5);

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	sigaction(SIGALRM, &action, NULL);
	ualarm(100000, 100000); /* the first may come before the call */
	wait = (struct timespec){10, 0};
	CHECK(nanosleep(&wait, &rest) == -1 && errno == EINTR);
	ualarm(0, 0);
	CHECK(rest.tv_sec >= 5 && rest.tv_sec < 10);

	puts("slept");
	return 0;
}
