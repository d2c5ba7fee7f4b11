/*
 * A program finds its own file as /proc/self/exe, by its link, by what it opens
 * and by its status, and executes it, wherever it runs and whichever slice of
 * it that is.
 *
 * MODES: usual nodes spread spread-user spread-emulated links
 */
#include "check.h"
#include <fcntl.h>
#include <popcorn.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void poll(void)
{
	for (volatile int i = 0; i < 5; i++)
		;
}

static void link_is(const char *link, const char *wanted)
{
	char name[1000], part[6] = "-----";
	ssize_t size = readlink(link, name, sizeof(name) - 1);

	CHECK(size == (ssize_t)strlen(wanted));
	CHECK(!memcmp(name, wanted, size));
	CHECK(readlink(link, part, 3) == 3);
	CHECK(!memcmp(part, wanted, 3) && !strcmp(part + 3, "--"));
}

static void is_file(int fd, const struct stat *wanted)
{
	struct stat got;
	char magic[4];

	CHECK(fd >= 0);
	CHECK(!fstat(fd, &got));
	CHECK(got.st_size == wanted->st_size && got.st_ino == wanted->st_ino);
	CHECK(read(fd, magic, 4) == 4 && !memcmp(magic, "\177ELF", 4));
}

static void look(const char *name, const char *link)
{
	struct stat wanted, got;
	int next = dup(0), fd;

	CHECK(next > 2 && !close(next));
	CHECK(!stat(name, &wanted));
	poll();
	link_is(link, name);
	poll();
	fd = open(link, O_RDONLY | O_CLOEXEC);
	CHECK(fd == next);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	is_file(fd, &wanted);
	close(fd);
	fd = open(link, O_RDONLY);
	CHECK(!fcntl(fd, F_GETFD));
	is_file(fd, &wanted);
	close(fd);
	if (popcorn_nodes() > 1) { /* the emulator alone tells of itself */
		CHECK(!stat(link, &got));
		CHECK(got.st_ino == wanted.st_ino);
		CHECK(got.st_size == wanted.st_size);
	}
	CHECK(!lstat(link, &got) && S_ISLNK(got.st_mode));
}

static void begin_again(const char *link)
{
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		execl(link, "again", "again", (char *)NULL);
		_exit(2);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 77);
}

int main(int argc, char **argv)
{
	char own[50], *name = realpath(argv[0], NULL);

	if (argc == 2)
		return strcmp(argv[0], "again") ? 1 : 77;
	CHECK(argc == 1 && name);
	snprintf(own, sizeof(own), "/proc/%d/exe", (int)getpid());
	for (int i = 0; i < 40; i++) {
		if (i % 10 == 9 && !getenv("POPCORN_SELF"))
			CHECK(!popcorn_migrate(i % popcorn_nodes()));
		look(name, "/proc/self/exe");
		look(name, own);
		if (i % 10 == 9 && popcorn_nodes() > 1)
			begin_again("/proc/self/exe");
		poll();
		CHECK(!strcmp((char *)getauxval(AT_EXECFN), argv[0]));
	}
	CHECK(access("/proc/self/exe", R_OK) == 0);
	CHECK(open("/proc/self/exe/x", O_RDONLY) == -1);
	free(name);
	puts("found");
	return 0;
}
