/*
 * A signal that arrives just before a call blocks is not slept through, and one
 * that arrives before a write that can go on does not spoil it.  Pipes cannot
 * be saved.
 *
 * Each signal starts the clock for the next, with more patience while none has
 * met a blocked read: on a machine that needs longer than that from one handler
 * to the next read, none ever would.
 *
 * MODES: native verify self qemu qemu-self move spread spread-user
 */
#include "check.h"
#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

static volatile int hits, missed, sink;

static void handler(int signal)
{
	struct itimerval timer = {.it_value.tv_usec = 200 << missed};

	(void)signal;
	hits++;
	if (missed < 8)
		missed++;
	setitimer(ITIMER_REAL, &timer, NULL);
}

int main(void)
{
	struct itimerval none = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_handler = handler};
	int interrupted = 0, written = 0, empty[2], full[2];
	char byte = 0;

	CHECK(!pipe(empty) && !pipe(full));
	sigaction(SIGALRM, &action, NULL);
	handler(SIGALRM);
	for (int i = 0; i < 1000; i++) {
		if (read(empty[0], &byte, 1) < 0 && errno == EINTR)
			interrupted++;
		missed = 0;
		for (int k = 0; k < 300; k++) /* no poll: a short time */
			if (k < i * 37 % 300)
				sink = k;
		written += write(full[1], &byte, 1) == 1;
	}
	setitimer(ITIMER_REAL, &none, NULL);
	printf("%d interrupted, %d written, %s\n", interrupted, written,
	       hits >= interrupted ? "enough signals" : "too few signals");
	return 0;
}
