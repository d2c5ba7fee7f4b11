/*
 * poll() on a pipe waits for its writer, also over moves.  A pipe cannot be
 * saved.
 *
 * MODES: native verify self qemu qemu-self move
 */
#include "check.h"
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	struct pollfd fd;
	int ends[2], status;
	char byte;

	CHECK(!pipe(ends));
	fd = (struct pollfd){ends[0], POLLIN, 0};
	CHECK(poll(&fd, 1, 20) == 0);
	for (int i = 0; i < 20; i++) {
		pid_t child = fork();

		CHECK(child >= 0);
		if (!child) {
			usleep(20000);
			byte = (char)('a' + i);
			_exit(write(ends[1], &byte, 1) != 1);
		}
		CHECK(poll(&fd, 1, -1) == 1 && fd.revents == POLLIN);
		CHECK(read(ends[0], &byte, 1) == 1);
		CHECK(waitpid(child, &status, 0) == child && !status);
		putchar(byte);
	}
	putchar('\n');
	close(ends[1]);
	CHECK(poll(&fd, 1, -1) == 1 && fd.revents & POLLHUP);
	return 0;
}
