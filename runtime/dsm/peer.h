/*
 * peer.h - messages over a connected stream socket (TCP, or a socket pair).
 *
 * Never blocks.  What the socket does not take at once is kept; the protocol
 * bounds how much that can be.
 */
#ifndef PCN_DSM_PEER_H
#define PCN_DSM_PEER_H

#include "message.h"

struct peer {
	int fd; /* -1: none */
	unsigned char *in;
	size_t in_at, in_end;
	unsigned char *out;
	size_t out_at, out_end, out_size;
};

/* 0 or -errno; the socket belongs to it from then on. */
int pcn_peer_init(struct peer *l, int fd);
void pcn_peer_close(struct peer *l);

/* 0 or -errno: it is of no use any more. */
int pcn_peer_send(struct peer *l, const struct dsm_message *m,
		  const unsigned char *data);
/* Sends what was kept. */
int pcn_peer_flush(struct peer *l);
static inline bool pcn_peer_is_waiting(const struct peer *l)
{
	return l->out_at < l->out_end;
}

/* Reads what is there: bytes, 0 if nothing, -EPIPE at the end, -errno. */
int pcn_peer_fill(struct peer *l);
/* The next message that is complete: 1; 0: none; -EPROTO.  Valid until the next
 * pcn_peer_fill(). */
int pcn_peer_next(struct peer *l, struct dsm_message *m,
		  const unsigned char **data);

#endif
