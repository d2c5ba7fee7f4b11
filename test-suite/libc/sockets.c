/*
 * Socket pairs and a listening socket: accept, connect, messages, descriptors
 * passed along, epoll.  Sockets cannot be saved.
 *
 * MODES: native verify self qemu qemu-self move
 * MODES: spread spread-user spread-emulated links
 * CFLAGS: -pthread
 */
#include "check.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in address;

static void *client(void *argument)
{
	char line[32];

	(void)argument;
	for (int i = 0; i < 5; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		CHECK(!connect(fd, (struct sockaddr *)&address,
			       sizeof(address)));
		snprintf(line, sizeof(line), "request %d", i);
		CHECK(send(fd, line, strlen(line) + 1, 0) > 0);
		CHECK(recv(fd, line, sizeof(line), 0) > 0);
		printf("%s\n", line);
		close(fd);
	}
	return NULL;
}

int main(void)
{
	socklen_t length = sizeof(address);
	struct epoll_event event, got;
	pthread_t thread;
	int listener, epoll, pair[2];
	char line[64];

	CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	CHECK(send(pair[0], "datagram", 9, 0) == 9);
	CHECK(recv(pair[1], line, sizeof(line), 0) == 9);
	puts(line);

	listener = socket(AF_INET, SOCK_STREAM, 0);
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(!bind(listener, (struct sockaddr *)&address, sizeof(address)));
	CHECK(!getsockname(listener, (struct sockaddr *)&address, &length));
	CHECK(!listen(listener, 5));
	epoll = epoll_create1(0);
	event.events = EPOLLIN;
	event.data.u64 = 0x123456789abcdefull;
	CHECK(!epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event));
	CHECK(!pthread_create(&thread, NULL, client, NULL));
	for (int i = 0; i < 5; i++) {
		char answer[96];
		int fd;

		CHECK(epoll_wait(epoll, &got, 1, -1) == 1);
		CHECK(got.data.u64 == 0x123456789abcdefull);
		fd = accept(listener, NULL, NULL);
		CHECK(fd >= 0 && recv(fd, line, sizeof(line), 0) > 0);
		snprintf(answer, sizeof(answer), "answer to %s", line);
		CHECK(send(fd, answer, strlen(answer) + 1, 0) > 0);
		close(fd);
	}
	pthread_join(thread, NULL);
	return 0;
}
