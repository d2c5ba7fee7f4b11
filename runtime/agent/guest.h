/* guest.h - the agent of a program that is here on a visit. */
#ifndef PCN_AGENT_GUEST_H
#define PCN_AGENT_GUEST_H

#include "link.h"
#include "node.h"
#include "wire.h"

struct guest_options {
	const struct node *node; /* that it runs on */
	int cache;		 /* of executables: a directory */
	const char *peer;	 /* for messages */
};

/*
 * Receives a program, runs it and gives it back; until its end, or the link's,
 * which is the program's too.  In a process of its own, with the link as it is
 * after OPEN; takes it over.  Returns an exit status.
 */
int guest_run(struct pcn_link *link, const struct wire_wish *wish,
	      const struct guest_options *options);

#endif
