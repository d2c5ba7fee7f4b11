/*
 * channel.h - the program's end of the control channel.
 *
 * Implemented by channel.c; what the other parts of the run time may use of it.
 * The channel is one descriptor of the process that the program must not see:
 * the shim of system calls refuses it (pcn_channel_fd).
 */
#ifndef PCN_PROGRAM_CHANNEL_H
#define PCN_PROGRAM_CHANNEL_H

#include "program.h"

#include <pcn/channel.h>

/* The channel's descriptor, or -1: no agent. */
int pcn_channel_fd(void);
/*
 * Descriptors of the run time's own, the channel's among them, which the
 * program must not see.  keep() gives *fd a high number and remembers where it
 * stands; make_room() gets out of the way of a dup2 onto that number, and may
 * change it.  0 or -errno.
 */
#define PCN_OWN_DESCRIPTORS 4u
bool pcn_descriptor_is_own(int fd);
/* The lowest of them from fd on; UINT32_MAX: none. */
uint32_t pcn_descriptor_next_own(uint32_t fd);
int pcn_descriptor_keep(int *fd);
void pcn_descriptor_drop(int *fd);
int pcn_descriptor_make_room(int fd);

/* The nodes the agent knows, and the one this process runs on; alone: one node,
 * called "local". */
int pcn_channel_node_count(void);
int pcn_channel_node_current(void);
const char *pcn_channel_node_name(int node); /* NULL: no such node */
/* The executable's path as the agent knows it, or "". */
const char *pcn_channel_executable(void);

/*
 * Has the agent prepare the target of a move or fork (PCN_MSG_ASK_*) while the
 * program goes on running; may block for the time a process takes to start.
 * Any thread, world running or stopped.  After a 0 the world must be stopped
 * and pcn_request_serve called.  -ENOSYS: no agent; -ENOTCONN: it has gone;
 * -EBUSY: a request of the agent's is under way: poll and try again.
 */
int pcn_channel_ask(enum pcn_message_type type, int node);
/* Did pcn_channel_ask succeed with no pcn_request_serve since? */
bool pcn_channel_asked(void);

/* Tells the agent that what it or pcn_channel_ask prepared is not to be. */
void pcn_channel_refuse(int err);

/* wait4 for a child that a process on an earlier node had: pid or -errno.
 * Never blocks for long: 0 means none yet. */
int pcn_channel_wait(int pid, int options, int *status);

/* One packet.  fds may be NULL.  0 or -errno. */
int pcn_packet_send(int socket, const struct pcn_message *m, const void *text,
		    const int *fds, uint32_t fd_count);
/* Receives one packet; text gets at most text_size bytes; *fd_count in: room in
 * fds, out: received.  0, or -errno (-EPIPE: the other side has gone). */
int pcn_packet_receive(int socket, struct pcn_message *m, void *text,
		       uint32_t text_size, int *fds, uint32_t *fd_count);
/* Sends a question and receives its answer.  Under the channel's lock. */
int pcn_channel_call(struct pcn_message *m, const void *text, void *answer,
		     uint32_t answer_size, int *fds, uint32_t *fd_count);

/* The same, answered by ANSWER: what that says, 0 or -errno, with why: its text
 * or "".  sent: descriptors that go along.  -ENOTCONN: the agent has gone. */
#define PCN_CHANNEL_WHY 1024
int pcn_channel_question(struct pcn_message *m, const int *sent,
			 uint32_t sent_count, int *fds, uint32_t *fd_count,
			 char why[PCN_CHANNEL_WHY]);

/* For restore.c: the socket the state arrives on, and a new place for the
 * channel when the program's own descriptors need its number. */
int pcn_channel_transfer(void);
void pcn_channel_replace(int fd);

#endif
