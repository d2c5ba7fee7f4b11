/* ps, migrate, checkpoint, restore, key. */
#define _GNU_SOURCE
#include "commands.h"
#include "client.h"
#include "directory.h"
#include "progress.h"
#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int print_agent(pid_t agent, void *argument)
{
	char reply[2048], process[32], node[64], isa[32], moves[32],
		program[4096];
	struct error unused = {""};
	int fd = client_connect_agent(agent);

	(void)argument;
	if (fd < 0)
		return 0;
	if (!client_send(fd, "state", -1, &unused) &&
	    !client_receive(fd, reply, sizeof(reply), &unused)) {
		const char *at = reply;

		printf("%-8d %-8s %-12s %-8s %5s  %s\n", (int)agent,
		       client_field(reply, "first", process, sizeof(process)),
		       client_field(reply, "node", node, sizeof(node)),
		       client_field(reply, "isa", isa, sizeof(isa)),
		       client_field(reply, "moves", moves, sizeof(moves)),
		       client_field(reply, "program", program,
				    sizeof(program)));
		while ((at = strstr(at, "\tforked="))) {
			at += 8;
			printf("%-8s %-8.*s %-12.*s (forked)\n", "",
			       (int)strcspn(at, "@"), at,
			       (int)strcspn(at + strcspn(at, "@") + 1, "\t"),
			       at + strcspn(at, "@") + 1);
		}
	}
	close(fd);
	return 0;
}

int command_ps(int argc, char **argv, struct error *error)
{
	if (argc)
		return pcn_fail(error, -EINVAL,
				"unknown argument %s (try --help)", argv[0]);
	printf("%-8s %-8s %-12s %-8s %5s  %s\n", "PID", "PROGRAM", "NODE",
	       "ISA", "MOVES", "EXECUTABLE");
	return pcn_directory_each(print_agent, NULL, error);
}

/* An argument that no option of the command is. */
static int unknown(const char *argument, const char *const *with_value,
		   struct error *error)
{
	for (; *with_value; with_value++)
		if (!strcmp(argument, *with_value))
			return pcn_fail(error, -EINVAL, "%s needs a value",
					argument);
	return pcn_fail(error, -EINVAL, "unknown argument %s (try --help)",
			argument);
}

static pid_t pid_of(const char *text)
{
	char *end;
	long pid = strtol(text, &end, 10);

	return end == text || *end || pid > INT_MAX ? -1 : (pid_t)pid;
}

int command_migrate(int argc, char **argv, struct error *error)
{
	char text[128], reply[2048], bytes[32], pause[32];
	const char *thread = NULL;
	int fd, err;

	if (argc == 4 && !strcmp(argv[1], "--thread")) {
		thread = argv[2];
		argv[1] = argv[3];
		argc = 2;
	}
	if (argc != 2)
		return pcn_fail(error, -EINVAL,
				"PID and NODE expected (try --help)");
	fd = client_connect(pid_of(argv[0]), error);
	if (fd < 0)
		return fd;
	if (thread)
		snprintf(text, sizeof(text), "thread %.16s %.64s", thread,
			 argv[1]);
	else
		snprintf(text, sizeof(text), "migrate %.64s", argv[1]);
	err = client_send(fd, text, -1, error);
	if (!err)
		err = client_receive(fd, reply, sizeof(reply), error);
	if (!err && !thread && isatty(2)) {
		uint64_t n = strtoull(
			client_field(reply, "bytes", bytes, sizeof(bytes)),
			NULL, 10);

		fprintf(stderr, "%.1f MB moved, paused for %s ms\n",
			(double)n / 1e6,
			client_field(reply, "pause_ms", pause, sizeof(pause)));
	}
	close(fd);
	return err;
}

/* Waits for the reply and shows how the file grows. */
static int wait_saved(int fd, int file, char *reply, size_t size,
		      struct error *error)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct progress progress;
	struct stat st;

	progress_begin(&progress, "saving", 0);
	while (poll(&p, 1, 200) == 0)
		if (!fstat(file, &st))
			progress_show(&progress, (uint64_t)st.st_size);
	progress_end(&progress);
	return client_receive(fd, reply, size, error);
}

/* A file without a name until it is whole, so that a command that is killed
 * leaves nothing; where there is no such thing, one with a temporary name. */
static int open_unnamed(const char *path, const char *temporary)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];
	int file;

	snprintf(folder, sizeof(folder), "%.*s",
		 slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return file;
	return open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static int give_name(int file, const char *temporary)
{
	char link[32];
	struct stat st;

	if (!fstat(file, &st) && st.st_nlink)
		return 0; /* it has one */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	if (unlink(temporary) && errno != ENOENT)
		return -errno;
	return linkat(AT_FDCWD, link, AT_FDCWD, temporary, AT_SYMLINK_FOLLOW)
		       ? -errno
		       : 0;
}

/* The new file takes the old one's place only when it is safe on the disk. */
static int keep_file(const char *temporary, const char *path, int file,
		     struct error *error)
{
	int err = fsync(file) ? -errno : give_name(file, temporary);

	if (err)
		return pcn_fail(error, err, "%s: %s", temporary,
				strerror(-err));
	if (rename(temporary, path))
		return pcn_fail(error, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

static int checkpoint(int fd, const char *path, const char *temporary, int file,
		      bool leave_running, struct error *error)
{
	char reply[2048];
	int err;

	err = client_send(fd,
			  leave_running ? "checkpoint leave-running"
					: "checkpoint end",
			  file, error);
	if (!err)
		err = wait_saved(fd, file, reply, sizeof(reply), error);
	if (err)
		return err;
	err = keep_file(temporary, path, file, error);
	if (leave_running)
		return err;
	if (err) {
		struct error unused = {""};

		client_send(fd, "abort", -1, &unused);
		return err;
	}
	err = client_send(fd, "commit", -1, error);
	if (!err)
		err = client_receive(fd, reply, sizeof(reply), error);
	return err;
}

int command_checkpoint(int argc, char **argv, struct error *error)
{
	static const char *const with_value[] = {"-o", NULL};
	const char *pid = NULL, *path = NULL;
	bool leave_running = false;
	char temporary[4096];
	int fd, file, err;

	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "-o") && i + 1 < argc)
			path = argv[++i];
		else if (!strcmp(argv[i], "--leave-running"))
			leave_running = true;
		else if (argv[i][0] != '-' && !pid)
			pid = argv[i];
		else
			return unknown(argv[i], with_value, error);
	}
	if (!pid || !path)
		return pcn_fail(error, -EINVAL,
				"PID and -o FILE expected (try --help)");
	if (snprintf(temporary, sizeof(temporary), "%s.tmp", path) >=
	    (int)sizeof(temporary))
		return pcn_fail(error, -ENAMETOOLONG, "%s: name too long",
				path);
	fd = client_connect(pid_of(pid), error);
	if (fd < 0)
		return fd;
	file = open_unnamed(path, temporary);
	if (file < 0) {
		close(fd);
		return pcn_fail(error, -errno, "%s: %s", path, strerror(errno));
	}
	err = checkpoint(fd, path, temporary, file, leave_running, error);
	if (err)
		unlink(temporary);
	close(file);
	close(fd);
	return err;
}

int command_restore(int argc, char **argv, struct error *error)
{
	static struct options options;
	static struct saved saved;
	static const char *const with_value[] = {"--exe", NULL};
	const char *path = NULL, *exe = NULL;
	bool drop_lost = false;
	int err;

	options_init(&options);
	for (int i = 0; i < argc; i++) {
		int taken = options_take(&options, argc, argv, &i, error);

		if (taken < 0)
			return taken;
		if (taken)
			continue;
		if (!strcmp(argv[i], "--exe") && i + 1 < argc)
			exe = argv[++i];
		else if (!strcmp(argv[i], "--drop-lost"))
			drop_lost = true;
		else if (argv[i][0] != '-' && !path)
			path = argv[i];
		else
			return unknown(argv[i], with_value, error);
	}
	if (!path)
		return pcn_fail(error, -EINVAL, "FILE expected (try --help)");
	err = options_finish(&options, error);
	if (!err)
		err = saved_open(&saved, path, error);
	if (!err)
		err = saved_reopen(&saved, drop_lost, error);
	if (!err) {
		options.saved = &saved;
		if (!exe)
			exe = pcn_stream_string(&saved.stream,
						saved.stream.info->exe);
		err = agent_run(&options, exe, error);
	}
	saved_close(&saved);
	return err;
}

int command_key(int argc, char **argv, struct error *error)
{
	if (argc != 1)
		return pcn_fail(error, -EINVAL, "FILE expected (try --help)");
	return pcn_tls_make_key(argv[0], error);
}
