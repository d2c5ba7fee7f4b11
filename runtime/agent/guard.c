#define _GNU_SOURCE
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void guard_init(struct guard *g)
{
	*g = (struct guard){0, -1};
}

/* With nothing of ours open: who waits for our end must see it. */
_Noreturn static void watch(int pipe, pid_t process)
{
	int number = (int)syscall(SYS_pidfd_open, process, 0);
	sigset_t all;
	char byte;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	dup2(pipe, 0);
	if (number >= 0)
		dup2(number, 1);
	syscall(SYS_close_range, number >= 0 ? 2u : 1u, ~0u, 0u);
	while (read(0, &byte, 1) < 0 && errno == EINTR)
		;
	if (number < 0 || syscall(SYS_pidfd_send_signal, 1, SIGKILL, NULL, 0u))
		kill(process, SIGKILL);
	_exit(0);
}

int guard_begin(struct guard *g, pid_t process, struct error *error)
{
	int ends[2];

	guard_end(g);
	if (pipe2(ends, O_CLOEXEC))
		return pcn_fail(error, -errno, "pipe: %s", strerror(errno));
	g->end = ends[1];
	g->pid = fork();
	if (!g->pid)
		watch(ends[0], process);
	close(ends[0]);
	if (g->pid > 0)
		return 0;
	close(ends[1]);
	guard_init(g);
	return pcn_fail(error, -EAGAIN, "fork: %s", strerror(errno));
}

/* Dead, it does not see the pipe close. */
void guard_end(struct guard *g)
{
	if (g->pid > 0) {
		kill(g->pid, SIGKILL);
		waitpid(g->pid, NULL, 0);
	}
	if (g->end >= 0)
		close(g->end);
	guard_init(g);
}
