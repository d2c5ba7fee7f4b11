/* operation.h - what operation.c (begins, fails, ends) and steps.c (what
 * processes say meanwhile) share. */
#ifndef PCN_AGENT_OPERATION_H
#define PCN_AGENT_OPERATION_H

#include "agent.h"

void operation_begin(struct agent *a, enum pcn_request kind, int node,
		     int client);
/* Releases what the operation holds; hops go on from here. */
void operation_finish(struct agent *a);
/*
 * Gives up, with the reason in a->error.  What the program is told depends on
 * where it stands: an asker that waits gets its ANSWER, a saver its ABORT at
 * SAVED or now, one that has not stopped yet is not disturbed any more.
 */
void operation_fail(struct agent *a, int err);
/* 0 if one can begin; else with the message. */
int operation_busy(struct agent *a);
int operation_start_target(struct agent *a, int node);
void operation_set_deadline(struct agent *a);
/* Asks the program to stop, until it has. */
void operation_raise(struct agent *a);
void operation_answer(struct agent *a, struct process *p, int result);
/* The program is saved, and the file is safe. */
void operation_commit_checkpoint(struct agent *a);
void operation_close_transfer(struct process *p);

#endif
