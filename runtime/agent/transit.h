/*
 * transit.h - a saved process on its way over a link: the state as a file, and
 * the descriptors that a process of this machine had.
 */
#ifndef PCN_AGENT_TRANSIT_H
#define PCN_AGENT_TRANSIT_H

#include "error.h"
#include "saved.h"
#include "wire.h"

#include <stdbool.h>

struct late;
struct relay;

struct transit_fd { /* of the source's, which keeps its own */
	int32_t number;
	int fd;
};

struct transit {
	bool active, complete;
	int socket;	   /* where a process of this machine sends it; -1 */
	int file;	   /* a memfd; -1: not yet, or saved has it */
	struct late *late; /* what comes over a link */
	struct wire_state head;
	struct wire_descriptor descriptors[WIRE_FDS_MAX];
	struct transit_fd fds[WIRE_FDS_MAX];
	uint32_t fd_count;
	struct saved saved; /* when complete */
};

void transit_init(struct transit *t, struct late *late);
/* Forgets everything but what is late. */
void transit_end(struct transit *t);

/* From a process of this machine: *theirs is the transfer socket for its GO. */
int transit_begin_local(struct transit *t, int *theirs, struct error *error);
/* t->socket is ready. */
int transit_read(struct transit *t, struct error *error);
/* Fills in head and descriptors for the other side, or names what cannot leave.
 */
int transit_describe(struct transit *t, const struct relay *relay,
		     struct error *error);

/* From the other side of a link: WIRE_STATE, then WIRE_MEMORY until it is
 * complete; not all of its memory need be there then. */
int transit_begin_link(struct transit *t, const struct pcn_frame *f,
		       struct pcn_link *link, struct error *error);
int transit_memory(struct transit *t, const struct pcn_frame *f,
		   struct error *error);

/* To a process of this machine, which waits on the other end of `transfer`. */
int transit_hand_over(struct transit *t, struct relay *relay, int transfer,
		      struct error *error);

#endif
