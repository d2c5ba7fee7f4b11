/*
 * popcorn.h - for programs that want a say in where they run.
 *
 * Nodes are numbered from 0; node 0 is where the program was started.  A
 * program started alone, without popcorn-run, has one node.  All functions
 * return -1 with errno set when they fail, and none may be called from a
 * signal handler.
 */
#ifndef _POPCORN_H
#define _POPCORN_H

#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define POPCORN_NODE_NAME_MAX 32 /* bytes, with the terminating zero */

/*
 * Moves the whole process, with all its threads, memory and descriptors, to
 * `node`, and returns there.  Moving to the present node succeeds at once.
 * Returns 0, or -1 with the process where it was: EINVAL no such node, ENOTCONN
 * not run by popcorn-run, EBUSY another operation is under way, others from the
 * node that refused, with a line on standard error.  Blocks until every thread
 * has stopped at a poll.
 */
int popcorn_migrate(int node);

/*
 * Moves the calling thread alone to `node`, where it goes on beside the other
 * threads in the same memory; its system calls are made for it at home, the
 * process's own node.  Moving home is the same.  Returns 0, or -1 with the thread
 * where it was: errors as above, EOPNOTSUPP if memory cannot be shared between
 * nodes, with a line on standard error.
 */
int popcorn_migrate_thread(int node);

/* The node the calling thread is on: the process's, unless it has left alone. */
int popcorn_node(void);

/* How many nodes there are, at least 1. */
int popcorn_nodes(void);

/*
 * Writes the name of `node`, as given to popcorn-run, to name[size], always
 * terminated.  Returns 0, or -1: EINVAL no such node, ERANGE name too small.
 */
int popcorn_node_name(int node, char *name, size_t size);

/*
 * Saves the process to the file `path`, which `popcorn restore` and
 * `popcorn inspect` read, and goes on.  Returns 0 in the process that was
 * saved and 1 in every process restored from the file, or -1 with nothing
 * saved.
 */
int popcorn_checkpoint(const char *path);

/*
 * As fork(2), the child running on `node` with its own copy of memory and of
 * the calling thread alone.  Returns the child's process id, for wait(2), in
 * the parent, 0 in the child, or -1 with no child made.
 */
pid_t popcorn_fork(int node);

#ifdef __cplusplus
}
#endif

#endif
