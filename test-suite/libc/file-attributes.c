/*
 * Files and what belongs to them, with moves and saves between: vectors of
 * buffers, copies, positions and flags, times, modes, links, limits.
 *
 * MODES: usual spread spread-user links
 * CFLAGS: -w
 */
#define _GNU_SOURCE
#include "files.h"

static void positions(int fd)
{
	spin();
	CHECK(lseek(fd, 0, SEEK_CUR) == 5000);
	CHECK(lseek(fd, 6, SEEK_SET) == 6 &&
	      fcntl(fd, F_SETFL, O_APPEND) != -1);
	spin();
	CHECK(lseek(fd, 0, SEEK_CUR) == 6 && (fcntl(fd, F_GETFL) & O_APPEND));
	CHECK(write(fd, "end", 3) == 3 && lseek(fd, 0, SEEK_CUR) == 5003);
	CHECK(fcntl(fd, F_DUPFD_CLOEXEC, 40) == 40);
	spin();
	CHECK(fcntl(40, F_GETFD) == FD_CLOEXEC && !fcntl(fd, F_GETFD));
	CHECK(lseek(40, 1, SEEK_SET) == 1 && lseek(fd, 0, SEEK_CUR) == 1);
	CHECK(!close(40));
}

int main(void)
{
	for (int i = 0; i < 5; i++) {
		int fd = open("vector", O_CREAT | O_RDWR | O_TRUNC, 0600);

		vectors(fd);
		positions(fd);
		CHECK(!close(fd) && !unlink("vector"));
		attributes();
	}
	limits();
	printf("pathconf %ld %ld\n", pathconf(".", _PC_PIPE_BUF),
	       pathconf(".", _PC_NAME_MAX));
	spin();
	return 0;
}
