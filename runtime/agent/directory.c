#define _GNU_SOURCE
#include "directory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* So long that "/" and a pid still fit in a socket's address. */
enum {
	MAX = sizeof(((struct sockaddr_un *)NULL)->sun_path) -
	      sizeof("/2147483647")
};

static int name(char path[MAX + 1], struct error *error)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int length;

	if (runtime && runtime[0] == '/')
		length = snprintf(path, MAX + 1, "%s/popcorn", runtime);
	else
		length = snprintf(path, MAX + 1, "/tmp/popcorn-%d",
				  (int)geteuid());
	if (length > MAX)
		return pcn_fail(error, -ENAMETOOLONG,
				"XDG_RUNTIME_DIR: %s: longer than a socket's "
				"address allows",
				runtime);
	return 0;
}

int pcn_directory_make(struct error *error)
{
	struct stat st;
	char path[MAX + 1];
	int err = name(path, error);

	if (err)
		return err;
	if (mkdir(path, 0700) && errno != EEXIST)
		return pcn_fail(error, -errno, "%s: %s", path, strerror(errno));
	if (lstat(path, &st) || !S_ISDIR(st.st_mode) ||
	    st.st_uid != geteuid() || (st.st_mode & 077))
		return pcn_fail(error, -EPERM,
				"%s: not a directory of this user alone", path);
	return 0;
}

int pcn_directory_socket(pid_t pid, char *path, size_t size,
			 struct error *error)
{
	char directory[MAX + 1];
	int err = name(directory, error);

	if (err)
		return err;
	if (snprintf(path, size, "%s/%d", directory, (int)pid) >= (int)size)
		return pcn_fail(error, -ENAMETOOLONG, "%s: name too long",
				directory);
	return 0;
}

int pcn_directory_each(int (*f)(pid_t pid, void *argument), void *argument,
		       struct error *error)
{
	char path[MAX + 1];
	int result = name(path, error);
	struct dirent *e;
	DIR *d;

	if (result)
		return result;
	d = opendir(path);
	if (!d && (errno == ENOENT || errno == EACCES))
		return 0; /* none of this user's */
	if (!d)
		return pcn_fail(error, -errno, "%s: %s", path, strerror(errno));
	while (!result && (e = readdir(d))) {
		int pid = atoi(e->d_name);

		if (pid > 0)
			result = f(pid, argument);
	}
	closedir(d);
	return result;
}
