/*
 * A robust mutex between processes tells that its owner was killed.  The
 * emulator has no robust lists.
 *
 * MODES: native self
 * CFLAGS: -pthread
 */
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	pthread_mutexattr_t attributes;
	pthread_mutex_t *mutex;
	int fd = open("killed", O_RDWR | O_CREAT | O_TRUNC, 0600), status;

	CHECK(fd >= 0 && !ftruncate(fd, 4096));
	mutex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(mutex != MAP_FAILED);
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	CHECK(!pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST));
	CHECK(!pthread_mutex_init(mutex, &attributes));
	for (int i = 0; i < 10; i++) {
		if (!fork()) {
			CHECK(!pthread_mutex_lock(mutex));
			for (volatile int n = 0; n < 1000; n++)
				;
			if (i & 1)
				execl("/bin/true", "true", (char *)NULL);
			raise(SIGKILL);
		}
		CHECK(wait(&status) > 0 && (i & 1 || WIFSIGNALED(status)));
		CHECK(pthread_mutex_trylock(mutex) == EOWNERDEAD);
		CHECK(!pthread_mutex_consistent(mutex));
		CHECK(!pthread_mutex_unlock(mutex));
	}
	puts("told");
	return 0;
}
