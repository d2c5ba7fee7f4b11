/*
 * Files without a name go along when the program moves: temporary ones, one
 * that was opened and removed, memory.  They cannot be saved.
 *
 * MODES: native verify self qemu qemu-self move spread spread-user links
 */
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void poll(void)
{
	for (volatile int i = 0; i < 10; i++)
		;
}

/* A stream, its buffer half full when it is elsewhere. */
static void stream(void)
{
	static char buffer[64];
	FILE *file = tmpfile();
	char line[40];

	CHECK(file && !setvbuf(file, buffer, _IOFBF, sizeof(buffer)));
	for (int i = 0; i < 50; i++) {
		fprintf(file, "%03d:line\n", i);
		poll();
	}
	CHECK(!fseek(file, -9 * 20, SEEK_END));
	for (int i = 0; i < 3; i++) {
		CHECK(fgets(line, sizeof(line), file));
		poll();
		printf("%.8s ", line);
	}
	printf("%ld\n", ftell(file));
	CHECK(!fclose(file));
}

static void check(const char *name, int fd)
{
	struct stat status;
	char text[16] = "", *memory;
	int again;

	CHECK(fd >= 0 && write(fd, "0123456789", 10) == 10);
	poll();
	CHECK(lseek(fd, 0, SEEK_CUR) == 10 && lseek(fd, 4, SEEK_SET) == 4);
	poll();
	CHECK(write(fd, "xy", 2) == 2 && pread(fd, text, 15, 0) == 10);
	poll();
	CHECK(!fstat(fd, &status) && status.st_size == 10);
	again = dup(fd);
	CHECK(again >= 0 && lseek(again, -1, SEEK_CUR) == 5);
	poll();
	CHECK(lseek(fd, 0, SEEK_CUR) == 5);
	memory = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK(memory != MAP_FAILED && !close(fd));
	poll();
	CHECK(!memcmp(memory, text, 10));
	printf("%s: %s %d links\n", name, text, (int)status.st_nlink);
	CHECK(!munmap(memory, 4096) && !close(again));
}

int main(void)
{
	for (int i = 0; i < 5; i++) {
		int fd;

		stream();
		fd = open("removed", O_CREAT | O_RDWR | O_EXCL, 0600);
		CHECK(fd >= 0 && !unlink("removed"));
		check("removed", fd);
		check("memory", memfd_create("memory", 0));
		fd = open(".", O_TMPFILE | O_RDWR, 0600);
		if (fd < 0)
			CHECK(errno == EOPNOTSUPP || errno == EISDIR);
		else
			check("never named", fd);
	}
	return 0;
}
