/*
 * link.h - a link between two agents: whole frames over a transport
 * (docs/FORMATS.md, "Links").
 *
 * Nothing here blocks; one thread uses a link.  An event loop waits for
 * pcn_link_events() on pcn_link_fd() until pcn_link_deadline(), then calls
 * pcn_link_receive() until it returns 0 (bytes may wait in the link, where the
 * descriptor says nothing of them).  Whether to spin first is the loop's
 * affair.
 */
#ifndef PCN_LINK_LINK_H
#define PCN_LINK_LINK_H

#include "error.h"
#include "transport.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define PCN_LINK_VERSION     1u
#define PCN_LINK_MAGIC	     "popcorn" /* seven bytes, then the version */
#define PCN_LINK_HEADER	     8u
#define PCN_LINK_FRAME_FIRST 8192u /* until pcn_link_allow() */
#define PCN_LINK_FRAME_MAX   (1u << 20)
#define PCN_LINK_PARTS_MAX   6
#define PCN_LINK_REASON	     256u
#define PCN_LINK_TYPE_BYE    0xffffu /* the link's own: why it closes */

struct pcn_link_header {
	uint32_t size; /* of what follows */
	uint16_t type;
	uint16_t zero;
};

_Static_assert(sizeof(struct pcn_link_header) == PCN_LINK_HEADER, "header");

struct pcn_frame {
	uint32_t type, size;
	const uint8_t *data; /* until the next call; not aligned */
};

struct pcn_link;

/* Takes the transport over.  It must stand, and a first frame must have come,
 * within handshake_ns.  NULL: no memory; the transport is freed. */
struct pcn_link *pcn_link_new(struct pcn_transport *transport,
			      uint64_t handshake_ns);
/* Closes at once and says nothing (the copy of a link after fork()). */
void pcn_link_free(struct pcn_link *l);
/* From now on: frames of frame_max bytes are received, queue_max bytes wait to
 * be sent.  Before: PCN_LINK_FRAME_FIRST and four times that. */
int pcn_link_allow(struct pcn_link *l, uint32_t frame_max, size_t queue_max);

int pcn_link_fd(const struct pcn_link *l);
/* POLLIN, POLLOUT: what to wait for.  reading false: the caller takes no frames
 * now, and what the other side sends waits with it. */
short pcn_link_events(const struct pcn_link *l, bool reading);
/* When pcn_link_receive() must be called even so; UINT64_MAX: never. */
uint64_t pcn_link_deadline(const struct pcn_link *l);
/* Both sides have said the same version. */
bool pcn_link_up(const struct pcn_link *l);
/* Something must arrive before that moment (CLOCK_MONOTONIC), or the link
 * ends; each frame takes the limit away.  0: none. */
void pcn_link_expect(struct pcn_link *l, uint64_t deadline_ns);

/* 1: a frame; 0: none now; negative: the link has ended, see pcn_link_why(). */
int pcn_link_receive(struct pcn_link *l, struct pcn_frame *frame);
/* The whole frame is taken: sent, or copied to the queue.  -EAGAIN: the queue
 * has no room, nothing is taken; -EMSGSIZE; else the link has ended. */
int pcn_link_send(struct pcn_link *l, uint32_t type, const struct iovec *parts,
		  int count);
/* Sends what is queued; 0 or the link's end. */
int pcn_link_flush(struct pcn_link *l);
/* The largest frame that pcn_link_send() takes now. */
size_t pcn_link_room(const struct pcn_link *l);
size_t pcn_link_queued(const struct pcn_link *l);

/* Why it has ended: the other side's words, or ours. */
const char *pcn_link_why(const struct pcn_link *l);
/* Did the other side say why? */
bool pcn_link_said_bye(const struct pcn_link *l);
/* Tells the other side why (NULL: nothing to tell), sends what can be sent
 * within linger_ms, waits as long for the other side to have it, and frees. */
void pcn_link_close(struct pcn_link *l, const char *reason, int linger_ms);

#endif
