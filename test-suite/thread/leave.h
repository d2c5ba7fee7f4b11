/*
 * leave.h - a thread goes to another node by itself.  Not where the whole
 * program is captured by others (modes self, move, save): one thing at a time.
 */
#ifndef LEAVE_H
#define LEAVE_H

#include "check.h"
#include <popcorn.h>

static inline void leave(int node)
{
	if (!getenv("POPCORN_SELF"))
		CHECK(!popcorn_migrate_thread(node % popcorn_nodes()));
}

#endif
