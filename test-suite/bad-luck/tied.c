/* tied shared|user|file STOP - what cannot go elsewhere: memory that a child
 * shares, another user than popcorn-run's, the pages of STOP.file once it has
 * lost its name. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void wait_for(const char *path)
{
	static const struct timespec moment = {0, 10000000};

	while (access(path, F_OK))
		nanosleep(&moment, NULL);
}

static int shared(const char *stop)
{
	volatile int *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child = fork();

	if (!child) {
		wait_for(stop);
		*word = 7;
		_exit(0);
	}
	puts("ready");
	fflush(stdout);
	waitpid(child, NULL, 0);
	printf("%d\n", *word);
	return 0;
}

static int file(const char *stop)
{
	char name[4096];
	volatile int *word;
	int fd;

	snprintf(name, sizeof(name), "%s.file", stop);
	fd = open(name, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, 4096))
		return 1;
	word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	*word = 5;
	puts("ready");
	fflush(stdout);
	wait_for(stop);
	printf("%d\n", *word);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "shared"))
		return shared(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "file"))
		return file(argv[2]);
	if (argc != 3 || setresgid(65534, 65534, 65534) ||
	    setresuid(65534, 65534, 65534))
		return 1;
	puts("ready");
	fflush(stdout);
	wait_for(argv[2]);
	printf("%d\n", getuid() == 65534);
	return 0;
}
