/* Messages over a stream of bytes. */
#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Room for a few of the largest, so that little is moved to its front. */
#define IN_SIZE (4 * (size_t)DSM_MESSAGE_MAX)

static ssize_t socket_send(void *context, const struct iovec *parts, int count)
{
	const struct peer *l = context;
	struct msghdr header = {.msg_iov = (struct iovec *)parts,
				.msg_iovlen = (size_t)count};
	ssize_t n;

	do
		n = sendmsg(l->fd, &header, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int pcn_peer_init_way(struct peer *l, const struct peer_way *way)
{
	*l = (struct peer){.fd = -1, .way = *way};
	l->in = aligned_alloc(DSM_PAGE_SIZE, (IN_SIZE + DSM_PAGE_SIZE - 1) /
						     DSM_PAGE_SIZE *
						     DSM_PAGE_SIZE);
	return l->in ? 0 : -ENOMEM;
}

int pcn_peer_init(struct peer *l, int fd)
{
	const struct peer_way way = {socket_send, l};
	int one = 1, size = 1 << 20, err = pcn_peer_init_way(l, &way);

	l->fd = fd;
	if (!err && fcntl(fd, F_SETFL, O_NONBLOCK))
		err = -errno;
	if (err) {
		pcn_peer_close(l);
		return err;
	}
	/* Of no effect on sockets that are not TCP. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return 0;
}

void pcn_peer_close(struct peer *l)
{
	if (l->fd >= 0)
		close(l->fd);
	free(l->in);
	free(l->out);
	*l = (struct peer){.fd = -1};
}

static int keep(struct peer *l, const unsigned char *bytes, size_t size)
{
	if (l->out_at == l->out_end)
		l->out_at = l->out_end = 0;
	if (l->out_end + size > l->out_size && l->out_at) {
		memmove(l->out, l->out + l->out_at, l->out_end - l->out_at);
		l->out_end -= l->out_at;
		l->out_at = 0;
	}
	if (l->out_end + size > l->out_size) {
		size_t wanted = 2 * l->out_size + size;
		unsigned char *bigger = realloc(l->out, wanted);

		if (!bigger)
			return -ENOMEM;
		l->out = bigger;
		l->out_size = wanted;
	}
	memcpy(l->out + l->out_end, bytes, size);
	l->out_end += size;
	return 0;
}

int pcn_peer_send(struct peer *l, const struct dsm_message *m,
		  const unsigned char *data)
{
	unsigned char head[DSM_HEAD_SIZE + 4 * DSM_RUN_MAX];
	size_t head_size = dsm_message_encode(m, head);
	size_t data_size = dsm_message_data(m), sent = 0;
	struct iovec parts[2] = {{head, head_size},
				 {(void *)(uintptr_t)data, data_size}};
	int err = 0;

	if (!pcn_peer_is_waiting(l)) {
		ssize_t n =
			l->way.send(l->way.context, parts, data_size ? 2 : 1);

		if (n < 0 && n != -EAGAIN)
			return (int)n;
		if (n > 0)
			sent = (size_t)n;
	}
	if (sent < head_size)
		err = keep(l, head + sent, head_size - sent);
	sent = sent < head_size ? 0 : sent - head_size;
	if (!err && sent < data_size)
		err = keep(l, data + sent, data_size - sent);
	return err;
}

int pcn_peer_flush(struct peer *l)
{
	while (pcn_peer_is_waiting(l)) {
		const struct iovec rest = {l->out + l->out_at,
					   l->out_end - l->out_at};
		ssize_t n = l->way.send(l->way.context, &rest, 1);

		if (n < 0)
			return n == -EAGAIN ? 0 : (int)n;
		l->out_at += (size_t)n;
	}
	return 0;
}

/* Whole messages only are taken out, so what is left is less than one and both
 * ends stay 8-aligned. */
static void make_room(struct peer *l)
{
	if (l->in_at == l->in_end) {
		l->in_at = l->in_end = 0;
	} else if (IN_SIZE - l->in_at < DSM_MESSAGE_MAX) {
		memmove(l->in, l->in + l->in_at, l->in_end - l->in_at);
		l->in_end -= l->in_at;
		l->in_at = 0;
	}
}

int pcn_peer_fill(struct peer *l)
{
	ssize_t n;

	make_room(l);
	do
		n = recv(l->fd, l->in + l->in_end, IN_SIZE - l->in_end, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (!n)
		return -EPIPE;
	l->in_end += (size_t)n;
	return (int)n;
}

int pcn_peer_take(struct peer *l, const void *bytes, size_t size)
{
	make_room(l);
	if (size > IN_SIZE - l->in_end)
		return -EPROTO;
	memcpy(l->in + l->in_end, bytes, size);
	l->in_end += size;
	return 0;
}

size_t pcn_peer_put(struct peer *l, const struct iovec *parts, int count)
{
	size_t before;

	make_room(l);
	before = l->in_end;
	for (int i = 0; i < count; i++) {
		size_t room = IN_SIZE - l->in_end, size = parts[i].iov_len;

		if (size > room)
			size = room;
		memcpy(l->in + l->in_end, parts[i].iov_base, size);
		l->in_end += size;
	}
	return l->in_end - before;
}

int pcn_peer_next(struct peer *l, struct dsm_message *m,
		  const unsigned char **data)
{
	int size = dsm_message_decode(l->in + l->in_at, l->in_end - l->in_at, m,
				      data);

	if (size <= 0)
		return size;
	l->in_at += (size_t)size;
	return 1;
}
