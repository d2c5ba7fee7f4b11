/* The plain transport: a stream socket. */
#define _GNU_SOURCE
#include "error.h"
#include "transport.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A connection under way is ready, or has failed, when it can be written. */
static int handshake(struct pcn_transport *t, struct error *error)
{
	struct pollfd p = {.fd = t->fd, .events = POLLOUT};
	socklen_t size = sizeof(int);
	int err = 0;

	t->handshake_wants_write = true;
	if (poll(&p, 1, 0) < 1)
		return -EAGAIN;
	if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &err, &size))
		err = errno;
	return err ? pcn_fail(error, -err, "%s", strerror(err)) : 0;
}

static ssize_t do_read(struct pcn_transport *t, void *to, size_t size)
{
	ssize_t n;

	do
		n = recv(t->fd, to, size, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static ssize_t do_write(struct pcn_transport *t, const struct iovec *parts,
			int count)
{
	struct msghdr m = {.msg_iov = (struct iovec *)parts,
			   .msg_iovlen = (size_t)count};
	ssize_t n;

	do
		n = sendmsg(t->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static void do_end(struct pcn_transport *t)
{
	shutdown(t->fd, SHUT_WR);
}

static void do_free(struct pcn_transport *t)
{
	close(t->fd);
	free(t);
}

static const struct pcn_transport_ops ops = {handshake, do_read, do_write,
					     do_end, do_free};

struct pcn_transport *pcn_transport_socket(int fd)
{
	struct pcn_transport *t = calloc(1, sizeof(*t));

	if (!t) {
		close(fd);
		return NULL;
	}
	t->ops = &ops;
	t->fd = fd;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return t;
}
