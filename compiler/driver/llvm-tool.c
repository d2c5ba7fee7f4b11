/*
 * llvm-tool.c - popcorn-ar, popcorn-ranlib, popcorn-nm: LLVM's own, which
 * read bitcode; found where popcorn-clang finds its tools.
 */
#include <stdio.h>
#include <string.h>

#include "messages.h"
#include "run.h"
#include "text.h"
#include "tools.h"

static const char *tool_name(const char *self)
{
	/* Our own name may be a path, and have a suffix in a package. */
	static const char *const names[] = {"ranlib", "ar", "nm"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strstr(pcn_basename(self), names[i]))
			return names[i];
	return NULL;
}

/*
 * LLVM gives a half archive its name before it notices.  In a command line of
 * ar, `[--OPTION...] OPERATION [MEMBER] [COUNT] ARCHIVE`, and of ranlib.
 */
static void remove_archives(const char *tool, char **argument)
{
	size_t skip = 0;

	if (!strcmp(tool, "ar")) {
		while (*argument && pcn_starts_with(*argument, "--"))
			argument++;
		if (!*argument || !strpbrk(*argument, "rqdms"))
			return;
		skip = (strpbrk(*argument, "abi") != NULL) +
		       (strchr(*argument, 'N') != NULL);
		for (argument++; skip && *argument; skip--)
			argument++;
		if (*argument)
			pcn_remove_output(*argument);
	} else if (!strcmp(tool, "ranlib")) {
		for (; *argument; argument++)
			pcn_remove_output(*argument);
	}
}

static int run(const char *tool, char **argv, struct error *error)
{
	struct strings arguments = {0};
	struct tools tools;
	struct job job;
	int result = pcn_tools_locate(&tools, error);
	char *path;

	if (result)
		return result;
	path = pcn_format("%s/llvm-%s", tools.llvm_bindir, tool);
	result = pcn_tools_need(&tools, path, error);
	if (result)
		return result;
	for (char **argument = argv; *argument; argument++)
		pcn_strings_add(&arguments, *argument);
	result = pcn_run_start_as(&job, path, &arguments, error);
	if (result)
		return result;
	result = pcn_run_wait(&job, error);
	if (result && job.said && pcn_messages_of_full_disk(job.said))
		remove_archives(tool, argv + 1);
	pcn_run_print(&job);
	return result;
}

int main(int argc, char **argv)
{
	const char *self = argc > 0 ? argv[0] : "", *tool = tool_name(self);
	struct error error = {""};

	if (!tool) {
		fprintf(stderr,
			"%s: error: expected to be called popcorn-ar, -ranlib "
			"or -nm\n",
			self);
		return 1;
	}
	pcn_run_prepare();
	if (run(tool, argv, &error) == 0)
		return 0;
	if (error.text[0])
		fprintf(stderr, "%s: error: %s\n", self, error.text);
	return 1;
}
