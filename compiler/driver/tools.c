#include "tools.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "text.h"

/* The directory that holds bin/, from our own path. */
static int find_root(char **root, struct error *error)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (length < 0)
		return pcn_fail(error, -errno, "cannot read /proc/self/exe: %s",
				strerror(errno));
	path[length] = 0;
	for (int up = 0; up < 2; up++) {
		char *slash = strrchr(path, '/');

		if (slash)
			*slash = 0;
	}
	*root = pcn_strdup(path);
	return 0;
}

int pcn_tools_locate(struct tools *tools, struct error *error)
{
	const char *wanted = getenv("POPCORN_LLVM_BINDIR");
	int result = find_root(&tools->root, error);

	if (result)
		return result;
	tools->llvm_bindir =
		pcn_strdup(wanted && *wanted ? wanted : POPCORN_LLVM_BINDIR);
	tools->clang = pcn_format("%s/clang", tools->llvm_bindir);
	tools->opt = pcn_format("%s/opt", tools->llvm_bindir);
	tools->lld = pcn_format("%s/ld.lld", tools->llvm_bindir);
	tools->ar = pcn_format("%s/llvm-ar", tools->llvm_bindir);
	tools->strip = pcn_format("%s/llvm-strip", tools->llvm_bindir);
	tools->clang_include =
		pcn_format("%s/../lib/clang/%s/include", tools->llvm_bindir,
			   POPCORN_LLVM_MAJOR);
	tools->sysroot = pcn_format("%s/lib/popcorn/sysroot", tools->root);
	tools->plugin =
		pcn_format("%s/libexec/popcorn/PopcornPasses.so", tools->root);
	tools->layout =
		pcn_format("%s/libexec/popcorn/popcorn-layout", tools->root);
	return 0;
}

int pcn_tools_need(const struct tools *tools, const char *path,
		   struct error *error)
{
	if (access(path, R_OK) == 0)
		return 0;
	if (pcn_starts_with(path, tools->llvm_bindir))
		return pcn_fail(error, -ENOENT,
				"%s not found: install clang-%s, llvm-%s and "
				"lld-%s, or set "
				"POPCORN_LLVM_BINDIR",
				path, POPCORN_LLVM_MAJOR, POPCORN_LLVM_MAJOR,
				POPCORN_LLVM_MAJOR);
	return pcn_fail(error, -ENOENT,
			"%s not found: the installation is not complete", path);
}
