/*
 * System calls on sockets, as buffers-files.c has those on files.
 *
 * CFLAGS: -pthread
 * MODES: native verify nodes spread spread-user
 * SPREAD: 2000
 */
#define _GNU_SOURCE
#include "buffers.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#define LARGE (5l << 20)

static void addresses(void)
{
	struct sockaddr_in *to = AT(struct sockaddr_in, 0),
			   *got = AT(struct sockaddr_in, 1);
	socklen_t *size = AT(socklen_t, 2);
	int listener = socket(AF_INET, SOCK_STREAM, 0), here, there;

	*to = (struct sockaddr_in){.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	CHECK(!CALL(bind(listener, (struct sockaddr *)to, sizeof(*to))));
	*size = sizeof(*got) + 20;
	CHECK(!CALL(getsockname(listener, (struct sockaddr *)got, size)));
	CHECK(*size == sizeof(*got) && got->sin_port);
	*to = *got;
	CHECK(!listen(listener, 5));
	here = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(!CALL(connect(here, (struct sockaddr *)to, sizeof(*to))));
	memset(got, 0x55, sizeof(*got));
	*size = 4;
	there = CALL(accept(listener, (struct sockaddr *)got, size));
	CHECK(there >= 0 && *size == sizeof(*got));
	CHECK(got->sin_port && got->sin_addr.s_addr == 0x55555555);
	*size = sizeof(*got);
	CHECK(!CALL(getpeername(here, (struct sockaddr *)got, size)));
	CHECK(got->sin_port == to->sin_port);
	close(here);
	close(there);
	here = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(!CALL(connect(here, (struct sockaddr *)to, sizeof(*to))));
	*size = sizeof(*got);
	there = CALL(accept4(listener, (struct sockaddr *)got, size, 0));
	CHECK(there >= 0 && got->sin_addr.s_addr == htonl(INADDR_LOOPBACK));
	close(here);
	close(there);
	close(listener);
}

static void datagrams(void)
{
	struct sockaddr_in *to = AT(struct sockaddr_in, 0),
			   *from = AT(struct sockaddr_in, 1);
	socklen_t *size = AT(socklen_t, 2);
	int in = socket(AF_INET, SOCK_DGRAM, 0),
	    out = socket(AF_INET, SOCK_DGRAM, 0);

	*to = (struct sockaddr_in){.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	CHECK(!bind(in, (struct sockaddr *)to, sizeof(*to)));
	*size = sizeof(*to);
	CHECK(!getsockname(in, (struct sockaddr *)to, size));
	text(3, "a datagram to somebody");
	CHECK(CALL(sendto(out, AT(char, 3), 22, 0, (struct sockaddr *)to,
			  sizeof(*to))) == 22);
	CHECK(CALL(recvfrom(in, AT(char, 4), 100, 0, (struct sockaddr *)from,
			    size)) == 22);
	CHECK(!memcmp(AT(char, 4), AT(char, 3), 22) && from->sin_port);
	CHECK(CALL(sendto(out, AT(char, 3), 22, 0, (struct sockaddr *)to,
			  sizeof(*to))) == 22);
	/* More than there is room for. */
	memset(AT(char, 4), 0, 30);
	CHECK(CALL(recvfrom(in, AT(char, 4), 9, MSG_TRUNC, NULL, NULL)) == 22);
	CHECK(!memcmp(AT(char, 4), "a datagra\0", 11));
	close(in);
	close(out);
}

static void options(void)
{
	int *value = AT(int, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t *size = AT(socklen_t, 1);
	struct sock_filter *code = AT(struct sock_filter, 2);
	struct sock_fprog *filter = AT(struct sock_fprog, 3);
	struct ifreq *interface = AT(struct ifreq, 4);

	*value = 1;
	CHECK(!CALL(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, value, 4)));
	*value = 7;
	*size = sizeof(*value);
	CHECK(!CALL(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, value, size)));
	CHECK(*value == 1 && *size == 4);
	*size = 300;
	CHECK(!CALL(getsockopt(fd, IPPROTO_TCP, TCP_INFO, AT(char, 5), size)));
	CHECK(*size > 50 && *size <= 300);
	*code = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0xffff);
	*filter = (struct sock_fprog){1, code};
	CHECK(!CALL(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter,
			       sizeof(*filter))) ||
	      errno == EPERM); /* where the kernel has no room for it */
	memset(interface, 0, sizeof(*interface));
	strcpy(interface->ifr_name, "lo");
	CHECK(!CALL(ioctl(fd, SIOCGIFINDEX, interface)) || errno == ENODEV);
	CHECK(!strcmp(interface->ifr_name, "lo"));
	close(fd);
}

static void messages(void)
{
	struct msghdr *out = AT(struct msghdr, 0), *in = AT(struct msghdr, 1);
	struct iovec *parts = AT(struct iovec, 2), *room = AT(struct iovec, 3);
	struct cmsghdr *control = AT(struct cmsghdr, 4),
		       *got = AT(struct cmsghdr, 5);
	int *pair = AT(int, 8), fd;

	CHECK(!CALL(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair)));
	CHECK(pair[0] >= 0 && pair[1] > pair[0]);
	parts[0] = (struct iovec){text(6, "one part and "), 13};
	parts[1] = (struct iovec){text(7, "one more of the message"), 23};
	*control = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	};
	memcpy(CMSG_DATA(control), &pair[1], sizeof(int));
	memset(out, 0, sizeof(*out));
	out->msg_iov = parts;
	out->msg_iovlen = 2;
	out->msg_control = control;
	out->msg_controllen = CMSG_SPACE(sizeof(int));
	CHECK(CALL(sendmsg(pair[0], out, 0)) == 36);
	memset(in, 0, sizeof(*in));
	room[0] = (struct iovec){AT(char, 9), 20};
	room[1] = (struct iovec){AT(char, 10), 10};
	in->msg_iov = room;
	in->msg_iovlen = 2;
	in->msg_control = got;
	in->msg_controllen = 64;
	CHECK(SYSTEM(SYS_recvmsg, pair[1], in, 0) == 30);
	CHECK(!memcmp(AT(char, 9), "one part and one mor", 20));
	CHECK(!memcmp(AT(char, 10), "e of the m", 10));
	CHECK(in->msg_flags == MSG_TRUNC && in->msg_iov == room);
	CHECK(in->msg_control == got && got->cmsg_type == SCM_RIGHTS);
	CHECK(got->cmsg_len == CMSG_LEN(sizeof(int)));
	memcpy(&fd, CMSG_DATA(got), sizeof(int));
	CHECK(fd > pair[1] && !close(fd));
	close(pair[0]);
	close(pair[1]);
}

static void many_messages(void)
{
	struct mmsghdr *out = AT(struct mmsghdr, 0),
		       *in = AT(struct mmsghdr, 1);
	struct iovec *parts = AT(struct iovec, 2), *room = AT(struct iovec, 3);
	struct sockaddr_un *name = AT(struct sockaddr_un, 7),
			   *names = AT(struct sockaddr_un, 8);
	struct timespec *time = AT(struct timespec, 9);
	int pair[2];

	CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	*name = (struct sockaddr_un){AF_UNIX, "abcdefgh"};
	name->sun_path[0] = 0;
	snprintf(name->sun_path + 1, 50, "%d", (int)getpid());
	CHECK(!CALL(bind(pair[0], (struct sockaddr *)name, 30)));
	memset(out, 0, 3 * sizeof(*out));
	memset(in, 0, 3 * sizeof(*in));
	for (int i = 0; i < 3; i++) {
		parts[i] = (struct iovec){text(4 + i, "message "), 8 + i};
		((char *)parts[i].iov_base)[8] = (char)('a' + i);
		room[i] = (struct iovec){AT(char, 10 + i), 100};
		out[i].msg_hdr.msg_iov = &parts[i];
		out[i].msg_hdr.msg_iovlen = 1;
		in[i].msg_hdr.msg_iov = &room[i];
		in[i].msg_hdr.msg_iovlen = 1;
		in[i].msg_hdr.msg_name = i == 1 ? names : NULL;
		in[i].msg_hdr.msg_namelen = i == 1 ? sizeof(*names) : 0;
	}
	CHECK(SYSTEM(SYS_sendmmsg, pair[0], out, 3, 0) == 3);
	CHECK(out[0].msg_len == 8 && out[2].msg_len == 10);
	*time = (struct timespec){1, 0};
	CHECK(SYSTEM(SYS_recvmmsg, pair[1], in, 3, 0, time) == 3);
	CHECK(in[0].msg_len == 8 && in[2].msg_len == 10);
	CHECK(!memcmp(AT(char, 12), "message \0\0", 8));
	CHECK(!memcmp(AT(char, 11), "message b", 9));
	CHECK(in[1].msg_hdr.msg_namelen == 30 && !names->sun_path[0]);
	CHECK(!strcmp(names->sun_path + 1, name->sun_path + 1));
	close(pair[0]);
	close(pair[1]);
}

/* A stream takes all of what is more than goes to the kernel at once. */
static int stream[2];

static void *reader(void *memory)
{
	char *to = memory;
	long at = 0, n;

	while (at < 3 * LARGE &&
	       (n = read(stream[1], to + at, 3 * LARGE - at)) > 0)
		at += n;
	CHECK(at == 3 * LARGE);
	return NULL;
}

static void large(void)
{
	unsigned char *out = malloc(LARGE), *in = malloc(3 * LARGE);
	struct iovec part = {out, LARGE};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	pthread_t thread;

	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, stream));
	CHECK(!pthread_create(&thread, NULL, reader, in));
	for (long i = 0; i < LARGE; i++)
		out[i] = (unsigned char)(i % 251);
	CHECK(write(stream[0], out, LARGE) == LARGE);
	CHECK(send(stream[0], out, LARGE, 0) == LARGE);
	CHECK(sendmsg(stream[0], &message, 0) == LARGE);
	CHECK(!pthread_join(thread, NULL));
	for (int i = 0; i < 3; i++)
		CHECK(!memcmp(in + i * LARGE, out, LARGE));
	free(in);
	free(out);
	close(stream[0]);
	close(stream[1]);
}

int main(void)
{
	RUN(addresses, datagrams, options, messages, many_messages, large);
	return 0;
}
