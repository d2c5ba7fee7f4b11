/* response.h - @file arguments. */
#ifndef PCN_DRIVER_RESPONSE_H
#define PCN_DRIVER_RESPONSE_H

#include "error.h"
#include "text.h"

/* Appends argv[1..] to *arguments, each @file replaced by what it holds:
 * words apart by white space, with GNU quoting.  An @name that is no file
 * stays as it is, as GCC and clang have it. */
int pcn_response_expand(struct strings *arguments, int argc, char **argv,
			struct error *error);

#endif
