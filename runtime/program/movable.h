/*
 * movable.h - may the process be saved, moved or copied at all?
 */
#ifndef PCN_PROGRAM_MOVABLE_H
#define PCN_PROGRAM_MOVABLE_H

/* Notes who the process is; once, before the program runs. */
void pcn_movable_start(void);
/* A child process is about to share the memory that is mapped MAP_SHARED and
 * anonymous: two copies of it would not be one.  Under the process's lock. */
void pcn_movable_lend_locked(void);
/* 0, or -errno and the reason.  With the world stopped. */
int pcn_movable(const char **why);

#endif
