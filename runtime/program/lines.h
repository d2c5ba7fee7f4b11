/*
 * lines.h - what /proc says, by lines.
 */
#ifndef PCN_LINES_H
#define PCN_LINES_H

#include <stdbool.h>
#include <stdint.h>

/* Calls f with each line, without its end, until one is what it looks for.
 * False: none was, or the file cannot be read; longer lines come in pieces. */
bool pcn_lines_find(const char *path,
		    bool (*f)(void *context, const char *line), void *context);
/* Hexadecimal digits at *text, which is moved behind them. */
uint64_t pcn_lines_hexadecimal(const char **text);

#endif
