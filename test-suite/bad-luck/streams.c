/*
 * Copies its input to its output until the end, in odd pieces; says how much on
 * stderr.  argv[1]: "slow": with pauses; "hold": reads one piece, then waits
 * for the file argv[2].
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put(const char *from, ssize_t size)
{
	while (size > 0) {
		ssize_t n = write(1, from, (size_t)size);

		if (n <= 0)
			exit(1);
		from += n;
		size -= n;
	}
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	char piece[1777];
	long total = 0, rounds = 0;
	ssize_t n;

	while ((n = read(0, piece, sizeof(piece))) > 0) {
		put(piece, n);
		total += n;
		if (!strcmp(how, "slow") && ++rounds % 2 == 0)
			usleep(2000);
		while (!strcmp(how, "hold") && access(argv[2], F_OK))
			usleep(2000);
	}
	fprintf(stderr, "total %ld\n", total);
	return n < 0 ? 2 : 9;
}
