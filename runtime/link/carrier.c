/* The agents' side of links over libfabric, and how a carrier begins. */
#define _GNU_SOURCE
#include "carrier.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LISTEN_MS 10000
/* What is sent next is not to lie behind megabytes. */
#define SOCKET_BYTES (64 << 10)

static int connector = -1; /* who forks a carrier for each connection */

static int make_pair(int type, int pair[2], struct error *error)
{
	const int size = SOCKET_BYTES;

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair))
		return pcn_fail(error, -errno, "socketpair: %s",
				strerror(errno));
	for (int i = 0; i < 2; i++)
		setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return 0;
}

/* Nothing of the agent's: no terminal, no signals of its group, no files that
 * somebody waits to be closed. */
static int begin(int control)
{
	sigset_t none;
	int null;

	if (control < 3)
		control = fcntl(control, F_DUPFD_CLOEXEC, 3);
	null = open("/dev/null", O_RDWR);
	for (int i = 0; i < 3; i++)
		if (null < 0 || control < 0 || dup2(null, i) < 0)
			_exit(1);
	if (control > 3)
		close_range(3, (unsigned)control - 1, 0);
	close_range((unsigned)control + 1, ~0u, 0);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_NAME, "popcorn-fabric");
	return chdir("/") ? -1 : control;
}

/* Returns 0 in the carrier.  It is not our child: what waits for any child of
 * ours, in an agent for the program's, must not find it. */
static pid_t fork_away(void)
{
	pid_t pid = fork();

	if (!pid) {
		setsid();
		pid = fork();
		if (pid)
			_exit(pid < 0);
		return 0;
	}
	if (pid > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	return pid;
}

static int send_with(int to, const void *bytes, size_t size, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS,
				.cmsg_len = CMSG_LEN(sizeof(int))}};
	struct iovec part = {(void *)bytes, size};
	struct msghdr m = {.msg_iov = &part,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(to, &m, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* The descriptor; -EPIPE: nobody is there any more. */
static int receive_with(int from, void *bytes, size_t size, int flags)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.header = {0}};
	struct iovec part = {bytes, size};
	struct msghdr m = {.msg_iov = &part,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	ssize_t n;
	int fd;

	do
		n = recvmsg(from, &m, flags | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n != size || control.header.cmsg_type != SCM_RIGHTS)
		return -EPIPE;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

/* --- Connecting -------------------------------------------------------------
 */

_Noreturn static void fork_connections(int control)
{
	static struct pcn_address a;
	struct error unused; /* who needs it says so */

	pcn_fabric_load(&unused);
	signal(SIGCHLD, SIG_IGN); /* they are nobody's */
	for (;;) {
		int sock = receive_with(control, &a, sizeof(a), 0);
		pid_t pid;

		if (sock < 0)
			_exit(0);
		pid = fork();
		if (!pid) {
			close(control);
			pcn_fabric_connect(&a, sock);
		}
		close(sock); /* which says enough, had fork() failed */
	}
}

int pcn_carrier_prepare(struct error *error)
{
	int pair[2], err;
	pid_t pid;

	if (connector >= 0)
		return 0;
	err = make_pair(SOCK_SEQPACKET, pair, error);
	if (err)
		return err;
	pid = fork_away();
	if (!pid)
		fork_connections(begin(pair[1]));
	close(pair[1]);
	if (pid > 0) {
		connector = pair[0];
		return 0;
	}
	close(pair[0]);
	return pcn_fail(error, -EAGAIN, "cannot start a process");
}

int pcn_carrier_connect(const struct pcn_address *a, struct error *error)
{
	int pair[2], err = pcn_carrier_prepare(error);

	if (!err)
		err = make_pair(SOCK_STREAM, pair, error);
	if (err)
		return err;
	err = send_with(connector, a, sizeof(*a), pair[1]);
	close(pair[1]);
	if (!err)
		return pair[0];
	close(pair[0]);
	return pcn_fail(error, err, "libfabric's process has gone");
}

int pcn_carrier_verdict(int fd, struct error *error)
{
	struct pcn_verdict v;
	ssize_t n = recv(fd, &v, sizeof(v), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	if (n != sizeof(v))
		return pcn_fail(error, -ECONNRESET,
				"libfabric's process has gone");
	return v.error ? pcn_fail(error, v.error, "%.*s",
				  (int)sizeof(v.text) - 1, v.text)
		       : 0;
}

/* --- Listening --------------------------------------------------------------
 */

int pcn_carrier_listen(struct pcn_address *a, struct error *error)
{
	struct pcn_arrival where = {.address = *a};
	struct pollfd p = {.events = POLLIN};
	int pair[2], err = make_pair(SOCK_SEQPACKET, pair, error);
	char text[300];
	pid_t pid;

	if (err)
		return err;
	pid = fork_away();
	if (!pid)
		pcn_fabric_listen(a, begin(pair[1]));
	close(pair[1]);
	p.fd = pair[0];
	pcn_address_format(a, text, sizeof(text));
	if (pid < 0)
		err = pcn_fail(error, -EAGAIN, "cannot start a process");
	else if (poll(&p, 1, LISTEN_MS) < 1 ||
		 recv(pair[0], &where, sizeof(where), MSG_DONTWAIT) !=
			 sizeof(where))
		err = pcn_fail(error, -EPIPE, "libfabric's process has gone");
	else if (where.verdict.error)
		err = pcn_fail(error, where.verdict.error, "%s: %.*s", text,
			       (int)sizeof(where.verdict.text) - 1,
			       where.verdict.text);
	if (!err) {
		*a = where.address;
		return pair[0];
	}
	close(pair[0]);
	return err;
}

int pcn_carrier_accept(int listener, struct pcn_address *from)
{
	struct pcn_arrival who;
	int fd = receive_with(listener, &who, sizeof(who), MSG_DONTWAIT);

	if (fd >= 0)
		*from = who.address;
	return fd;
}

int pcn_carrier_offer(int control, const struct pcn_address *from)
{
	struct pcn_arrival who = {.address = *from};
	struct error unused;
	int pair[2], err = make_pair(SOCK_STREAM, pair, &unused);

	if (err)
		return err;
	err = send_with(control, &who, sizeof(who), pair[1]);
	close(pair[1]);
	if (!err)
		return pair[0];
	close(pair[0]);
	return err;
}
