/*
 * lines.h - what /proc says, by lines.
 */
#ifndef PCN_LINES_H
#define PCN_LINES_H

#include <stdbool.h>
#include <stdint.h>

/* Calls f with each line of the file, without its end, until one is what it
 * looks for; directory, as openat(2) has it.  False: none was, or the file
 * cannot be read; longer lines come in pieces. */
bool pcn_lines_find(int directory, const char *path,
		    bool (*f)(void *context, const char *line), void *context);

#endif
