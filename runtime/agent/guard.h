/*
 * guard.h - a process that is killed when we are: it waits for memory that only
 * we bring, and would wait for ever.
 */
#ifndef PCN_AGENT_GUARD_H
#define PCN_AGENT_GUARD_H

#include "error.h"

#include <sys/types.h>

struct guard {
	pid_t pid; /* a child of ours; 0: nobody is guarded */
	int end;   /* of a pipe that closes with us */
};

void guard_init(struct guard *g);
int guard_begin(struct guard *g, pid_t process, struct error *error);
/* It may outlive us again. */
void guard_end(struct guard *g);

#endif
