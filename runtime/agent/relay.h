/*
 * relay.h - the program's standard streams while it is away from its origin.
 *
 * What is at 0, 1 and 2 stays at the origin. The guest's agent gives the
 * program pipes, and the two agents carry the bytes: so much at a time as the
 * other side has given credit for. What the program has not read of its input
 * goes back with it. One of these is in each agent.
 */
#ifndef PCN_AGENT_RELAY_H
#define PCN_AGENT_RELAY_H

#include "error.h"
#include "stream.h"
#include "wire.h"

#include <pcn/stream.h>

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

struct transit;

struct relay {
	bool guest;
	bool paused;   /* the input stands still: the program is being saved */
	bool draining; /* guest: the output goes without credit */
	struct pcn_link *link; /* NULL: the program is at the origin */
	struct stream streams[WIRE_STREAMS];
	/* Origin: input that came back, until it is clear to whom it goes. */
	struct queue back;
	/* Origin: the program is home and reads a pipe, as input came back. */
	int pump, pump_end;
	off_t rewound;	   /* origin: so much, for a program that comes home */
	uint64_t retry_ns; /* the terminal is another job's */
};

void relay_init(struct relay *r, bool guest);
void relay_end(struct relay *r);

/* The stream that this descriptor of the program's is, whose copy fd is; -1. */
int relay_stream_of(const struct relay *r,
		    const struct pcn_stream_descriptor *d, int fd);
/* What a process that is about to be restored here gets for it; stays ours. */
int relay_descriptor(struct relay *r, int stream);

/* Origin: the program left this machine for the link's other side; its streams
 * are in t. */
void relay_leave(struct relay *r, const struct transit *t,
		 struct pcn_link *link);
/* Origin: it went on from there to another link, or (NULL) came home. */
void relay_go_on(struct relay *r, struct pcn_link *link);
/* Origin: all that came has been written. */
bool relay_is_idle(const struct relay *r);
/* The program is about to be saved; or goes on where it is. */
void relay_pause(struct relay *r);
void relay_resume(struct relay *r);
/* Origin: the program is about to run at home; a file's unread bytes are in the
 * file again. */
void relay_rewind(struct relay *r);

/* Guest: it runs now; its ends of the pipes are its own. */
void relay_begin(struct relay *r, struct pcn_link *link);
/* Guest: sends all that is left of the output; true: that is done. */
bool relay_drain(struct relay *r);
/* Guest: sends back what has not been read; the program is in t. */
int relay_give_back(struct relay *r, const struct transit *t,
		    struct error *error);

/* What to wait for; returns the number of entries. */
int relay_poll(const struct relay *r, struct pollfd p[WIRE_STREAMS + 1]);
/* Moves what can be moved; called after each poll. */
void relay_work(struct relay *r);
/* WIRE_BYTES, CREDIT, END, BACK.  -EPROTO: the other side exceeds its credit.
 */
int relay_frame(struct relay *r, const struct pcn_frame *f,
		struct error *error);

#endif
