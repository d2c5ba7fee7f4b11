/* messages.h - the tools' messages, as one line each. */
#ifndef PCN_DRIVER_MESSAGES_H
#define PCN_DRIVER_MESSAGES_H

#include <stdbool.h>

/*
 * Prints to stderr what a tool said; text is changed.  The linker's account of
 * an undefined symbol, of several lines, becomes
 *   undefined symbol: NAME (referenced by FUNCTION, FUNCTION)
 * and LLVM's of a full disk, with a stack dump, one line.
 */
void pcn_messages_print(char *text);
/* Does it tell of a full disk, or of a limit on files' sizes? */
bool pcn_messages_of_full_disk(const char *text);

#endif
