/*
 * What a process guards by a record lock (F_SETLK, lockf) no other one sees
 * half done, wherever the process goes meanwhile: it leaves when it has none.
 * Files that are saved while it holds one have none, so it is not saved,
 * either.
 *
 * MODES: native verify self qemu qemu-self move
 */
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 60

static void spin(void)
{
	for (volatile int i = 0; i < 20000; i++)
		;
}

static void lock(int file, int type)
{
	struct flock region = {
		.l_type = type, .l_whence = SEEK_SET, .l_len = 16};

	CHECK(!fcntl(file, F_SETLKW, &region));
}

static long word(int file, int i)
{
	long value = -1;

	CHECK(pread(file, &value, sizeof(value), i * 8) == sizeof(value));
	return value;
}

static void set_word(int file, int i, long value)
{
	CHECK(pwrite(file, &value, sizeof(value), i * 8) == sizeof(value));
}

/* Adds to one of two words that are equal whenever nobody holds the lock. */
static int other(const char *path, int stop)
{
	int file = open(path, O_RDWR), bad = 0;
	char byte;

	while (read(stop, &byte, 1) < 0 && errno == EAGAIN) {
		lock(file, F_WRLCK);
		bad += word(file, 0) != word(file, 1);
		lock(file, F_UNLCK);
		usleep(200);
	}
	return bad != 0;
}

int main(void)
{
	int file = open("guarded", O_CREAT | O_RDWR, 0600), second, stop[2];
	int status;
	pid_t child;

	set_word(file, 0, 0);
	set_word(file, 1, 0);
	CHECK(!pipe2(stop, O_NONBLOCK | O_CLOEXEC));
	child = fork();
	if (!child) {
		close(stop[1]);
		_exit(other("guarded", stop[0]));
	}
	for (int i = 1; i <= ROUNDS; i++) {
		lock(file, F_WRLCK);
		set_word(file, 0, i);
		spin();
		set_word(file, 1, i);
		if (i % 3) {
			lock(file, F_UNLCK);
		} else { /* as closing any descriptor of it does */
			second = open("guarded", O_RDONLY);
			close(second);
		}
		spin();
		usleep(300);
	}
	close(stop[1]);
	CHECK(waitpid(child, &status, 0) == child);
	printf("%ld %ld %d\n", word(file, 0), word(file, 1), status);
	unlink("guarded");
	return 0;
}
