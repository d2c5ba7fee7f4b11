/*
 * popcorn_fork(): both sides compute with their own copy of memory, the parent
 * collects the child's result and exit status.
 *
 * MODES: verify nodes spread
 */
#include "check.h"
#include <popcorn.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t table[500];

static uint64_t compute(int salt)
{
	uint64_t hash = 0;

	for (int i = 0; i < 500; i++) {
		table[i] += (uint64_t)(i * salt);
		hash = mix(hash, table[i]);
	}
	return hash;
}

int main(void)
{
	uint64_t mine, theirs;
	int ends[2], status;
	pid_t child;

	compute(1);
	CHECK(!pipe(ends));
	fflush(stdout);
	child = popcorn_fork(1);
	CHECK(child >= 0);
	if (!child) {
		mine = compute(2);
		CHECK(write(ends[1], &mine, 8) == 8);
		_exit(11);
	}
	mine = compute(3);
	CHECK(read(ends[0], &theirs, 8) == 8);
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
	printf("%016llx %016llx %d\n", (unsigned long long)mine,
	       (unsigned long long)theirs, WEXITSTATUS(status));
	return 0;
}
