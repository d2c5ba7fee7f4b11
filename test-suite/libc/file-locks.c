/*
 * Locks that belong to an open file, of flock and of F_OFD_SETLK, are held over
 * moves: another process never gets one in between.  Saved files have none.
 *
 * MODES: native verify self qemu qemu-self move
 * CFLAGS: -w
 */
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

static void spin(void)
{
	for (volatile int i = 0; i < 30000; i++)
		;
}

/* What a process that opens the files anew gets: 2, none of both. */
static int refused(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int status;

	if (!fork()) {
		int whole = open("whole", O_RDWR), part = open("part", O_RDWR);
		int n = flock(whole, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;

		n += fcntl(part, F_OFD_SETLK, &lock) && errno == EAGAIN;
		_exit(n);
	}
	CHECK(wait(&status) > 0);
	return WEXITSTATUS(status);
}

int main(void)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 5};
	int whole = open("whole", O_CREAT | O_RDWR, 0600);
	int part = open("part", O_CREAT | O_RDWR, 0600), sum = 0;

	CHECK(!flock(whole, LOCK_EX));
	CHECK(!fcntl(part, F_OFD_SETLK, &lock));
	for (int i = 0; i < 40; i++) {
		spin();
		sum += refused();
	}
	CHECK(!flock(whole, LOCK_UN));
	lock.l_type = F_UNLCK;
	CHECK(!fcntl(part, F_OFD_SETLK, &lock));
	spin();
	printf("%d %d\n", sum, refused());
	unlink("whole");
	unlink("part");
	return 0;
}
