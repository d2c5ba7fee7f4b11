/* build_id.h - is an executable what its build id says? (docs/FORMATS.md) */
#ifndef PCN_AGENT_BUILD_ID_H
#define PCN_AGENT_BUILD_ID_H

#include "executable.h"

/* Computes the build id again, over all slices; 0 or -ENOEXEC. */
int pcn_build_id_check(const struct executable *x, struct error *error);

#endif
