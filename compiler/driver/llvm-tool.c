/*
 * llvm-tool.c - popcorn-ar, popcorn-ranlib, popcorn-nm: LLVM's own, which
 * read bitcode; found where popcorn-clang finds its tools.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "text.h"
#include "tools.h"

int main(int argc, char **argv)
{
	/* Our own name may be a path, and have a suffix in a package. */
	static const char *const names[] = {"ranlib", "ar", "nm"};
	const char *self = pcn_basename(argc > 0 ? argv[0] : ""), *tool = NULL;
	struct error error = {""};
	struct tools tools;
	char *path;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !tool; i++)
		if (strstr(self, names[i]))
			tool = names[i];
	if (!tool) {
		fprintf(stderr,
			"%s: error: expected to be called popcorn-ar, -ranlib "
			"or -nm\n",
			self);
		return 1;
	}
	if (pcn_tools_locate(&tools, &error) == 0) {
		path = pcn_format("%s/llvm-%s", tools.llvm_bindir, tool);
		if (pcn_tools_need(&tools, path, &error) == 0) {
			execv(path, argv);
			pcn_error_set(&error, "cannot run %s: %s", path,
				      strerror(errno));
		}
	}
	fprintf(stderr, "%s: error: %s\n", self, error.text);
	return 1;
}
