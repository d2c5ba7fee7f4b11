/*
 * Network interfaces, and what is set of a socket: there after moves.  A socket
 * cannot be saved.
 *
 * MODES: native verify self qemu qemu-self move spread spread-user links
 */
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void poll(void)
{
	for (volatile int i = 0; i < 20; i++)
		;
}

static void interfaces(void)
{
	struct if_nameindex *list = if_nameindex();
	struct ifaddrs *addresses;
	char name[IF_NAMESIZE];
	int fd = socket(AF_INET, SOCK_DGRAM, 0), found = 0;
	struct ifreq request = {.ifr_name = "lo"};

	CHECK(if_nametoindex("lo") == 1 && !if_nametoindex("none"));
	CHECK(if_indextoname(1, name) && !strcmp(name, "lo"));
	errno = 0;
	CHECK(!if_indextoname(99999, name) && errno == ENXIO);
	CHECK(list);
	for (struct if_nameindex *at = list; at->if_index; at++) {
		poll();
		found += at->if_index == 1 && !strcmp(at->if_name, "lo");
	}
	if_freenameindex(list);
	CHECK(!getifaddrs(&addresses));
	poll();
	for (struct ifaddrs *at = addresses; at; at = at->ifa_next) {
		const struct sockaddr_in *in = (void *)at->ifa_addr;

		if (strcmp(at->ifa_name, "lo") || !in ||
		    in->sin_family != AF_INET)
			continue;
		printf("%x/%x %d ", ntohl(in->sin_addr.s_addr),
		       ntohl(((struct sockaddr_in *)(void *)at->ifa_netmask)
				     ->sin_addr.s_addr),
		       !!(at->ifa_flags & IFF_LOOPBACK));
	}
	freeifaddrs(addresses);
	CHECK(fd >= 0 && !ioctl(fd, SIOCGIFFLAGS, &request));
	printf("%d %d\n", found, !!(request.ifr_flags & IFF_LOOPBACK));
	close(fd);
}

static int get(int fd, int level, int option)
{
	int value = -1;
	socklen_t size = sizeof(value);

	CHECK(!getsockopt(fd, level, option, &value, &size));
	CHECK(size == sizeof(value));
	return value;
}

static void options(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	socklen_t size;
	struct linger linger = {1, 5};
	struct timeval time = {3, 500000};

	CHECK(!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
	CHECK(!setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)));
	CHECK(!setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	CHECK(!setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)));
	poll();
	CHECK(get(fd, IPPROTO_TCP, TCP_NODELAY) &&
	      get(fd, SOL_SOCKET, SO_KEEPALIVE) &&
	      !get(fd, SOL_SOCKET, SO_REUSEADDR) &&
	      get(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM &&
	      !get(fd, SOL_SOCKET, SO_ERROR));
	memset(&time, 0, sizeof(time));
	size = sizeof(time);
	CHECK(!getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, &size));
	printf("time-out %d.%06d\n", (int)time.tv_sec, (int)time.tv_usec);
	memset(&linger, 0, sizeof(linger));
	size = sizeof(linger);
	CHECK(!getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &size));
	printf("linger %d %d\n", linger.l_onoff, linger.l_linger);
	close(fd);
}

int main(void)
{
	for (int i = 0; i < 5; i++) {
		interfaces();
		options();
	}
	return 0;
}
