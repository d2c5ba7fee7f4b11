/* leaves FILE - a thread that has been on another node, and goes there again
 * when the file is there. */
#include <popcorn.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static int go(int node)
{
	if (!popcorn_migrate_thread(node) && popcorn_node() == node)
		return 0;
	perror("popcorn_migrate_thread");
	return 1;
}

int main(int argc, char **argv)
{
	static const struct timespec moment = {0, 10000000};

	for (int i = 0; i < 3; i++)
		if (go(1) || go(0))
			return 1;
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	while (argc > 1 && access(argv[1], F_OK))
		nanosleep(&moment, NULL);
	if (go(1) || go(0))
		return 1;
	puts("again");
	return 0;
}
