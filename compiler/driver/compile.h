/* compile.h - C to bitcode: the portable machine as clang sees it. */
#ifndef PCN_DRIVER_COMPILE_H
#define PCN_DRIVER_COMPILE_H

#include "options.h"
#include "tools.h"

/* For -c, -S, -E, -fsyntax-only: each source to its output. */
int pcn_compile(const struct tools *tools, const struct options *options,
		struct error *error);

/* For a link: each source to an object among the intermediate files; the
 * inputs are changed to name those. */
int pcn_compile_for_link(const struct tools *tools, struct options *options,
			 struct error *error);

/* Lets clang judge options that we do not know, when no source is there to be
 * compiled with them. */
int pcn_compile_judge(const struct tools *tools, const struct options *options,
		      struct error *error);

#endif
