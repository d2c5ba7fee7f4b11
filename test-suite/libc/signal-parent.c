/*
 * A child that signals its parent reaches it wherever the parent has moved, and
 * asks in vain for what the parent has locked, by the pid that it knows.  Who
 * waits for a child cannot be saved.
 *
 * MODES: native verify self qemu qemu-self move
 */
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t handled;

static void spin(void)
{
	for (volatile int i = 0; i < 30000; i++)
		;
}

static void handler(int signal)
{
	(void)signal;
	handled++;
}

int main(void)
{
	pid_t self = getpid();
	int fd = open("lock", O_CREAT | O_RDWR, 0600), status, good = 0;

	CHECK(fd >= 0);
	signal(SIGUSR1, handler);
	for (int i = 0; i < 40; i++) {
		struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

		CHECK(!fcntl(fd, F_SETLK, &lock));
		if (!fork()) {
			CHECK(getppid() == self);
			CHECK(!fcntl(fd, F_GETLK, &lock));
			CHECK(lock.l_type == F_UNLCK || lock.l_pid == self);
			CHECK(!kill(getppid(), SIGUSR1));
			_exit(3);
		}
		while (handled <= i)
			spin();
		CHECK(wait(&status) > 0);
		good += WEXITSTATUS(status) == 3;
		lock.l_type = F_UNLCK; /* or it could not move */
		CHECK(!fcntl(fd, F_SETLK, &lock));
		spin();
	}
	unlink("lock");
	printf("%d %d\n", handled, good);
	return 0;
}
