/*
 * transport.h - what carries a link's bytes: a reliable ordered stream that
 * never blocks.  Built in: sockets (socket.c) and TLS 1.3 over them (tls.c);
 * the socket may be a carrier's (carrier.h).
 *
 * To add one: fill in pcn_transport_ops; its structure begins with a struct
 * pcn_transport.
 */
#ifndef PCN_LINK_TRANSPORT_H
#define PCN_LINK_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct error;
struct pcn_transport;

struct pcn_transport_ops {
	/* Until it returns 0 nothing else is called; -EAGAIN: again when the
	 * descriptor is ready; other -errno: with the message. */
	int (*handshake)(struct pcn_transport *t, struct error *error);
	/* Bytes; 0: the other side has ended; -EAGAIN; -errno. */
	ssize_t (*read)(struct pcn_transport *t, void *to, size_t size);
	/* Bytes taken, at least 1; -EAGAIN: call again with the same bytes
	 * first, or more; -errno. */
	ssize_t (*write)(struct pcn_transport *t, const struct iovec *parts,
			 int count);
	/* Says that nothing more comes, if it can do so now. */
	void (*end)(struct pcn_transport *t);
	/* Closes the descriptor and frees; says nothing to the other side. */
	void (*free)(struct pcn_transport *t);
};

struct pcn_transport {
	const struct pcn_transport_ops *ops;
	int fd;
	/* A carrier says first whether there is a connection. */
	bool carried;
	/* What the last -EAGAIN of each waits for; else POLLIN and POLLOUT. */
	bool handshake_wants_write, read_wants_write, write_wants_read;
};

/* Takes the descriptor over, a connected stream socket (or one that is about to
 * be), and makes it non-blocking.  NULL: no memory; the descriptor is closed.
 */
struct pcn_transport *pcn_transport_socket(int fd);

struct pcn_tls;
/* The same with TLS 1.3.  host: the name or address that a server's certificate
 * must bear; NULL on the server's side. */
struct pcn_transport *pcn_transport_tls(int fd, const struct pcn_tls *tls,
					const char *host);

#endif
