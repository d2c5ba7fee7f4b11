#define _GNU_SOURCE
#include "client.h"
#include "directory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int client_connect_agent(pid_t pid)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct error unused = {""};
	int fd, err;

	if (pcn_directory_socket(pid, address.sun_path,
				 sizeof(address.sun_path), &unused))
		return -ENOENT;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (void *)&address, sizeof(address)))
		return fd;
	err = -errno;
	close(fd);
	/* What an agent that was killed left behind. */
	if (err == -ECONNREFUSED)
		unlink(address.sun_path);
	return err;
}

/* Does this agent's program call itself, or is its process, *argument? */
static int has_program(pid_t agent, void *argument)
{
	char reply[2048], value[32];
	struct error unused = {""};
	int fd = client_connect_agent(agent), found = 0;

	if (fd < 0)
		return 0;
	if (!client_send(fd, "state", -1, &unused) &&
	    !client_receive(fd, reply, sizeof(reply), &unused))
		found = atoi(client_field(reply, "process", value,
					  sizeof(value))) ==
				*(pid_t *)argument ||
			atoi(client_field(reply, "first", value,
					  sizeof(value))) == *(pid_t *)argument;
	if (found)
		return fd;
	close(fd);
	return 0;
}

int client_connect(pid_t pid, struct error *error)
{
	int fd;

	if (pid <= 0)
		return pcn_fail(error, -EINVAL, "a pid is a positive number");
	fd = client_connect_agent(pid);
	if (fd < 0)
		fd = pcn_directory_each(has_program, &pid, error);
	if (fd < 0)
		return fd;
	if (!fd)
		return pcn_fail(error, -ESRCH,
				"no program under control with pid %d",
				(int)pid);
	return fd;
}

/* An agent that turns somebody away says why before it hangs up. */
static void take_reason(int socket, struct error *error)
{
	char reply[2048];
	ssize_t n = recv(socket, reply, sizeof(reply) - 1, MSG_DONTWAIT);

	if (n <= 0)
		return;
	reply[n] = 0;
	if (!strncmp(reply, "error ", 6))
		pcn_fail(error, -EPIPE, "%s", reply + 6);
}

int client_send(int socket, const char *text, int file, struct error *error)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = {(void *)text, strlen(text)};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};

	if (file >= 0) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &file, sizeof(file));
		header.msg_control = &control;
		header.msg_controllen = sizeof(control);
	}
	if (sendmsg(socket, &header, MSG_NOSIGNAL) >= 0)
		return 0;
	pcn_fail(error, -EPIPE, "the program's agent has gone");
	take_reason(socket, error);
	return -EPIPE;
}

int client_receive(int socket, char *reply, size_t size, struct error *error)
{
	ssize_t n;
	int resets = 0;

	/* An agent that hangs up on what we have sent may have said why before.
	 */
	do
		n = recv(socket, reply, size - 1, 0);
	while (n < 0 && (errno == EINTR || (errno == ECONNRESET && !resets++)));
	if (n <= 0)
		return pcn_fail(error, -EPIPE, "the program has ended");
	reply[n] = 0;
	if (!strncmp(reply, "error ", 6))
		return pcn_fail(error, -EIO, "%s", reply + 6);
	return 0;
}

const char *client_field(const char *reply, const char *key, char *value,
			 size_t size)
{
	char pattern[32];
	const char *at;

	snprintf(pattern, sizeof(pattern), "\t%s=", key);
	at = strstr(reply, pattern);
	value[0] = 0;
	if (at) {
		at += strlen(pattern);
		snprintf(value, size, "%.*s", (int)strcspn(at, "\t"), at);
	}
	return value;
}
