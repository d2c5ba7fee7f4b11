/*
 * The strings of argv and environ lie one behind the other, ascending, as the
 * kernel lays them: a program that shows what it does in its title (libuv,
 * servers) copies the environment away and writes over all of it.
 *
 * MODES: native verify self
 */
#include "check.h"
#include <string.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
	char *again[] = {argv[0], "", "second", "the third one", NULL};
	char *variables[] = {"FIRST=1", "SECOND=", "THIRD=three", NULL};
	char *end = argv[0];

	if (argc == 1) {
		CHECK(!execve(argv[0], again, variables));
		return 1;
	}
	CHECK(argc == 4 && !argv[4]);
	for (int i = 0; i < argc; i++) {
		CHECK(argv[i] == end && (!i || !strcmp(argv[i], again[i])));
		end += strlen(end) + 1;
	}
	for (int i = 0; environ[i]; i++) {
		CHECK(environ[i] == end);
		end += strlen(end) + 1;
	}
	memset(argv[0], 'x', end - argv[0] - 1);
	CHECK(strlen(argv[0]) == (size_t)(end - argv[0] - 1));
	puts("one behind the other");
	return 0;
}
