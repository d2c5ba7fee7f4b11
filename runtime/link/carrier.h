/*
 * carrier.h - links over libfabric (fabric:HOST:PORT).
 *
 * libfabric's objects do not survive fork(), have threads and descriptors of
 * their own, and belong to whoever made them; our agents fork, and hand links
 * to their children.  So a process of its own, the carrier, has them
 * (fabric.c), and an agent has one end of a socket pair: all that is done with
 * sockets, TLS first of all, is done with that.
 */
#ifndef PCN_LINK_CARRIER_H
#define PCN_LINK_CARRIER_H

#include "address.h"
#include "error.h"

#include <errno.h>

#ifdef PCN_LIBFABRIC

/* What a carrier says first on a socket that it makes a connection for. */
struct pcn_verdict {
	int error; /* 0: it stands */
	char text[156];
};

/* What the carrier that listens says: whether it does, and where; then, with a
 * socket each, who has come. */
struct pcn_arrival {
	struct pcn_verdict verdict;
	struct pcn_address address;
};

/* Was this built with libfabric? */
static inline int pcn_carrier_exists(struct error *error)
{
	(void)error;
	return 0;
}

/* Starts who will make connections: before this process has children of its
 * own to wait for. */
int pcn_carrier_prepare(struct error *error);
/* As pcn_address_connect(), _listen() and _accept(). */
int pcn_carrier_connect(const struct pcn_address *a, struct error *error);
int pcn_carrier_listen(struct pcn_address *a, struct error *error);
int pcn_carrier_accept(int listener, struct pcn_address *from);
/* Does a connection under way stand?  -EAGAIN: not yet. */
int pcn_carrier_verdict(int fd, struct error *error);

/* In the carrier that listens: the socket of a connection whose other end it
 * hands to who listens; or -errno. */
int pcn_carrier_offer(int control, const struct pcn_address *from);

/* fabric.c, in the carrier: before the first connection, of this process or of
 * its children; nothing there is libfabric's yet but the library. */
int pcn_fabric_load(struct error *error);
/* One connection, and all that come, for who is at
 * the other end of the socket. */
_Noreturn void pcn_fabric_connect(const struct pcn_address *a, int sock);
_Noreturn void pcn_fabric_listen(const struct pcn_address *a, int control);

#else

static inline int pcn_carrier_exists(struct error *error)
{
	return pcn_fail(error, -ENOTSUP,
			"this Popcorn was built without libfabric");
}

static inline int pcn_carrier_prepare(struct error *error)
{
	return pcn_carrier_exists(error);
}

static inline int pcn_carrier_connect(const struct pcn_address *a,
				      struct error *error)
{
	(void)a;
	return pcn_carrier_exists(error);
}

static inline int pcn_carrier_listen(struct pcn_address *a, struct error *error)
{
	(void)a;
	return pcn_carrier_exists(error);
}

static inline int pcn_carrier_accept(int listener, struct pcn_address *from)
{
	(void)listener;
	(void)from;
	return -ENOTSUP;
}

static inline int pcn_carrier_verdict(int fd, struct error *error)
{
	(void)fd;
	return pcn_carrier_exists(error);
}

#endif

#endif
