/*
 * Other programs: exec with arguments and an environment, posix_spawn with file
 * actions and attributes, system, popen both ways, vfork, wait in its forms.
 * Pipes cannot be saved.
 *
 * MODES: native verify self qemu move spread spread-user links
 */
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void poll(void)
{
	for (volatile int i = 0; i < 5; i++)
		;
}

static void execs(int i)
{
	char number[20], *arguments[] = {"sh", "-c", "echo $0 $N; exit $N",
					 "name", NULL};
	char *environment[] = {number, "PATH=/usr/bin:/bin", NULL};
	int status;
	pid_t pid;

	sprintf(number, "N=%d", i);
	pid = fork();
	if (!pid) {
		poll();
		if (i & 1)
			execve("/bin/sh", arguments, environment);
		else
			execvpe("sh", arguments, environment);
		_exit(99);
	}
	poll();
	CHECK(waitpid(pid, &status, 0) == pid);
	printf("%d\n", WEXITSTATUS(status));
	fflush(stdout);
	pid = vfork();
	if (!pid) {
		execl("/bin/sh", "sh", "-c", "kill -TERM $$", (char *)NULL);
		_exit(99);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	printf("%d %d\n", WIFSIGNALED(status), WTERMSIG(status));
}

static void spawns(int i)
{
	char *arguments[] = {"sh", "-c", "read line; echo \"<$line>\"; pwd",
			     NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t set;
	siginfo_t info;
	struct rusage usage;
	char text[40] = "";
	int in[2], out[2], status;
	ssize_t size = 0;
	pid_t pid;

	CHECK(!pipe(in) && !pipe2(out, O_CLOEXEC));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_addclose(&actions, in[1]);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	posix_spawn_file_actions_addchdir_np(&actions, "/");
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETPGROUP);
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&attributes, &set);
	CHECK(!posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments,
			   environ));
	poll();
	close(in[0]);
	close(out[1]);
	CHECK(dprintf(in[1], "line %d\n", i) > 0);
	close(in[1]);
	while (size < 39) {
		ssize_t got = read(out[0], text + size, (size_t)(39 - size));

		if (got <= 0)
			break;
		size += got;
		poll();
	}
	close(out[0]);
	printf("%s", text);
	CHECK(!waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
	printf("%d %d\n", info.si_code == CLD_EXITED, info.si_status);
	CHECK(wait4(pid, &status, 0, &usage) == pid && WIFEXITED(status));
	CHECK(posix_spawnp(&pid, "no-such-program", NULL, NULL, arguments,
			   environ) == ENOENT);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
}

static void shells(int i)
{
	char command[60], line[60];
	FILE *pipe;

	sprintf(command, "echo system %d; exit %d", i, i);
	fflush(stdout);
	printf("%d\n", WEXITSTATUS(system(command)));
	fflush(stdout);
	pipe = popen("tr a-z A-Z", "w");
	CHECK(pipe);
	for (int j = 0; j < 3; j++) {
		fprintf(pipe, "to the pipe %d\n", j);
		poll();
	}
	printf("%d\n", pclose(pipe));
	sprintf(command, "echo one %d; echo two; exit 4", i);
	pipe = popen(command, "r");
	while (fgets(line, sizeof(line), pipe)) {
		poll();
		fputs(line, stdout);
	}
	printf("%d\n", WEXITSTATUS(pclose(pipe)));
	CHECK(wait(NULL) == -1 && errno == ECHILD);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOFBF, 4096);
	for (int i = 0; i < 4; i++) {
		execs(i);
		spawns(i);
		shells(i);
		fflush(stdout);
	}
	return 0;
}
