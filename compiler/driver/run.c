#include "run.h"
#include "messages.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static bool trace, pretend;

/* Fixed storage: the signal handler reads it. */
static char temp_dir[4096];
static bool temp_dir_is_ours;
static char guarded[4096];
static volatile sig_atomic_t children[64];

static void remember(pid_t was, pid_t is)
{
	for (size_t i = 0; i < sizeof(children) / sizeof(*children); i++) {
		if (children[i] == was) {
			children[i] = is;
			return;
		}
	}
}

void pcn_run_trace(bool verbose, bool dry_run)
{
	trace = verbose || dry_run;
	pretend = dry_run;
}

static void print_command(const struct strings *arguments)
{
	for (size_t i = 0; i < arguments->count; i++) {
		fprintf(stderr, " \"");
		for (const char *c = arguments->items[i]; *c; c++) {
			if (strchr("\"\\$`", *c))
				fputc('\\', stderr);
			fputc(*c, stderr);
		}
		fputc('"', stderr);
	}
	fputc('\n', stderr);
}

/* In the tools, too, which have handlers for the signal.  Nor does an account
 * of a crash need a helper, which would want room on a disk. */
void pcn_run_prepare(void)
{
	sigset_t too_big;

	sigemptyset(&too_big);
	sigaddset(&too_big, SIGXFSZ);
	sigprocmask(SIG_BLOCK, &too_big, NULL);
	setenv("LLVM_DISABLE_SYMBOLIZATION", "1", 0);
}

int pcn_run_start(struct job *job, const struct strings *arguments,
		  struct error *error)
{
	return pcn_run_start_as(job, arguments->items[0], arguments, error);
}

int pcn_run_start_as(struct job *job, const char *path,
		     const struct strings *arguments, struct error *error)
{
	posix_spawn_file_actions_t actions;
	int result, said[2];

	*job = (struct job){.tool = pcn_basename(arguments->items[0]),
			    .said_fd = -1};
	if (trace)
		print_command(arguments);
	if (pretend)
		return 0;
	/* Not to a file: a disk may be full. */
	if (pipe2(said, O_CLOEXEC))
		return pcn_fail(error, -errno, "pipe: %s", strerror(errno));
	job->said_fd = said[0];
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, said[1], STDERR_FILENO);
	result = posix_spawn(&job->pid, path, &actions, NULL, arguments->items,
			     environ);
	posix_spawn_file_actions_destroy(&actions);
	close(said[1]);
	if (result) {
		job->pid = 0;
		close(job->said_fd);
		return pcn_fail(error, -result, "cannot run %s: %s", path,
				strerror(result));
	}
	remember(0, job->pid);
	return 0;
}

/* All that the tool says, up to its end. */
static void read_said(struct job *job)
{
	size_t used = 0, room = 4096;
	ssize_t got;

	job->said = pcn_alloc(room);
	for (;;) {
		got = read(job->said_fd, job->said + used, room - used - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		used += (size_t)got;
		if (used + 1 == room)
			job->said = pcn_realloc(job->said, room *= 2);
	}
	job->said[used] = 0;
	close(job->said_fd);
	job->said_fd = -1;
}

int pcn_run_wait(struct job *job, struct error *error)
{
	int status;

	if (!job->pid)
		return 0;
	read_said(job);
	while (waitpid(job->pid, &status, 0) < 0)
		if (errno != EINTR)
			return pcn_fail(error, -errno, "cannot wait for %s: %s",
					job->tool, strerror(errno));
	remember(job->pid, 0);
	job->pid = 0;
	if (WIFSIGNALED(status))
		return pcn_fail(error, -ECHILD,
				"%s was killed by signal %d (%s)", job->tool,
				WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) && !job->said[0])
		return pcn_fail(error, -ECHILD, "%s failed with status %d",
				job->tool, WEXITSTATUS(status));
	return WEXITSTATUS(status) ? -ECHILD : 0;
}

void pcn_run_print(struct job *job)
{
	if (job->said)
		pcn_messages_print(job->said);
	free(job->said);
	job->said = NULL;
}

int pcn_run(const struct strings *arguments, struct error *error)
{
	struct job job;
	int result = pcn_run_start(&job, arguments, error);

	if (result)
		return result;
	result = pcn_run_wait(&job, error);
	pcn_run_print(&job);
	return result;
}

/* The directory is flat. */
static void remove_temps(void)
{
	struct dirent *entry;
	DIR *dir;
	int fd;

	if (!temp_dir_is_ours)
		return;
	temp_dir_is_ours = false;
	dir = opendir(temp_dir);
	if (!dir)
		return;
	fd = dirfd(dir);
	while (fd >= 0 && (entry = readdir(dir)))
		unlinkat(fd, entry->d_name, 0);
	closedir(dir);
	rmdir(temp_dir);
}

static void end_by_signal(int number)
{
	/* Or they would go on to write into a directory that goes. */
	for (size_t i = 0; i < sizeof(children) / sizeof(*children); i++)
		if (children[i] > 0 && kill(children[i], SIGKILL) == 0)
			waitpid(children[i], NULL, 0);
	if (guarded[0])
		pcn_remove_output(guarded);
	/* opendir allocates; a signal inside malloc would hang there. */
	if (temp_dir_is_ours) {
		pid_t child = fork();

		if (child == 0) {
			execl("/bin/rm", "rm", "-rf", temp_dir, (char *)NULL);
			_exit(127);
		}
		if (child > 0)
			waitpid(child, NULL, 0);
	}
	signal(number, SIG_DFL);
	raise(number);
}

int pcn_temps_create(const char *keep, struct error *error)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGPIPE};
	const char *base = getenv("TMPDIR");

	if (keep) {
		if (mkdir(keep, 0777) && errno != EEXIST)
			return pcn_fail(error, -errno, "%s: %s", keep,
					strerror(errno));
		snprintf(temp_dir, sizeof(temp_dir), "%s", keep);
		return 0;
	}
	snprintf(temp_dir, sizeof(temp_dir), "%s/popcorn-XXXXXX",
		 base && *base ? base : "/tmp");
	if (pretend)
		return 0;
	if (!mkdtemp(temp_dir))
		return pcn_fail(error, -errno, "%s: %s", temp_dir,
				strerror(errno));
	temp_dir_is_ours = true;
	atexit(remove_temps);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		struct sigaction action = {.sa_handler = end_by_signal};
		struct sigaction old;

		/* Ignored by our caller: leave it so (nohup). */
		if (sigaction(signals[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
	return 0;
}

char *pcn_temps_path(const char *name)
{
	return pcn_format("%s/%s", temp_dir, name);
}

void pcn_temps_guard(const char *output)
{
	guarded[0] = 0;
	if (output)
		snprintf(guarded, sizeof(guarded), "%s", output);
}

void pcn_temps_remove_guarded(void)
{
	if (guarded[0])
		pcn_remove_output(guarded);
}
