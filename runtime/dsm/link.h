/*
 * link.h - messages over a connected stream socket (TCP, or a socket pair).
 *
 * Never blocks.  What the socket does not take at once is kept; the protocol
 * bounds how much that can be.
 */
#ifndef PCN_DSM_LINK_H
#define PCN_DSM_LINK_H

#include "message.h"

struct link {
	int fd; /* -1: none */
	unsigned char *in;
	size_t in_at, in_end;
	unsigned char *out;
	size_t out_at, out_end, out_size;
};

/* 0 or -errno; the socket belongs to the link from then on. */
int pcn_link_init(struct link *l, int fd);
void pcn_link_close(struct link *l);

/* 0 or -errno: the link is of no use any more. */
int pcn_link_send(struct link *l, const struct dsm_message *m,
		  const unsigned char *data);
/* Sends what was kept. */
int pcn_link_flush(struct link *l);
static inline bool pcn_link_is_waiting(const struct link *l)
{
	return l->out_at < l->out_end;
}

/* Reads what is there: bytes, 0 if nothing, -EPIPE at the end, -errno. */
int pcn_link_fill(struct link *l);
/* The next message that is complete: 1; 0: none; -EPROTO.  Valid until the next
 * pcn_link_fill(). */
int pcn_link_next(struct link *l, struct dsm_message *m,
		  const unsigned char **data);

#endif
