/*
 * fork, pipes in both directions, wait and the child's exit status.  A pipe
 * cannot be saved.
 *
 * MODES: native verify self qemu qemu-self move spread spread-user
 */
#include "check.h"
#include <sys/wait.h>
#include <unistd.h>

static uint64_t compute(uint64_t hash, int n)
{
	for (int i = 0; i < n; i++)
		hash = mix(hash, (uint64_t)i);
	return hash;
}

int main(void)
{
	int to[2], from[2], status;
	uint64_t value = 1, back;

	for (int round = 0; round < 5; round++) {
		pid_t child;

		CHECK(!pipe(to) && !pipe(from));
		fflush(stdout);
		child = fork();
		CHECK(child >= 0);
		if (!child) {
			CHECK(read(to[0], &value, 8) == 8);
			value = compute(value, 200);
			CHECK(write(from[1], &value, 8) == 8);
			_exit(round + 3);
		}
		value = compute(value, 100);
		CHECK(write(to[1], &value, 8) == 8);
		CHECK(read(from[0], &back, 8) == 8);
		CHECK(back == compute(value, 200));
		CHECK(waitpid(child, &status, 0) == child);
		CHECK(WIFEXITED(status));
		printf("%d %016llx\n", WEXITSTATUS(status),
		       (unsigned long long)back);
		close(to[0]), close(to[1]), close(from[0]), close(from[1]);
		value = back;
	}
	return 0;
}
