/*
 * In an emulator's process, before it begins: makes userfaultfds, which an
 * emulated program cannot, and sends them to the agent: one for memory that
 * comes late, one for memory that threads share.  What comes before the
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

/* Ours is the first: what the user has preloaded stays. */
static void leave_environment(void)
{
	const char *list = getenv("LD_PRELOAD");
	const char *rest = list ? strchr(list, ':') : NULL;

	unsetenv(PCN_USERFAULT_ENV);
	if (rest)
		setenv("LD_PRELOAD", rest + 1, 1);
	else
		unsetenv("LD_PRELOAD");
}

__attribute__((constructor)) static void send_userfaultfds(void)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = {.bytes = {0}};
	const char *value = getenv(PCN_USERFAULT_ENV);
	struct pcn_message m = {.type = PCN_MSG_SHARED};
	struct iovec part = {&m, sizeof(m)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	int socket, fds[2];
	bool user_mode_only;

	if (!value || !is_emulator())
		return;
	socket = atoi(value);
	leave_environment();
	fds[0] = pcn_userfaultfd(NULL);
	fds[1] = pcn_userfaultfd(&user_mode_only);
	if (fds[0] >= 0 && fds[1] >= 0) {
		m.value[1] = user_mode_only;
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(fds));
		memcpy(CMSG_DATA(&control.header), fds, sizeof(fds));
	} else {
		/* Which says why. */
		m.value[0] = fds[1] < 0 ? fds[1] : fds[0];
	}
	if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
		_exit(125);
	close(socket);
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}
