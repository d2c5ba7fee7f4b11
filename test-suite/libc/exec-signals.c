/*
 * A program becomes another one while signals keep coming: the new one has the
 * mask that the old one had set, and nothing else blocked.
 *
 * MODES: native verify self
 */
#include "check.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int handled;

static void handler(int signal)
{
	handled += signal == SIGURG;
}

/* SIGURG is ignored by a program that does not know it. */
static int become(const char *self, int round)
{
	struct sigaction action = {.sa_handler = handler};
	volatile int spin = 0;

	CHECK(!sigaction(SIGURG, &action, NULL));
	CHECK(write(1, "", 1) == 1);
	while (spin < 1000 * (round % 50))
		spin++;
	execl(self, self, "mask", (char *)NULL);
	return 1;
}

static int mask(void)
{
	sigset_t set;

	CHECK(!sigprocmask(SIG_SETMASK, NULL, &set));
	for (int signal = 1; signal < 32; signal++)
		CHECK(sigismember(&set, signal) == (signal == SIGUSR2));
	return 0;
}

int main(int argc, char **argv)
{
	sigset_t set;

	if (argc > 1 && !strcmp(argv[1], "mask"))
		return mask();
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
	for (int round = 0; round < 100; round++) {
		int ready[2], status;
		char byte;
		pid_t child;

		CHECK(!pipe(ready));
		child = fork();
		if (!child) {
			dup2(ready[1], 1);
			close(ready[0]);
			close(ready[1]);
			_exit(become("/proc/self/exe", round));
		}
		close(ready[1]);
		CHECK(read(ready[0], &byte, 1) == 1);
		close(ready[0]);
		while (!waitpid(child, &status, WNOHANG))
			kill(child, SIGURG);
		CHECK(status == 0);
	}
	puts("nothing blocked");
	return 0;
}
