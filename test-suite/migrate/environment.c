/*
 * Arguments and environment lie in portable memory.
 *
 * ARGS: one 'two words' three ""
 */
#include "check.h"
#include <string.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
	char *value;

	for (int i = 1; i < argc; i++)
		printf("[%s]\n", argv[i]);
	CHECK(!argv[argc]);
	for (int i = 0; i < 100; i++) {
		char name[20], number[20];

		snprintf(name, sizeof(name), "NAME_%d", i % 10);
		snprintf(number, sizeof(number), "%d", i);
		CHECK(!setenv(name, number, i % 3));
	}
	for (int i = 0; i < 10; i++) {
		char name[20];

		snprintf(name, sizeof(name), "NAME_%d", i);
		printf("%s=%s\n", name, getenv(name));
	}
	unsetenv("NAME_3");
	CHECK(!getenv("NAME_3"));
	value = getenv("PATH");
	CHECK(value && strlen(value));
	CHECK(environ[0]);
	return argc;
}
