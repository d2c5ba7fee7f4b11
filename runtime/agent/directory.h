/* directory.h - where agents' sockets are: $XDG_RUNTIME_DIR/popcorn, else
 * /tmp/popcorn-UID; the user's own, closed to others. */
#ifndef PCN_AGENT_DIRECTORY_H
#define PCN_AGENT_DIRECTORY_H

#include "error.h"

#include <stddef.h>
#include <sys/types.h>

/* Makes it, or checks that it is ours alone. */
int pcn_directory_make(struct error *error);
/* The socket of the agent `pid`. */
int pcn_directory_socket(pid_t pid, char *path, size_t size,
			 struct error *error);
/* Calls f for every agent's pid until it returns positive; returns that, 0, or
 * a negative errno. */
int pcn_directory_each(int (*f)(pid_t pid, void *argument), void *argument,
		       struct error *error);

#endif
