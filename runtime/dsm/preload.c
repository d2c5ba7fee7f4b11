/*
 * In an emulator's process, before it begins: makes a userfaultfd, which an
 * emulated program cannot, and sends it to the agent.
 */
#define _GNU_SOURCE
#include "userfault.h"

#include <pcn/channel.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

__attribute__((constructor)) static void send_userfaultfd(void)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.bytes = {0}};
	const char *value = getenv(PCN_USERFAULT_ENV);
	int fd = value ? pcn_userfaultfd() : -1;
	struct pcn_message m = {.type = PCN_MSG_SHARED,
				.value = {fd < 0 ? fd : 0}};
	struct iovec part = {&m, sizeof(m)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	int socket;

	if (!value)
		return;
	socket = atoi(value);
	unsetenv(PCN_USERFAULT_ENV);
	unsetenv("LD_PRELOAD");
	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	/* Without it there is an error number, which says why. */
	if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
		_exit(125);
	close(socket);
	if (fd >= 0)
		close(fd);
}
