#define _GNU_SOURCE
#include "cache.h"
#include "build_id.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int default_path(char *path, size_t size, struct error *error)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int n;

	if (cache && cache[0] == '/') {
		n = snprintf(path, size, "%s/popcorn", cache);
	} else if (home && home[0] == '/') {
		snprintf(path, size, "%s/.cache", home);
		mkdir(path, 0700);
		n = snprintf(path, size, "%s/.cache/popcorn", home);
	} else {
		return pcn_fail(error, -ENOENT,
				"no home for executables (--cache DIR)");
	}
	return n < (int)size ? 0 : -ENAMETOOLONG;
}

int cache_open(const char *path, struct error *error)
{
	char own[4096];
	struct stat st;
	int fd;

	if (!path && default_path(own, sizeof(own), error))
		return -ENOENT;
	if (!path)
		path = own;
	if (mkdir(path, 0700) && errno != EEXIST)
		return pcn_fail(error, -errno, "%s: %s", path, strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st))
		return pcn_fail(error, -errno, "%s: %s", path, strerror(errno));
	if (st.st_uid == geteuid() && !(st.st_mode & 077))
		return fd;
	close(fd);
	return pcn_fail(error, -EPERM, "%s: not a directory of this user alone",
			path);
}

void cache_name(const uint8_t build_id[32], char name[CACHE_NAME])
{
	for (int i = 0; i < 32; i++)
		snprintf(name + 2 * (size_t)i, 3, "%02x", build_id[i]);
}

static int check(struct executable *x, const uint8_t build_id[32],
		 struct error *error)
{
	if (memcmp(x->build_id, build_id, 32))
		return pcn_fail(error, -ENOEXEC,
				"%s: another build id than was asked for",
				x->path);
	return pcn_build_id_check(x, error);
}

int cache_find(struct executable *x, int cache, const uint8_t build_id[32],
	       const char *path, struct error *error)
{
	char name[CACHE_NAME];
	int err;

	cache_name(build_id, name);
	if (faccessat(cache, name, X_OK, 0))
		return -ENOENT;
	err = pcn_executable_open_fd(
		x, openat(cache, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), path,
		error);
	if (!err)
		err = check(x, build_id, error);
	if (!err) {
		utimensat(cache, name, NULL, 0); /* used last */
		return 0;
	}
	pcn_executable_close(x);
	unlinkat(cache, name, 0); /* damaged: it may come again */
	return -ENOENT;
}

int cache_begin(int cache, struct error *error)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", cache);
	fd = open(path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0700);
	if (fd >= 0)
		return fd;
	return pcn_fail(error, -errno, "no room for the executable: %s",
			strerror(errno));
}

static bool is_digits(const char *name)
{
	return strlen(name) == CACHE_NAME - 1 &&
	       strspn(name, "0123456789abcdef") == CACHE_NAME - 1;
}

/* Leaves room for one more. */
static void remove_oldest(int cache)
{
	char oldest[CACHE_NAME] = "";
	struct timespec when = {0};
	int fd = openat(cache, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	int count = 0;

	while (d && (e = readdir(d))) {
		struct stat st;

		if (!is_digits(e->d_name) ||
		    fstatat(cache, e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		count++;
		if (oldest[0] && (st.st_mtim.tv_sec > when.tv_sec ||
				  (st.st_mtim.tv_sec == when.tv_sec &&
				   st.st_mtim.tv_nsec >= when.tv_nsec)))
			continue;
		when = st.st_mtim;
		memcpy(oldest, e->d_name, CACHE_NAME);
	}
	if (d)
		closedir(d);
	if (count >= CACHE_FILES)
		unlinkat(cache, oldest, 0);
}

int cache_keep(struct executable *x, int cache, int file,
	       const uint8_t build_id[32], const char *path,
	       struct error *error)
{
	char name[CACHE_NAME], link[32];
	int err;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	err = pcn_executable_open_fd(x, open(link, O_RDONLY | O_CLOEXEC), path,
				     error);
	if (!err)
		err = check(x, build_id, error);
	if (err)
		return err;
	cache_name(build_id, name);
	remove_oldest(cache);
	/* Another agent may have had the same one meanwhile. */
	if (linkat(AT_FDCWD, link, cache, name, AT_SYMLINK_FOLLOW) &&
	    errno != EEXIST)
		return pcn_fail(error, -errno, "%s: %s", name, strerror(errno));
	return 0;
}
