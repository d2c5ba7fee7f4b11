#define _GNU_SOURCE
#include "packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int packet_send(int socket, const struct pcn_message *m, const void *text,
		const int *fds, uint32_t fd_count)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * PCN_CHANNEL_FDS_MAX)];
	} control;
	struct iovec parts[2] = {{(void *)m, sizeof(*m)},
				 {(void *)text, m->text_size}};
	struct msghdr header = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t n;

	if (fd_count) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * fd_count);
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
	}
	do
		n = sendmsg(socket, &header, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int packet_receive(int socket, struct packet *p)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * PACKET_FDS_MAX)];
	} control;
	struct iovec parts[2] = {{&p->m, sizeof(p->m)},
				 {p->text, PCN_CHANNEL_TEXT_MAX}};
	struct msghdr header = {
		.msg_iov = parts,
		.msg_iovlen = 2,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;

	p->fd_count = 0;
	do
		n = recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	if (n == 0)
		return -EPIPE;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c;
	     c = CMSG_NXTHDR(&header, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		p->fd_count =
			(uint32_t)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(p->fds, CMSG_DATA(c), p->fd_count * sizeof(int));
	}
	if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
	    (size_t)n < sizeof(p->m) ||
	    p->m.text_size != (size_t)n - sizeof(p->m)) {
		packet_drop(p);
		return -EPROTO;
	}
	p->text[p->m.text_size] = 0;
	return 0;
}

void packet_drop(struct packet *p)
{
	for (uint32_t i = 0; i < p->fd_count; i++)
		close(p->fds[i]);
	p->fd_count = 0;
}

int packet_take_fd(struct packet *p)
{
	int fd = p->fd_count ? p->fds[0] : -1;

	if (p->fd_count)
		p->fds[0] = p->fds[--p->fd_count];
	packet_drop(p);
	return fd;
}

int packet_error_of(int64_t value)
{
	return value < 0 && value > -4096 ? (int)value : -EIO;
}
