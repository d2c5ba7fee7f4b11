/*
 * ftw() and nftw() whose callbacks migrate: each name is visited once, with its
 * type, depth and place in the path; links followed or not, contents first,
 * stopping early, a callback that walks itself.  A directory that is open while
 * the program is elsewhere goes on where it was.
 *
 * MODES: usual spread spread-user links
 * SELF: 3
 */
#define _GNU_SOURCE
#include "check.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX 64

/* Directories list their names in no order that one may count on. */
static char seen[MAX][80];
static int count;
static int stop_after;

static void poll(void)
{
	for (volatile int i = 0; i < 2; i++)
		;
}

static const char *type_name(int type)
{
	static const char *const names[] = {[FTW_F] = "file",
					    [FTW_D] = "directory",
					    [FTW_DNR] = "closed",
					    [FTW_NS] = "unknown",
					    [FTW_SL] = "link",
					    [FTW_DP] = "directory after",
					    [FTW_SLN] = "link to nothing"};

	CHECK(type >= FTW_F && type <= FTW_SLN);
	return names[type];
}

static int visit(const char *path, const struct stat *status, int type)
{
	CHECK(count < MAX);
	poll();
	snprintf(seen[count++], sizeof(seen[0]), "%s %s %o %d", path,
		 type_name(type), status->st_mode & S_IFMT,
		 S_ISREG(status->st_mode) ? (int)status->st_size : 0);
	poll();
	return count == stop_after ? 7 : 0;
}

static int visit_more(const char *path, const struct stat *status, int type,
		      struct FTW *info)
{
	CHECK(count < MAX);
	poll();
	snprintf(seen[count++], sizeof(seen[0]), "%s %s %d %s", path,
		 type_name(type), info->level, path + info->base);
	poll();
	CHECK(type == FTW_SLN || status->st_nlink > 0);
	return count == stop_after ? 7 : 0;
}

/* Does what is in a directory come before it, or after? */
static int check_order(const char *path, const struct stat *status, int type,
		       struct FTW *info)
{
	static char parents[8][80];

	(void)status;
	CHECK(info->level < 8);
	poll();
	if (type == FTW_D) {
		strcpy(parents[info->level], path);
	} else if (info->level) {
		const char *parent = parents[info->level - 1];

		CHECK(!strncmp(path, parent, strlen(parent)) &&
		      path[strlen(parent)] == '/');
	}
	return 0;
}

static int remove_it(const char *path, const struct stat *status, int type,
		     struct FTW *info)
{
	(void)status;
	(void)info;
	poll();
	CHECK(type != FTW_D);
	CHECK(!remove(path));
	count++;
	return 0;
}

static int count_files(const char *path, const struct stat *status, int type)
{
	(void)path;
	(void)status;
	poll();
	count += type == FTW_F;
	return 0;
}

/* Of each directory: how many files are below it. */
static int walk_inside(const char *path, const struct stat *status, int type,
		       struct FTW *info)
{
	int before = count;

	(void)status;
	(void)info;
	if (type != FTW_D)
		return 0;
	CHECK(!ftw(path, count_files, 8));
	CHECK(count - before == (!strcmp(path, "top")		 ? 10
				 : !strcmp(path, "top/empty")	 ? 0
				 : !strcmp(path, "top/sub/deep") ? 2
								 : 5));
	return 0;
}

static int compare(const void *a, const void *b)
{
	poll();
	return strcmp(a, b);
}

static void say(const char *title)
{
	qsort(seen, (size_t)count, sizeof(seen[0]), compare);
	printf("%s: %d\n", title, count);
	for (int i = 0; i < count; i++)
		printf("  %s\n", seen[i]);
	count = 0;
}

static void make(void)
{
	CHECK(!mkdir("top", 0755) && !mkdir("top/sub", 0755) &&
	      !mkdir("top/sub/deep", 0755) && !mkdir("top/empty", 0755));
	for (int i = 0; i < 9; i++) {
		static const char *const folders[] = {"top", "top/sub",
						      "top/sub/deep"};
		char path[40];
		FILE *file;

		snprintf(path, sizeof(path), "%s/file%d",
			 folders[i < 4	 ? 0
				 : i < 7 ? 1
					 : 2],
			 i);
		file = fopen(path, "w");
		CHECK(file && fprintf(file, "%*d", i + 1, i) > 0 &&
		      !fclose(file));
	}
	CHECK(!symlink("file1", "top/to-file"));
	CHECK(!symlink("../empty", "top/sub/to-empty"));
	CHECK(!symlink("nowhere", "top/sub/to-nothing"));
	CHECK(!mkfifo("top/fifo", 0600));
}

/* Names that are there throughout come once each. */
static void slowly(void)
{
	DIR *directory = opendir("top");
	struct dirent *entry;
	int found = 0;
	long at;

	CHECK(directory);
	for (int round = 0; round < 2; round++) {
		while ((entry = readdir(directory))) {
			for (int i = 0; i < 10; i++)
				poll();
			found += entry->d_name[0] != '.';
		}
		rewinddir(directory);
	}
	printf("slowly: %d\n", found);
	CHECK(readdir(directory) && (at = telldir(directory)) != -1);
	entry = readdir(directory);
	CHECK(entry);
	strcpy(seen[0], entry->d_name);
	while (readdir(directory))
		poll();
	seekdir(directory, at);
	poll();
	entry = readdir(directory);
	CHECK(entry && !strcmp(entry->d_name, seen[0]));
	CHECK(!closedir(directory));
}

int main(void)
{
	make();
	for (int fds = 2; fds < 12; fds += 8) {
		CHECK(!ftw("top", visit, fds));
		say("ftw");
		CHECK(!nftw("top", visit_more, fds, FTW_PHYS));
		say("nftw, links as such");
	}
	CHECK(!nftw("top", visit_more, 4, 0));
	say("nftw, links followed");
	CHECK(!nftw("top", visit_more, 4, FTW_DEPTH | FTW_PHYS));
	say("nftw, contents first");
	CHECK(!nftw("top", check_order, 4, FTW_PHYS));
	CHECK(!nftw("top/sub/", visit_more, 4, FTW_PHYS | FTW_MOUNT));
	say("nftw of a part");
	CHECK(!ftw("top/file1", visit, 4));
	say("ftw of a file");
	stop_after = 5;
	CHECK(ftw("top", visit, 4) == 7 && count == 5);
	count = 0;
	CHECK(nftw("top", visit_more, 4, 0) == 7 && count == 5);
	count = stop_after = 0;
	errno = 0;
	CHECK(ftw("none", visit, 4) == -1 || count == 1);
	printf("none: %d %s\n", count, strerror(errno));
	count = 0;
	CHECK(!nftw("top", walk_inside, 4, FTW_PHYS));
	printf("files, by each directory above: %d\n", count);
	slowly();
	count = 0;
	CHECK(!nftw("top", remove_it, 4, FTW_DEPTH | FTW_PHYS));
	printf("removed: %d\n", count);
	CHECK(access("top", F_OK) == -1 && errno == ENOENT);
	return 0;
}
