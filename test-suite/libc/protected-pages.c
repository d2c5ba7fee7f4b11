/*
 * Pages that mprotect() has closed stay closed wherever the program goes: a
 * write to what may only be read, and any access to what is PROT_NONE, raises
 * SIGSEGV with the right si_addr and si_code, system calls fail with EFAULT,
 * and what was in the pages is there when they are opened again.  In all kinds
 * of memory: anonymous, of a file, malloc's, static, reserved and never
 * touched.
 *
 * MODES: usual spread spread-user spread-emulated links
 * SELF: 5
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

#define PAGE  4096
#define PAGES 8

enum what { READ, WRITE };

static sigjmp_buf back;
static void *volatile fault_at;
static volatile int fault_code, other_file;
static _Alignas(PAGE) char object[PAGES * PAGE];

static void poll(void)
{
	for (volatile int i = 0; i < 10; i++)
		;
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	fault_at = info->si_addr;
	fault_code = info->si_code;
	siglongjmp(back, 1);
}

/* 0, or the si_code of the fault. */
static int try(volatile char *at, enum what what)
{
	fault_code = 0;
	fault_at = NULL;
	if (sigsetjmp(back, 1)) {
		CHECK(fault_at == at);
		return fault_code;
	}
	if (what == READ)
		(void)*at;
	else
		*at = *at;
	return 0;
}

static int kernel_can(enum what what, char *at)
{
	ssize_t done = what == WRITE ? pread(other_file, at, 1, 0)
				     : pwrite(other_file, at, 1, 1);

	CHECK(done == 1 || (done == -1 && errno == EFAULT));
	return done == 1;
}

static const char *name_of(int code)
{
	return !code		     ? "fine"
	       : code == SEGV_ACCERR ? "not allowed"
	       : code == SEGV_MAPERR ? "not mapped"
				     : "?";
}

static char content(int page)
{
	return (char)('a' + page);
}

/* Page i: odd ones to be read, each third closed. */
static void test(const char *name, char *memory)
{
	static const int kinds[] = {PROT_READ | PROT_WRITE, PROT_READ,
				    PROT_NONE};

	for (int i = 0; i < PAGES; i++)
		memset(memory + i * PAGE, content(i), PAGE);
	for (int i = 0; i < PAGES; i++)
		CHECK(!mprotect(memory + i * PAGE, PAGE, kinds[i % 3]));
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < PAGES; i++) {
			char *at = memory + i * PAGE + 100 * i + round;
			int reads, writes;

			poll();
			writes = try(at, WRITE);
			poll();
			reads = try(at, READ);
			poll();
			CHECK(reads == (i % 3 == 2 ? SEGV_ACCERR : 0));
			CHECK(writes == (i % 3 ? SEGV_ACCERR : 0));
			CHECK(kernel_can(READ, at) == !reads);
			poll();
			if (writes)
				CHECK(!kernel_can(WRITE, at));
		}
		/* The next two open, the last two closed. */
		if (round == 1) {
			CHECK(!mprotect(memory, 3 * PAGE,
					PROT_READ | PROT_WRITE));
			poll();
			for (int i = 0; i < 3; i++)
				CHECK(!try(memory + i * PAGE + 9, WRITE) &&
				      memory[i * PAGE + 9] == content(i));
			for (int i = 0; i < 3; i++)
				CHECK(!mprotect(memory + i * PAGE, PAGE,
						kinds[i]));
		}
	}
	CHECK(!mprotect(memory, PAGES * PAGE, PROT_READ | PROT_WRITE));
	poll();
	for (int i = 0; i < PAGES; i++)
		for (int at = 0; at < PAGE; at++)
			CHECK(memory[i * PAGE + at] == content(i));
	memory[5] = 'x';
	poll();
	CHECK(memory[5] == 'x');
	printf("%s: the same\n", name);
}

static char *map(int protection, int flags, int fd)
{
	char *memory = mmap(NULL, PAGES * PAGE, protection, flags, fd, 0);

	CHECK(memory != MAP_FAILED);
	return memory;
}

/* Closed when made, opened piece by piece; then not there at all. */
static void reserved(void)
{
	char *memory =
		map(PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	for (int i = 0; i < PAGES; i++) {
		poll();
		printf("%s ", name_of(try(memory + i * PAGE, READ)));
		CHECK(!mprotect(memory + i * PAGE, PAGE,
				PROT_READ | PROT_WRITE));
		poll();
		CHECK(!try(memory + i * PAGE, WRITE) && !memory[i * PAGE]);
	}
	CHECK(!mprotect(memory, PAGE, PROT_READ | PROT_EXEC));
	poll();
	CHECK(try(memory, READ) == 0);
	printf("%s ", name_of(try(memory, WRITE)));
	CHECK(!munmap(memory, PAGES * PAGE));
	poll();
	printf("%s %s\n", name_of(try(memory + 77, READ)),
	       name_of(try(memory + PAGE, WRITE)));
	CHECK(mprotect(memory, PAGE, PROT_READ) == -1 && errno == ENOMEM);
}

static void constants(void)
{
	static const char text[] = "a constant";

	poll();
	printf("constant: %s\n", name_of(try((char *)text, WRITE)));
	printf("nothing: %s\n", name_of(try((char *)8, READ)));
}

int main(void)
{
	struct sigaction action;
	char *memory;
	int fd;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_fault;
	action.sa_flags = SA_SIGINFO;
	CHECK(!sigaction(SIGSEGV, &action, NULL));
	fd = open("pages", O_CREAT | O_RDWR | O_TRUNC, 0600);
	CHECK(fd >= 0 && !ftruncate(fd, PAGES * PAGE));
	other_file = open("other", O_CREAT | O_RDWR | O_TRUNC, 0600);
	CHECK(other_file >= 0 && write(other_file, "abcdefgh", 8) == 8);

	memory = map(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	test("anonymous", memory);
	CHECK(!munmap(memory, PAGES * PAGE));
	memory = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	test("a file's", memory);
	CHECK(!munmap(memory, PAGES * PAGE));
	CHECK(!posix_memalign((void **)&memory, PAGE, PAGES * PAGE));
	test("malloc's", memory);
	free(memory);
	test("static", object);
	reserved();
	constants();
	CHECK(!unlink("pages") && !unlink("other"));
	return 0;
}
