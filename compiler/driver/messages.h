/* messages.h - the linker's messages, as one line each. */
#ifndef PCN_DRIVER_MESSAGES_H
#define PCN_DRIVER_MESSAGES_H

#include <stdbool.h>

/*
 * Prints to stderr what a tool wrote to the file `path`.  The linker's account
 * of an undefined symbol, of several lines, becomes
 *   undefined symbol: NAME (referenced by FUNCTION, FUNCTION)
 * False if the file holds nothing.
 */
bool pcn_messages_print(const char *path);

#endif
