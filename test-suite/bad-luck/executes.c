/* Becomes another program: at once, or ("soon") after a moment of work. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static const struct timespec moment = {0, 10000000};

	(void)argv;
	for (int i = 0; argc > 1 && i < 10; i++)
		nanosleep(&moment, NULL);
	execl("/bin/sh", "sh", "-c", "echo now; exec sleep 30", (char *)NULL);
	return 1;
}
