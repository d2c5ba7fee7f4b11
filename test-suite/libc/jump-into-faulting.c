/*
 * siglongjmp and longjmp out of the handler of a fault into the very function
 * that faulted: by loads, stores, divisions, copies, atomics, traps and calls
 * of libc; again and again, with locals that keep their values.  A division by
 * zero is a signal on some ISAs only.
 *
 * MODES: usual spread spread-user
 * LEVELS: O0 O2
 * CFLAGS: -w
 */
#define _GNU_SOURCE
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct large {
	long words[40];
};

static sigjmp_buf back;
static jmp_buf plain_back;
static char *volatile nowhere;
static volatile int use_plain;
static volatile int sink;
static const char constant[] = "constant";

static void handler(int signal, siginfo_t *info, void *context)
{
	if (use_plain)
		longjmp(plain_back, signal);
	siglongjmp(back, signal);
}

/* What each step does stands in this function itself. */
static const char *step(int what)
{
	long kept = what * 3;
	double also = what / 8.0;
	struct large copy = {{1, 2, 3}};
	int signal = sigsetjmp(back, 1);
	const char *name = "none";

	CHECK(kept == what * 3 && also == what / 8.0 && copy.words[2] == 3);
	if (signal) {
		sigset_t mask;

		sigprocmask(SIG_BLOCK, NULL, &mask);
		CHECK(!sigismember(&mask, SIGSEGV));
		return signal == SIGSEGV		       ? "SEGV"
		       : signal == SIGBUS		       ? "BUS"
		       : signal == SIGTRAP || signal == SIGILL ? "trap"
							       : "other";
	}
	switch (what) {
	case 0:
		sink = *(volatile int *)nowhere;
		break;
	case 1:
		*(volatile long *)nowhere = 5;
		break;
	case 2:
		*(struct large *)nowhere = copy;
		__asm__ volatile("" : : : "memory");
		break;
	case 3:
		memcpy(nowhere, &copy, sink + sizeof copy);
		break;
	case 4:
		sink = strlen(nowhere);
		break;
	case 5:
		atomic_fetch_add((_Atomic int *)nowhere, 1);
		break;
	case 6:
		*(volatile char *)constant = 'x';
		break;
	case 7:
		__builtin_trap();
	case 8:
		sink = ((struct large *volatile)nowhere)->words[kept];
		break;
	case 9:
		memset(nowhere, 1, sink + 100);
		break;
	case 10:
		strcpy(nowhere, "text");
		break;
	case 11:
		sprintf(nowhere, "%d", what);
		break;
	case 12:
		*(volatile double *)nowhere = also;
		break;
	case 13:
		sink = *(volatile _Bool *)nowhere;
		break;
	case 14:
		raise(SIGBUS);
		break;
	case 15:
		memmove(nowhere + 1, nowhere, sink + 300);
		break;
	case 16:
		qsort(nowhere, 5, 8,
		      (int (*)(const void *, const void *))strcmp);
		break;
	default:
		return "end";
	}
	return "went on";
}

/* As garbage collectors and checkers of addresses do it. */
static int readable(const volatile char *at)
{
	if (sigsetjmp(back, 1))
		return 0;
	sink = *at;
	return 1;
}

static int loop(char *page)
{
	volatile int faults = 0;
	int sum = 0;

	if (sigsetjmp(back, 1)) {
		faults++;
		mprotect(page, 4096, PROT_READ | PROT_WRITE);
	}
	for (volatile int i = 0; i < 200; i++)
		page[i] = i;
	for (int i = 0; i < 200; i++)
		sum += (unsigned char)page[i];
	return sum + faults * 1000000;
}

static int with_plain(void)
{
	volatile int times = 0;

	use_plain = 1;
	if (setjmp(plain_back)) {
		sigset_t set;

		sigemptyset(&set);
		sigaddset(&set, SIGSEGV);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		times++;
	}
	if (times < 3)
		*(volatile int *)nowhere = times;
	use_plain = 0;
	return times;
}

static const char *divide(int by)
{
	volatile int a = 7;
	int signal = sigsetjmp(back, 1);

	if (signal)
		return signal == SIGFPE ? "0 or FPE" : "other";
	sink = a / by;
	return sink ? "divided" : "0 or FPE";
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = handler,
				   .sa_flags = SA_SIGINFO};
	static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
	char *page =
		mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < 5; i++)
		sigaction(signals[i], &action, NULL);
	for (int round = 0; round < 3; round++) {
		for (int what = 0; what < 18; what++)
			printf("%s ", step(what));
		puts("");
	}
	mprotect(page, 4096, PROT_NONE);
	printf("%d %d %d\n", readable(page), readable(page + 4096),
	       readable(nowhere));
	mprotect(page, 4096, PROT_READ);
	printf("%d %d\n", loop(page), with_plain());
	printf("%s %s\n", divide(3), divide(sink - sink));
	return 0;
}
