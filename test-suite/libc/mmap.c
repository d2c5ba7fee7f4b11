/*
 * mmap: anonymous, of a file private and shared, partial unmapping, mprotect,
 * mremap; contents survive moves.
 */
#define _GNU_SOURCE
#include "check.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

static void spin(void)
{
	for (volatile int i = 0; i < 50; i++)
		;
}

int main(void)
{
	char name[] = "popcorn-map-XXXXXX";
	uint32_t *anonymous, *grown;
	char *private, *shared, byte;
	int fd;

	anonymous = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(anonymous != MAP_FAILED);
	for (int i = 0; i < 64; i++)
		anonymous[i * PAGE / 4] = (uint32_t)i * 7;
	CHECK(!munmap(anonymous + 16 * PAGE / 4, 16 * PAGE));
	spin();
	for (int i = 0; i < 64; i++)
		if (i < 16 || i >= 32)
			CHECK(anonymous[i * PAGE / 4] == (uint32_t)i * 7);
	CHECK(!mprotect(anonymous, PAGE, PROT_READ));
	spin();
	CHECK(anonymous[0] == 0);
	CHECK(!mprotect(anonymous, PAGE, PROT_READ | PROT_WRITE));
	grown = mremap(anonymous, 16 * PAGE, 40 * PAGE, MREMAP_MAYMOVE);
	CHECK(grown != MAP_FAILED && grown[15 * PAGE / 4] == 15 * 7);

	fd = mkstemp(name);
	CHECK(fd >= 0 && write(fd, "0123456789", 10) == 10);
	private = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(private != MAP_FAILED && shared != MAP_FAILED);
	private[3] = 'p';
	shared[5] = 's';
	spin();
	CHECK(private[3] == 'p' && shared[3] == '3' && shared[5] == 's');
	CHECK(pread(fd, &byte, 1, 5) == 1 && byte == 's');
	printf("%.10s\n", shared);
	CHECK(!munmap(private, PAGE) && !munmap(shared, PAGE));
	close(fd);
	unlink(name);
	return 0;
}
