/*
 * late.h - memory that comes when the program runs already: it has moved here
 * from another machine, whose agent sends what is touched first, and all of it
 * in the end (../agent/late.h).
 *
 * Until then an access waits for its page.  The kernel's own may not be able to
 * wait, so system calls go by copies of their buffers (buffers.h), and those
 * that would take an absent page for zero wait for all of them.
 */
#ifndef PCN_PROGRAM_LATE_H
#define PCN_PROGRAM_LATE_H

#include "native.h"

/* The userfaultfd, or -1. */
extern int pcn_late_descriptor;

/* Memory is mapped, and nothing of it has been touched: PCN_LATE_*, or
 * -errno. */
int pcn_late_begin(void);
/* Has all come?  Waits for it before a call that needs it. */
bool pcn_late_over(const struct pcn_call *call);
/* Returns when all has come. */
void pcn_late_wait(void);
/* The same; the world stands still. */
void pcn_late_end(void);

#endif
