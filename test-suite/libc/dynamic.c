/*
 * No library is loaded at run time: dlopen, dlsym and the like fail, of a
 * library that is there, of none, of the program itself; dlerror says why in
 * one line, once, to the thread that asked.
 *
 * MODES: usual spread spread-user links
 * CFLAGS: -pthread
 */
#define _GNU_SOURCE
#include "check.h"
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

static void poll(void)
{
	for (volatile int i = 0; i < 10; i++)
		;
}

/* What went wrong is remembered over moves. */
static void say(const char *what)
{
	char *error;

	poll();
	error = dlerror();
	CHECK(error && strlen(error) > 5 && !strchr(error, '\n'));
	poll();
	printf("%s: %s\n", what, error);
	CHECK(!dlerror());
}

static int count(struct dl_phdr_info *info, size_t size, void *data)
{
	CHECK(size >= sizeof(*info) && info->dlpi_name);
	poll();
	++*(int *)data;
	return *(int *)data == 2 ? 5 : 0;
}

static void *thread(void *argument)
{
	(void)argument;
	CHECK(!dlerror());
	CHECK(!dlopen("libthread.so", RTLD_LAZY));
	poll();
	say("in a thread");
	return NULL;
}

int main(void)
{
	static const char *const paths[] = {"libnone.so", "/nonexistent.so",
					    "./library", "/proc/self/exe"};
	FILE *file = fopen("library", "w");
	pthread_t other;
	Dl_info info;
	int modules = 0;

	CHECK(file && fputs("\177ELF", file) >= 0 && !fclose(file));
	CHECK(!dlerror());
	for (int i = 0; i < 4; i++) {
		CHECK(!dlopen(paths[i], i & 1 ? RTLD_NOW : RTLD_LAZY));
		say(paths[i]);
		CHECK(!dlopen(paths[i], RTLD_NOW | RTLD_NOLOAD));
		say("not loaded");
	}
	CHECK(!dlopen(NULL, RTLD_NOW));
	say("the program");
	CHECK(!dlsym(RTLD_DEFAULT, "main"));
	say("main");
	CHECK(!dlsym(RTLD_NEXT, "malloc"));
	say("malloc");
	CHECK(!dlsym(RTLD_DEFAULT, "no_such_function"));
	say("none");
	CHECK(dlclose((void *)0x1234));
	say("closed");
	CHECK(!dladdr((void *)poll, &info));
	(void)dlerror();

	CHECK(!dlopen("libmain.so", RTLD_LAZY));
	CHECK(!pthread_create(&other, NULL, thread, NULL));
	CHECK(!pthread_join(other, NULL));
	say("in main");
	CHECK(!dl_iterate_phdr(count, &modules));
	printf("%d\n", modules);
	CHECK(!unlink("library"));
	return 0;
}
