/*
 * Mapped files are as closed after moves and saves as before: a shared mapping
 * of what was opened for reading cannot be made writable, a private one can; a
 * page behind the file's end raises SIGBUS, and is there when the file grows;
 * what the program has forbidden itself stays forbidden.
 */
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

static sigjmp_buf back;
static void *volatile fault_at;

static void poll(void)
{
	for (volatile int i = 0; i < 20; i++)
		;
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)context;
	fault_at = info->si_addr;
	siglongjmp(back, signal);
}

/* The signal that reading, or writing back, raises; 0 if none. */
static int signal_of(volatile char *at, int writes)
{
	int signal = sigsetjmp(back, 1);
	char byte;

	if (signal) {
		CHECK(fault_at == at);
		return signal;
	}
	byte = *at;
	if (writes)
		*at = byte;
	return 0;
}

static char *map(int fd, int protection, int flags)
{
	char *memory = mmap(NULL, 3 * PAGE, protection, flags, fd, 0);

	CHECK(memory != MAP_FAILED);
	return memory;
}

int main(void)
{
	struct sigaction action;
	char *shared, *written, *private;
	int fd = open("mapped", O_CREAT | O_RDWR | O_TRUNC, 0600), reader;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_fault;
	action.sa_flags = SA_SIGINFO;
	CHECK(!sigaction(SIGSEGV, &action, NULL));
	CHECK(!sigaction(SIGBUS, &action, NULL));
	CHECK(fd >= 0 && !ftruncate(fd, PAGE + 100));
	CHECK(pwrite(fd, "first", 5, 0) == 5 &&
	      pwrite(fd, "second", 6, PAGE) == 6);
	reader = open("mapped", O_RDONLY);
	CHECK(reader >= 0);
	shared = map(reader, PROT_READ, MAP_SHARED);
	private = map(reader, PROT_READ, MAP_PRIVATE);
	written = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
	CHECK(!close(reader));
	for (int round = 0; round < 10; round++) {
		poll();
		CHECK(signal_of(shared + 1, 1) == SIGSEGV);
		CHECK(!signal_of(shared + PAGE + 99, 0));
		errno = 0;
		CHECK(mprotect(shared, PAGE, PROT_READ | PROT_WRITE) == -1 &&
		      errno == EACCES);
		poll();
		CHECK(signal_of(shared + 2 * PAGE + 5, 0) == SIGBUS);
		CHECK(signal_of(written + 2 * PAGE + 6, 1) == SIGBUS);
		poll();
		CHECK(signal_of(private + 2, 1) == SIGSEGV);
		CHECK(!mprotect(private, PAGE, PROT_READ | PROT_WRITE));
		poll();
		private[2] = 'P';
		CHECK(!mprotect(private, PAGE, PROT_READ));
		CHECK(!mprotect(written, PAGE, PROT_NONE));
		poll();
		CHECK(signal_of(written, 0) == SIGSEGV);
		CHECK(!mprotect(written, PAGE, PROT_READ | PROT_WRITE));
		poll();
		written[3] = (char)('0' + round);
		CHECK(shared[3] == '0' + round);
		CHECK(!memcmp(private, "fiP", 3));
	}
	CHECK(!ftruncate(fd, 3 * PAGE));
	poll();
	CHECK(!signal_of(shared + 2 * PAGE, 0) &&
	      !signal_of(written + 2 * PAGE, 1));
	written[2 * PAGE] = 'w';
	poll();
	CHECK(shared[2 * PAGE] == 'w' && !close(fd));
	CHECK(!munmap(shared + PAGE, PAGE));
	poll();
	CHECK(signal_of(shared + PAGE, 0) == SIGSEGV);
	printf("%.5s %.5s %.6s\n", shared, private, written + PAGE);
	CHECK(!unlink("mapped"));
	return 0;
}
