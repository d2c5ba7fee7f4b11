/* Saves itself under a limit on files' sizes, and again without. */
#include <errno.h>
#include <popcorn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static char big[1 << 20];

int main(void)
{
	struct rlimit limit;
	char old[100];
	FILE *file;

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)i;
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = 50000;
	setrlimit(RLIMIT_FSIZE, &limit);
	if (popcorn_checkpoint("saved") < 0)
		printf("refused: %s\n", strerror(errno));
	file = fopen("saved", "r");
	if (!file || !fgets(old, sizeof(old), file))
		return 1;
	printf("still there: %s\n", old);
	fclose(file);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
	if (popcorn_checkpoint("saved") == 0)
		puts("saved");
	return big[77] != 77;
}
