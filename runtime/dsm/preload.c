/*
 * In an emulator's process, before it begins: makes a userfaultfd, which an
 * emulated program cannot, and sends it to the agent.  What comes before the
 * emulator, a script that executes it, say, is passed over.
 */
#define _GNU_SOURCE
#include "userfault.h"

#include <pcn/channel.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define EMULATOR "qemu-"

static bool is_emulator(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	const char *name;

	path[n < 0 ? 0 : n] = 0;
	name = strrchr(path, '/');
	return name && !strncmp(name + 1, EMULATOR, strlen(EMULATOR));
}

__attribute__((constructor)) static void send_userfaultfd(void)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.bytes = {0}};
	const char *value = getenv(PCN_USERFAULT_ENV);
	bool here = value && is_emulator();
	int fd = here ? pcn_userfaultfd() : -1;
	struct pcn_message m = {.type = PCN_MSG_SHARED,
				.value = {fd < 0 ? fd : 0}};
	struct iovec part = {&m, sizeof(m)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	int socket;

	if (!here)
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
