/*
 * A signal that arrives just before a call blocks is not slept through, and one
 * that arrives before a write that can go on does not spoil it.  Pipes cannot be
 * saved.
 *
 * MODES: native verify self qemu qemu-self move
 */
#include "check.h"
#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

static volatile int hits;

static void handler(int signal)
{
	(void)signal;
	hits++;
}

int main(void)
{
	struct itimerval timer = {{0, 200}, {0, 200}}, none = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_handler = handler};
	int interrupted = 0, written = 0, empty[2], full[2];
	char byte = 0;

	CHECK(!pipe(empty) && !pipe(full));
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	for (int i = 0; i < 1000; i++) {
		if (read(empty[0], &byte, 1) < 0 && errno == EINTR)
			interrupted++;
		for (volatile int k = 0; k < i * 37 % 300; k++)
			;
		written += write(full[1], &byte, 1) == 1;
	}
	setitimer(ITIMER_REAL, &none, NULL);
	printf("%d interrupted, %d written, %s\n", interrupted, written,
	       hits >= interrupted ? "enough signals" : "too few signals");
	return 0;
}
