/* Works for argv[1] milliseconds, says so, and exits with 9. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	struct timespec now;
	double end;

	clock_gettime(CLOCK_MONOTONIC, &now);
	end = (double)now.tv_sec + (double)now.tv_nsec * 1e-9 +
	      (argc > 1 ? atof(argv[1]) / 1000 : 0);
	while ((double)now.tv_sec + (double)now.tv_nsec * 1e-9 < end)
		clock_gettime(CLOCK_MONOTONIC, &now);
	puts("short");
	return 9;
}
