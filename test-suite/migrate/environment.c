/*
 * Arguments, environment and main's third argument lie in portable memory:
 * names, values and pointers to them are the same after moves, what the program
 * adds, changes and takes away included.
 *
 * MODES: usual spread spread-user links
 * ARGS: one 'two words' three ""
 * SELF: 3
 */
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

extern char **environ;
static char own[] = "OWN=mine";

static void poll(void)
{
	for (volatile int i = 0; i < 5; i++)
		;
}

/* What names and values come to, and where they are. */
static uint64_t hash_of(char **list)
{
	uint64_t hash = 1;

	for (; *list; list++) {
		hash = mix(hash, (uintptr_t)*list);
		for (const char *c = *list; *c; c++)
			hash = mix(hash, (unsigned char)*c);
		poll();
	}
	return hash;
}

static int count_of(char **list)
{
	int count = 0;

	while (list[count])
		count++;
	return count;
}

static void set_many(void)
{
	for (int i = 0; i < 100; i++) {
		char name[20], number[20];

		snprintf(name, sizeof(name), "NAME_%d", i % 10);
		snprintf(number, sizeof(number), "%d", i);
		CHECK(!setenv(name, number, i % 3));
		poll();
	}
	for (int i = 0; i < 10; i++) {
		char name[20];

		snprintf(name, sizeof(name), "NAME_%d", i);
		printf("%s=%s\n", name, getenv(name));
	}
	CHECK(!unsetenv("NAME_3") && !getenv("NAME_3"));
	CHECK(!putenv(own) && getenv("OWN") == own + 4);
	poll();
	own[4] = 'M'; /* it is this very string */
	CHECK(!strcmp(getenv("OWN"), "Mine"));
	CHECK(setenv("A=B", "c", 1) == -1 && errno == EINVAL);
	CHECK(setenv("", "c", 1) == -1 && errno == EINVAL);
	CHECK(unsetenv("A=B") == -1 && errno == EINVAL);
}

int main(int argc, char **argv, char **envp)
{
	uint64_t arguments = hash_of(argv), environment = hash_of(envp);
	int count = count_of(envp);
	char *path = getenv("PATH"), **at_start = environ, *first = envp[0];

	CHECK(envp == environ && envp == argv + argc + 1 && count > 0);
	for (int i = 1; i < argc; i++)
		printf("[%s]\n", argv[i]);
	CHECK(!argv[argc]);
	CHECK(path && *path);
	set_many();
	for (int i = 0; i < 20; i++) {
		CHECK(hash_of(argv) == arguments && argv[argc] == NULL);
		/* envp is as it was; the program's list is another one now. */
		CHECK(hash_of(envp) == environment && count_of(envp) == count);
		CHECK(environ != at_start && getenv("PATH") == path);
	}
	/* NAME_3 is gone, OWN is new. */
	printf("%d\n", count_of(environ) - count);
	argv[1][0] = 'O'; /* a program may write there */
	first[0] ^= 1;
	for (int i = 0; i < 20; i++)
		poll();
	first[0] ^= 1;
	printf("%s\n", argv[1]);
	CHECK(!clearenv() && (!environ || !*environ) && !getenv("PATH"));
	poll();
	CHECK(!setenv("ONE", "1", 0) && count_of(environ) == 1);
	environ = (char *[]){"X=literal", "Y=", NULL};
	for (int i = 0; i < 20; i++)
		poll();
	printf("%s '%s'\n", getenv("X"), getenv("Y"));
	CHECK(!getenv("ONE") && !setenv("X", "set", 1));
	poll();
	printf("%s %d\n", getenv("X"), count_of(environ));
	return argc;
}
