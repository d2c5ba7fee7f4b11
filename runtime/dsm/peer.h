/*
 * peer.h - messages over a stream of bytes: a connected socket (TCP, or a
 * socket pair), or another way that its owner has.
 *
 * Never blocks.  What does not go at once is kept; the protocol bounds how much
 * that can be.
 */
#ifndef PCN_DSM_PEER_H
#define PCN_DSM_PEER_H

#include "message.h"

#include <sys/types.h>
#include <sys/uio.h>

/* A way for bytes that is no socket; those that come are handed to
 * pcn_peer_take(). */
struct peer_way {
	/* So many bytes have gone, at least one; -EAGAIN: none now; -errno: it
	 * is of no use any more. */
	ssize_t (*send)(void *context, const struct iovec *parts, int count);
	void *context;
};

struct peer {
	int fd; /* -1: none */
	struct peer_way way;
	unsigned char *in;
	size_t in_at, in_end;
	unsigned char *out;
	size_t out_at, out_end, out_size;
};

/* 0 or -errno; the socket belongs to it from then on. */
int pcn_peer_init(struct peer *l, int fd);
int pcn_peer_init_way(struct peer *l, const struct peer_way *way);
void pcn_peer_close(struct peer *l);
static inline bool pcn_peer_is_open(const struct peer *l)
{
	return l->in;
}

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
/* Bytes that came another way, at most DSM_MESSAGE_MAX at a time: 0. -EPROTO:
 * messages are not taken out. */
int pcn_peer_take(struct peer *l, const void *bytes, size_t size);
/* The same, as many as there is room for: their number. */
size_t pcn_peer_put(struct peer *l, const struct iovec *parts, int count);
/* The next message that is complete: 1; 0: none; -EPROTO.  Valid until the next
 * pcn_peer_fill(), pcn_peer_take() or pcn_peer_put(). */
int pcn_peer_next(struct peer *l, struct dsm_message *m,
		  const unsigned char **data);

#endif
