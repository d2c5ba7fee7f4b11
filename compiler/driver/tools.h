/* tools.h - where the stock LLVM tools and our own parts are. */
#ifndef PCN_DRIVER_TOOLS_H
#define PCN_DRIVER_TOOLS_H

#include "error.h"

struct tools {
	char *llvm_bindir; /* POPCORN_LLVM_BINDIR, or what the build found */
	char *clang, *opt, *lld, *ar, *strip;
	char *clang_include; /* clang's own headers: stdatomic.h, intrinsics */
	char *root;	     /* the installed tree: two above this executable */
	char *sysroot, *plugin, *layout;
};

/* Fills in the paths; looks at no file. */
int pcn_tools_locate(struct tools *tools, struct error *error);
/* 0 if `path` can be executed (or, not a program, read). */
int pcn_tools_need(const struct tools *tools, const char *path,
		   struct error *error);

#endif
