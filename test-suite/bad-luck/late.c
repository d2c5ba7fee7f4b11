/*
 * Moves to node 1, and from there to argv[3], with memory full of what it can
 * work out again, and there does at once what argv[1] says, before all of it
 * can have come.  argv[2]: MiB.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <popcorn.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_OF_A_PAGE (4096 / sizeof(unsigned long))
#define COUNT(array)	(sizeof(array) / sizeof(*(array)))

static unsigned long image[4 << 20 >> 3];
static unsigned long *heap, *shared;
static size_t words;
static int here = 1, other;
#define SHARED (1ul << 20 >> 3)

static void wrong(const char *what, size_t at)
{
	printf("WRONG: %s at %zu (%s)\n", what, at, strerror(errno));
	exit(1);
}

static unsigned long value(size_t at)
{
	return at / WORDS_OF_A_PAGE % 3 ? at * 0x9e3779b97f4a7c15ul + 1 : 0;
}

static void fill(unsigned long *memory, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (value(i))
			memory[i] = value(i);
}

/* A page here, a page there. */
static void check(const unsigned long *memory, size_t count, const char *what)
{
	size_t pages = count / WORDS_OF_A_PAGE, page = 7 % pages;

	for (size_t n = 0; n < pages; n++) {
		page = (page + 1031) % pages;
		for (size_t i = 0; i < WORDS_OF_A_PAGE; i++) {
			size_t at = page * WORDS_OF_A_PAGE + i;

			if (memory[at] != value(at))
				wrong(what, at);
		}
	}
}

static void check_zero(const unsigned long *memory, size_t count,
		       const char *what)
{
	for (size_t i = 0; i < count; i++)
		if (memory[i])
			wrong(what, i);
}

static void check_all(void)
{
	check(heap, words, "heap");
	check(image, COUNT(image), "image");
	check(shared, SHARED, "shared");
}

static void *check_in_thread(void *argument)
{
	check_all();
	return argument;
}

static void threads(void)
{
	pthread_t list[8];

	for (size_t i = 0; i < COUNT(list); i++)
		if (pthread_create(&list[i], NULL, check_in_thread, NULL))
			wrong("pthread_create", i);
	for (size_t i = 0; i < COUNT(list); i++)
		pthread_join(list[i], NULL);
}

static void in_fork(void)
{
	int status;
	pid_t child = fork();

	if (!child) {
		check_all();
		_exit(3);
	}
	if (child < 0 || waitpid(child, &status, 0) != child ||
	    WEXITSTATUS(status) != 3)
		wrong("the child", 0);
}

static void spawn(void)
{
	char *const arguments[] = {"true", NULL};
	int status;
	pid_t child;

	if (posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ) ||
	    waitpid(child, &status, 0) != child || status)
		wrong("posix_spawn", 0);
}

/* The kernel reads and writes what nobody has touched. */
static void system_calls(void)
{
	size_t half = words / 2 * sizeof(*heap);
	struct iovec parts[2] = {{heap, half}, {(char *)heap + half, half}};
	int fd = open("late.out", O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || writev(fd, parts, 2) != (ssize_t)(2 * half) ||
	    pwrite(fd, image, sizeof(image), 2 * half) != sizeof(image))
		wrong("write", 0);
	memset(heap, 1, half);
	if (pread(fd, heap, 2 * half, 0) != (ssize_t)(2 * half) ||
	    pread(fd, image, sizeof(image), 2 * half) != sizeof(image))
		wrong("read", 0);
	close(fd);
	unlink("late.out");
}

static void grow(void)
{
	size_t size = words * sizeof(*heap);

	heap = mremap(heap, size, 2 * size, MREMAP_MAYMOVE);
	if (heap == MAP_FAILED)
		wrong("mremap", 0);
	check_zero(heap + words, words, "new memory");
}

static void give_back(void)
{
	size_t size = words * sizeof(*heap) / 2;
	unsigned long *half = heap + words / 2;

	if (madvise(half, size, MADV_DONTNEED))
		wrong("madvise", 0);
	check_zero(half, words / 2, "what was given back");
	words /= 2;
}

static void map_again(void)
{
	size_t size = words * sizeof(*heap) / 2;
	unsigned long *half = heap + words / 2;

	if (munmap(half, size) ||
	    mmap(half, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != half)
		wrong("mmap", 0);
	check_zero(half, words / 2, "new memory");
	words /= 2;
}

/* A file's page amid what comes, and calls that wait until all has come; what
 * is zero there has not been touched yet. */
static void map_file(void)
{
	unsigned long *middle = heap + words / 2;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	unsigned char there;

	if (fd < 0 || mmap(middle, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd,
			   0) != middle)
		wrong("mmap", 0);
	close(fd);
	if (mincore(heap, 4096, &there))
		wrong("mincore", 0);
	if (memcmp(middle, "\177ELF", 4))
		wrong("the file", 0);
	for (size_t at = words / 2 + WORDS_OF_A_PAGE; at < words; at++)
		if (heap[at] != value(at))
			wrong("behind the file", at);
	words /= 2;
}

static void protect(void)
{
	if (mprotect(heap, words * sizeof(*heap), PROT_NONE) ||
	    mprotect(heap, words * sizeof(*heap), PROT_READ))
		wrong("mprotect", 0);
}

static void back(void)
{
	if (popcorn_migrate(other))
		wrong("popcorn_migrate", other);
	check_all();
	if (popcorn_migrate(here))
		wrong("popcorn_migrate", here);
}

static void leave(void)
{
	if (popcorn_migrate_thread(other))
		wrong("popcorn_migrate_thread", other);
	check_all();
	if (popcorn_migrate_thread(here))
		wrong("popcorn_migrate_thread", here);
}

static void *sleep_in_thread(void *argument)
{
	check_all();
	while (access("late.stop", F_OK))
		usleep(10000);
	return argument;
}

/* In two threads, of which one makes no system call. */
static void linger(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, sleep_in_thread, NULL))
		wrong("pthread_create", 0);
	pthread_join(thread, NULL);
}

static void save(void)
{
	if (popcorn_checkpoint("late.saved") < 0)
		wrong("popcorn_checkpoint", 0);
}

static void nothing(void)
{
}

static const struct {
	const char *name;
	void (*does)(void);
} deeds[] = {
	{"nothing", nothing},	  {"threads", threads},
	{"fork", in_fork},	  {"spawn", spawn},
	{"calls", system_calls},  {"grow", grow},
	{"give-back", give_back}, {"map-again", map_again},
	{"map-file", map_file},	  {"protect", protect},
	{"back", back},		  {"save", save},
	{"leave", leave},	  {"linger", linger},
};

int main(int argc, char **argv)
{
	size_t size = argc > 2 ? strtoul(argv[2], NULL, 10) << 20 : 1 << 20;

	words = size / sizeof(*heap);
	heap = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	shared = mmap(NULL, SHARED * sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (heap == MAP_FAILED || shared == MAP_FAILED)
		wrong("mmap", 0);
	fill(heap, words);
	fill(image, COUNT(image));
	fill(shared, SHARED);
	if (popcorn_migrate(1))
		wrong("popcorn_migrate", 1);
	if (argc > 3) {
		other = here;
		here = atoi(argv[3]);
		if (popcorn_migrate(here))
			wrong("popcorn_migrate", here);
	}
	for (size_t i = 0; i < COUNT(deeds); i++)
		if (argc > 1 && !strcmp(deeds[i].name, argv[1]))
			deeds[i].does();
	check_all();
	puts("good");
	return 7;
}
