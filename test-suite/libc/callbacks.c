/*
 * Functions of libc that call back into the program, which migrates there:
 * searches, trees, hashes, directory walks, exit handlers, streams of the
 * program's own, fork handlers, once.  Who waits for a child cannot be saved.
 *
 * MODES: native verify self qemu qemu-self move spread spread-user
 * CFLAGS: -pthread
 * LEVELS: O0 O2
 */
#define _GNU_SOURCE
#include "check.h"
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <pthread.h>
#include <search.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void poll(void)
{
	for (volatile int i = 0; i < 2; i++)
		;
}

static int calls;

static int compare(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	poll();
	calls++;
	return (x > y) - (x < y);
}

static int compare_context(const void *a, const void *b, void *context)
{
	++*(int *)context;
	return -compare(a, b);
}

static void sums(const void *node, VISIT visit, int depth)
{
	poll();
	if (visit == postorder || visit == leaf)
		printf("%d@%d ", **(int *const *)node, depth);
}

static void free_value(void *value)
{
	poll();
	printf("-%d", *(int *)value);
	free(value);
}

static void trees(void)
{
	void *root = NULL;
	int numbers[40], key = 13, count = 0;
	size_t n = 40;
	uint32_t random = 3;

	for (int i = 0; i < 40; i++) {
		int *value = malloc(sizeof(*value)), **found;

		numbers[i] = *value = (int)(next_random(&random) % 50);
		found = tsearch(value, &root, compare);
		CHECK(found && **found == numbers[i]);
		if (*found != value)
			free(value);
	}
	CHECK(tfind(&numbers[7], &root, compare));
	twalk(root, sums);
	tdelete(&numbers[3], &root, compare);
	puts("");
	tdestroy(root, free_value);
	puts("");
	qsort_r(numbers, 40, sizeof(int), compare_context, &count);
	qsort(numbers, 40, sizeof(int), compare);
	for (int i = 0; i < 40; i++)
		printf("%d ", numbers[i]);
	printf("%d\n",
	       bsearch(&key, numbers, 40, sizeof(int), compare) != NULL);
	printf("%d %d\n",
	       lfind(&key, numbers, &n, sizeof(int), compare) != NULL, calls);
}

static int visit(const char *path, const struct stat *status, int type,
		 struct FTW *info)
{
	(void)status;
	poll();
	printf("%s %d %d %d\n", path, type, info->level, info->base);
	return 0;
}

static int wanted(const struct dirent *entry)
{
	poll();
	return entry->d_name[0] != '.' && strlen(entry->d_name) < 4;
}

static int complain(const char *path, int error)
{
	(void)path;
	(void)error;
	return 0;
}

static void walks(void)
{
	struct dirent **names;
	glob_t found;
	int count;

	CHECK(!mkdir("top", 0755) && !mkdir("top/sub", 0755));
	for (int i = 0; i < 6; i++) {
		char path[30];

		sprintf(path, i & 1 ? "top/f%d" : "top/sub/g%d", i);
		close(open(path, O_CREAT | O_WRONLY, 0644));
	}
	CHECK(!nftw("top/sub", visit, 1, FTW_PHYS));
	count = scandir("top", &names, wanted, alphasort);
	for (int i = 0; i < count; i++) {
		printf("%s ", names[i]->d_name);
		free(names[i]);
	}
	free(names);
	CHECK(!glob("top/*/g[0-3]", GLOB_MARK, complain, &found));
	for (size_t i = 0; i < found.gl_pathc; i++)
		printf("%s ", found.gl_pathv[i]);
	globfree(&found);
	puts("");
	CHECK(!system("rm -r top"));
}

struct stream {
	char bytes[400];
	off64_t at;
};

static ssize_t own_write(void *cookie, const char *data, size_t size)
{
	struct stream *stream = cookie;

	poll();
	for (size_t i = 0; i < size; i++)
		stream->bytes[stream->at++] = (char)(data[i] ^ 1);
	return (ssize_t)size;
}

static ssize_t own_read(void *cookie, char *data, size_t size)
{
	struct stream *stream = cookie;
	size_t i = 0;

	poll();
	for (; i < size && stream->bytes[stream->at]; i++)
		data[i] = stream->bytes[stream->at++] ^ 1;
	return (ssize_t)i;
}

static int own_seek(void *cookie, off64_t *offset, int whence)
{
	struct stream *stream = cookie;

	CHECK(whence == SEEK_SET);
	stream->at = *offset;
	return 0;
}

static int own_close(void *cookie)
{
	poll();
	((struct stream *)cookie)->at = -1;
	return 0;
}

static void streams(void)
{
	struct stream stream = {0};
	cookie_io_functions_t own = {own_read, own_write, own_seek, own_close};
	FILE *file = fopencookie(&stream, "w+", own);
	char word[20];
	int number;

	CHECK(file);
	for (int i = 0; i < 20; i++)
		fprintf(file, "word%d %d\n", i, i * i);
	rewind(file);
	while (fscanf(file, "%19s %d", word, &number) == 2)
		printf("%s=%d ", word, number);
	CHECK(!fclose(file) && stream.at == -1);
	puts("");
}

static void prepare(void)
{
	poll();
	printf("prepare ");
}
static void parent(void)
{
	poll();
	printf("parent\n");
}
static void child(void)
{
	poll();
	printf("child\n");
}
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void at_once(void)
{
	poll();
	puts("once");
}
static void at_end(void)
{
	poll();
	puts("at exit");
}
static void at_end_too(void)
{
	atexit(at_end);
	poll();
	puts("at exit, first");
}

int main(void)
{
	int status;
	pid_t pid;

	for (int i = 0; i < 3; i++) {
		trees();
		streams();
		pthread_once(&once, at_once);
	}
	walks();
	pthread_atfork(prepare, parent, child);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		fflush(stdout);
		_exit(3);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 3);
	atexit(at_end);
	atexit(at_end_too);
	return 0;
}
