/* Asks to move while it shares a file that has no name any more: it stays, and
 * says the number of the error. */
#include <errno.h>
#include <fcntl.h>
#include <popcorn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
	int fd = open("gone", O_CREAT | O_RDWR | O_TRUNC, 0600);
	char *shared;

	if (fd < 0 || ftruncate(fd, 4096) || unlink("gone"))
		return 1;
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	shared[0] = 'x';
	errno = 0;
	if (popcorn_migrate(1) != -1)
		return 2;
	printf("%d on %d %c\n", errno == ENOENT || errno == ESTALE,
	       popcorn_node(), shared[0]);
	return 0;
}
