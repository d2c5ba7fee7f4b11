/*
 * Recurses argv[1] deep and has itself saved there while the address space is
 * full but for little; the values on the stack must not suffer.  "wait FILE":
 * waits there for the file instead, so that others may try.
 */
#include <errno.h>
#include <popcorn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const char *wait_for;
static unsigned long room;

static __attribute__((noinline)) void limit(unsigned long more)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;
	struct rlimit r;

	if (!file || fscanf(file, "%lu", &pages) != 1)
		exit(2);
	fclose(file);
	getrlimit(RLIMIT_AS, &r);
	r.rlim_cur = more ? pages * 4096 + more : r.rlim_max;
	setrlimit(RLIMIT_AS, &r);
}

static __attribute__((noinline)) void at_the_bottom(void)
{
	static const struct timespec moment = {0, 1000000};
	int result;

	limit(room);
	if (wait_for) {
		write(1, "ready\n", 6);
		while (access(wait_for, F_OK))
			nanosleep(&moment, NULL);
	} else {
		result = popcorn_checkpoint("saved");
		puts(!result	       ? "saved"
		     : errno == ENOMEM ? "refused"
				       : strerror(errno));
	}
	limit(0);
}

static unsigned long deep(int n, unsigned long a)
{
	unsigned long b = a * 31 + n, c;

	if (!n) {
		at_the_bottom();
		return a;
	}
	c = deep(n - 1, b);
	return c ^ b ^ (unsigned long)n;
}

/* The same without a recursion. */
static unsigned long expected(int n, unsigned long a)
{
	unsigned long sum = 0;

	for (; n; n--) {
		a = a * 31 + n;
		sum ^= a ^ (unsigned long)n;
	}
	return sum ^ a;
}

int main(int argc, char **argv)
{
	static const unsigned long rooms[] = {4096, 300 << 10, 2 << 20, 0};
	int depth = atoi(argv[1]);

	if (argc > 3) {
		wait_for = argv[3];
		room = 300 << 10;
		if (deep(depth, 7) != expected(depth, 7))
			puts("WRONG");
		puts("done");
		return 0;
	}
	for (int i = 0; i < 4; i++) {
		room = rooms[i];
		if (deep(depth, 7) != expected(depth, 7))
			puts("WRONG");
	}
	return 0;
}
