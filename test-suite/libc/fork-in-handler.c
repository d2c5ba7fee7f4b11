/*
 * fork() in a signal handler, also of a thread that has been away, and while
 * another one is: the child has what the handler's caller has, and both go on.
 * A handler that runs on another node is told to try again.
 *
 * CFLAGS: -pthread
 * MODES: native verify self qemu qemu-self move spread spread-user links
 * SPREAD: 10
 * SECONDS: 30
 */
#include "check.h"
#include <errno.h>
#include <popcorn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int sum, ended, counted;

static void work(void)
{
	for (volatile int i = 0; i < 50; i++)
		sum += i;
}

static void handler(int signal)
{
	int status, before = sum;
	pid_t pid = fork();

	if (pid < 0) {
		CHECK(errno == EAGAIN && popcorn_node() != 0);
		work();
		return;
	}
	if (!pid) {
		work();
		_exit(sum == before + 1225 && signal == SIGUSR1 ? 3 : 4);
	}
	work();
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

static void *other(void *unused)
{
	sigset_t mask;

	sigfillset(&mask);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	while (!ended)
		counted++;
	return unused;
}

int main(void)
{
	pthread_t thread;

	CHECK(!pthread_create(&thread, NULL, other, NULL));
	signal(SIGUSR1, handler);
	for (int i = 0; i < 8; i++) {
		work();
		raise(SIGUSR1);
		work();
	}
	ended = 1;
	CHECK(!pthread_join(thread, NULL));
	printf("%d\n", sum);
	return 0;
}
