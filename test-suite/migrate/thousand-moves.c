/*
 * A thousand moves in a row: descriptors, threads and memory of the process and
 * of its agent are what they were after the first few. The agent lets go of the
 * process that was left while the program runs on, so that a look may come too
 * early: only what does not go away in time has grown.
 *
 * MODES: verify nodes
 * SECONDS: 400
 */
#include "check.h"
#include <dirent.h>
#include <popcorn.h>
#include <string.h>
#include <unistd.h>

struct usage {
	int descriptors, threads;
	long pages; /* resident */
};

static struct usage look(pid_t pid)
{
	struct usage usage = {0, 0, 0};
	char path[64], line[128];
	DIR *directory;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	directory = opendir(path);
	CHECK(directory);
	while (readdir(directory))
		usage.descriptors++;
	closedir(directory);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	CHECK(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Threads: %d", &usage.threads) == 1)
			continue;
		if (sscanf(line, "VmRSS: %ld", &usage.pages) == 1)
			usage.pages /= 4;
	}
	fclose(file);
	return usage;
}

/* The process that runs us now; our own number is the first one's. */
static pid_t present(void)
{
	char text[32] = "";

	CHECK(readlink("/proc/self", text, sizeof(text) - 1) > 0);
	return atoi(text);
}

/* The fewest descriptors and threads of several looks, the most pages. */
static void learn(struct usage *usual, struct usage now)
{
	if (now.descriptors < usual->descriptors)
		usual->descriptors = now.descriptors;
	if (now.threads < usual->threads)
		usual->threads = now.threads;
	if (now.pages > usual->pages)
		usual->pages = now.pages;
}

static void compare(struct usage usual, pid_t pid)
{
	struct usage now = look(pid);

	for (int i = 0; i < 500; i++) {
		if (now.descriptors <= usual.descriptors &&
		    now.threads <= usual.threads)
			break;
		usleep(10000);
		now = look(pid);
	}
	CHECK(now.descriptors <= usual.descriptors);
	CHECK(now.threads <= usual.threads);
	CHECK(now.pages <= usual.pages + 256);
}

int main(void)
{
	struct usage own = {1000000, 1000000, 0}, agent = own;

	for (int i = 0; i < 1000; i++) {
		CHECK(!popcorn_migrate(~i & 1));
		if (popcorn_node())
			continue;
		if (i < 20) {
			learn(&own, look(present()));
			learn(&agent, look(getppid()));
		} else if (i % 100 == 99) {
			compare(own, present());
			compare(agent, getppid());
		}
	}
	puts("nothing grew");
	return 0;
}
