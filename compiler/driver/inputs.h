/* inputs.h - what the files to be linked are. */
#ifndef PCN_DRIVER_INPUTS_H
#define PCN_DRIVER_INPUTS_H

#include "error.h"
#include "text.h"

/* 0 if `path` holds bitcode, or an archive of nothing but bitcode; else
 * -errno and a line that names the file and says what it is. */
int pcn_input_check(const char *path, struct error *error);

/* The path of -l`name`, from `directories` in their order: a shared library
 * (which is bitcode, too) before an archive.  0 or -errno. */
int pcn_input_library(const char *name, const struct strings *directories,
		      char **path, struct error *error);

#endif
