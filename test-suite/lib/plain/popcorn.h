/*
 * popcorn.h for the plain build of a test program: one node, nothing moves,
 * popcorn_fork() is fork().  Answers what a program of the suite may print.
 */
#ifndef PLAIN_POPCORN_H
#define PLAIN_POPCORN_H

#include <unistd.h>

static inline int popcorn_node(void)
{
	return 0;
}

static inline int popcorn_nodes(void)
{
	return 1;
}

static inline int popcorn_migrate(int node)
{
	(void)node;
	return 0;
}

static inline int popcorn_migrate_thread(int node)
{
	(void)node;
	return 0;
}

static inline int popcorn_checkpoint(const char *path)
{
	(void)path;
	return 0;
}

static inline int popcorn_fork(int node)
{
	(void)node;
	return fork();
}

#endif
