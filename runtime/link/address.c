#define _GNU_SOURCE
#include "address.h"
#include "carrier.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SILENT_MS 30000

static int parse_unix(struct pcn_address *a, const char *path,
		      struct error *error)
{
	struct sockaddr_un *u = (void *)&a->address;

	if (!*path || strlen(path) >= sizeof(u->sun_path))
		return pcn_fail(error, -EINVAL,
				"unix:%s: a path of 1 to %zu characters", path,
				sizeof(u->sun_path) - 1);
	u->sun_family = AF_UNIX;
	memcpy(u->sun_path, path, strlen(path) + 1);
	a->size = sizeof(*u);
	return 0;
}

bool pcn_address_names_fabric(const char *text)
{
	return !strncmp(text, "fabric:", 7) || !strncmp(text, "fabric+", 7);
}

/* What follows fabric: or fabric+PROVIDER:, or NULL. */
static const char *split_fabric(struct pcn_address *a, const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	const char *provider = text[6] == '+' ? text + 7 : "tcp";
	size_t size = strspn(provider, letters);

	if (!size || size >= sizeof(a->fabric) ||
	    (text[6] == '+' && provider[size] != ':'))
		return NULL;
	memcpy(a->fabric, provider, size);
	return text[6] == '+' ? provider + size + 1 : text + 7;
}

/* HOST:PORT to a->host and the port's text; without one, ours. */
static const char *split(struct pcn_address *a, const char *text)
{
	static const char port[] = "7717";
	const char *from = text, *end = strrchr(text, ':'), *after;

	if (text[0] == '[') {
		from++;
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return NULL;
		after = end[1] ? end + 2 : port;
	} else if (end && strchr(text, ':') == end) {
		after = end + 1;
	} else { /* none, or a bare IPv6 address */
		end = text + strlen(text);
		after = port;
	}
	if (end == from || (size_t)(end - from) >= sizeof(a->host) || !*after ||
	    strlen(after) > 5 || strspn(after, "0123456789") != strlen(after) ||
	    atoi(after) > 65535)
		return NULL;
	memcpy(a->host, from, (size_t)(end - from));
	return after;
}

_Static_assert(PCN_PORT == 7717, "as split() has it");

int pcn_address_parse(struct pcn_address *a, const char *text,
		      struct error *error)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_NUMERICSERV},
			*found;
	const char *port, *where = text;
	int err;

	memset(a, 0, sizeof(*a));
	if (!strncmp(text, "unix:", 5))
		return parse_unix(a, text + 5, error);
	if (pcn_address_names_fabric(text)) {
		err = pcn_carrier_exists(error);
		if (err)
			return err;
		where = split_fabric(a, text);
	}
	port = where ? split(a, where) : NULL;
	if (!port)
		return pcn_fail(error, -EINVAL, "'%.200s': HOST:PORT expected",
				text);
	err = getaddrinfo(a->host, port, &hints, &found);
	if (err)
		return pcn_fail(error, -ENOENT, "%s: %s", a->host,
				gai_strerror(err));
	memcpy(&a->address, found->ai_addr, found->ai_addrlen);
	a->size = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

bool pcn_address_is_local(const struct pcn_address *a)
{
	const struct sockaddr_in *v4 = (const void *)&a->address;
	const struct sockaddr_in6 *v6 = (const void *)&a->address;

	if (a->address.ss_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	if (a->address.ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
	return a->address.ss_family == AF_UNIX;
}

void pcn_address_format(const struct pcn_address *a, char *text, size_t size)
{
	const struct sockaddr_in *v4 = (const void *)&a->address;
	const struct sockaddr_in6 *v6 = (const void *)&a->address;
	const struct sockaddr_un *u = (const void *)&a->address;
	char host[INET6_ADDRSTRLEN] = "?";
	int n = 0;

	if (a->fabric[0])
		n = strcmp(a->fabric, "tcp")
			    ? snprintf(text, size, "fabric+%s:", a->fabric)
			    : snprintf(text, size, "fabric:");
	if (n < 0 || (size_t)n >= size)
		return;
	text += n;
	size -= (size_t)n;

	switch (a->address.ss_family) {
	case AF_INET:
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
		snprintf(text, size, "%s:%u", host, ntohs(v4->sin_port));
		break;
	case AF_INET6:
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
		snprintf(text, size, "[%s]:%u", host, ntohs(v6->sin6_port));
		break;
	default: /* who connects by a Unix socket has no path */
		snprintf(text, size, "unix:%s",
			 a->size > sizeof(u->sun_family) ? u->sun_path : "");
	}
}

void pcn_socket_prepare(int fd)
{
	const int yes = 1, idle_s = 10, interval_s = 5, count = 4;
	const unsigned int silent_ms = SILENT_MS;
	/* What is sent next is not to lie behind megabytes. */
	const int waiting = 128 << 10;

	/* On a Unix socket these fail, and it needs none. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &waiting,
		   sizeof(waiting));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s,
		   sizeof(interval_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silent_ms,
		   sizeof(silent_ms));
}

int pcn_address_connect(const struct pcn_address *a, struct error *error)
{
	int fd, err;

	if (a->fabric[0])
		return pcn_carrier_connect(a, error);
	fd = socket(a->address.ss_family,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return pcn_fail(error, -errno, "socket: %s", strerror(errno));
	pcn_socket_prepare(fd);
	if (!connect(fd, (const void *)&a->address, a->size) ||
	    errno == EINPROGRESS)
		return fd;
	err = -errno;
	close(fd);
	return pcn_fail(error, err, "%s", strerror(-err));
}

/* A socket's file that nobody listens on is what an earlier one left. */
static void remove_stale(const struct pcn_address *a)
{
	const struct sockaddr_un *u = (const void *)&a->address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (connect(fd, (const void *)u, a->size) && errno == ECONNREFUSED)
		unlink(u->sun_path);
	close(fd);
}

int pcn_address_listen(struct pcn_address *a, struct error *error)
{
	const int yes = 1;
	char text[300];
	mode_t mask;
	int fd, err = 0;

	if (a->fabric[0])
		return pcn_carrier_listen(a, error);
	fd = socket(a->address.ss_family,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return pcn_fail(error, -errno, "socket: %s", strerror(errno));
	if (a->address.ss_family == AF_UNIX)
		remove_stale(a);
	else
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	mask = umask(077);
	if (bind(fd, (const void *)&a->address, a->size) || listen(fd, 128))
		err = -errno;
	umask(mask);
	if (!err && a->address.ss_family != AF_UNIX) {
		a->size = sizeof(a->address);
		if (getsockname(fd, (void *)&a->address, &a->size))
			err = -errno;
	}
	if (!err)
		return fd;
	close(fd);
	pcn_address_format(a, text, sizeof(text));
	return pcn_fail(error, err, "%s: %s", text, strerror(-err));
}

int pcn_address_accept(const struct pcn_address *a, int listener,
		       struct pcn_address *from)
{
	int fd;

	memset(from, 0, sizeof(*from));
	if (a->fabric[0])
		return pcn_carrier_accept(listener, from);
	from->size = sizeof(from->address);
	fd = accept4(listener, (void *)&from->address, &from->size,
		     SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return -errno;
	pcn_socket_prepare(fd);
	return fd;
}
