/*
 * The socket on which the `popcorn` command talks to an agent (docs/FORMATS.md,
 * "Control channel"): one request, one or two lines of reply.
 */
#define _GNU_SOURCE
#include "agent.h"
#include "directory.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NO_DESCRIPTOR "error its popcorn-run has too many open files"

int socket_listen(struct agent *a)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int err = pcn_directory_make(&a->error);

	if (err)
		return err;
	err = pcn_directory_socket(getpid(), a->socket_path,
				   sizeof(a->socket_path), &a->error);
	if (err)
		return err;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
		 a->socket_path);
	unlink(address.sun_path); /* of an earlier process of this number */
	a->listener = socket(AF_UNIX,
			     SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (a->listener < 0 ||
	    bind(a->listener, (void *)&address, sizeof(address)) ||
	    listen(a->listener, 8))
		return pcn_fail(&a->error, -errno, "%s: %s", address.sun_path,
				strerror(errno));
	return 0;
}

void socket_close(struct agent *a)
{
	for (int i = 0; i < AGENT_CLIENTS; i++)
		if (a->clients[i].used)
			close(a->clients[i].fd);
	if (a->listener < 0)
		return;
	close(a->listener);
	unlink(a->socket_path);
}

/* Whoever is turned away hears why. */
static void turn_away(int fd, const char *why)
{
	send(fd, why, strlen(why), MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

void socket_accept(struct agent *a)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	bool full;
	int fd;

	reserve_give(a); /* one that is not taken would wake us for ever */
	fd = accept4(a->listener, NULL, NULL, SOCK_CLOEXEC);
	full = !reserve_take(a);
	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) ||
	    (peer.uid != geteuid() && peer.uid != 0)) {
		close(fd);
		return;
	}
	for (int i = 0; i < AGENT_CLIENTS && !full; i++) {
		if (a->clients[i].used)
			continue;
		a->clients[i].used = true;
		a->clients[i].fd = fd;
		return;
	}
	turn_away(fd, full ? NO_DESCRIPTOR
			   : "error too many commands at the same time");
	reserve_take(a);
}

void socket_reply(struct agent *a, int client, const char *format, ...)
{
	char text[2048];
	va_list list;
	int n;

	if (client < 0 || !a->clients[client].used)
		return;
	va_start(list, format);
	n = vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	if (n >= (int)sizeof(text))
		n = sizeof(text) - 1;
	/* It gets what it can take: nobody may keep the agent waiting. */
	send(a->clients[client].fd, text, (size_t)n,
	     MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void reply_state(struct agent *a, int client)
{
	const struct process *p = a->current;
	char more[1024] = "";
	size_t at = 0;

	for (int i = 0; i < AGENT_PROCESSES && at < sizeof(more) - 64; i++) {
		const struct process *f = &a->processes[i];

		if (f->used && f->forked && f->pid)
			at += (size_t)snprintf(
				more + at, sizeof(more) - at, "\tforked=%d@%s",
				(int)f->pid,
				a->options->nodes.list[f->node].name);
	}
	if (!p) {
		socket_reply(a, client, "error the program is not running");
		return;
	}
	socket_reply(a, client,
		     "ok\tpid=%d\tprocess=%d\tfirst=%d\tnode=%s\tisa=%s\tmoves="
		     "%u\tprogram=%s%s",
		     (int)getpid(), (int)p->pid, (int)a->first_pid,
		     a->options->nodes.list[p->node].name,
		     pcn_node_isa(&a->options->nodes.list[p->node]), a->moves,
		     a->executable.path, more);
}

static void reply_no_node(struct agent *a, int client, const char *name)
{
	const struct nodes *nodes = &a->options->nodes;
	char list[1024] = "";
	size_t at = 0;

	for (int i = 0; i < nodes->count && at < sizeof(list); i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s",
				       i ? ", " : "", nodes->list[i].name);
	socket_reply(a, client, "error no node '%.64s'; there are: %s", name,
		     list);
}

static void request_move(struct agent *a, int client, const char *name)
{
	int node = pcn_nodes_find(&a->options->nodes, name);
	int err;

	if (node < 0) {
		reply_no_node(a, client, name);
		return;
	}
	if (a->current && a->current->node == node) {
		socket_reply(a, client, "ok\tnode=%s\tbytes=0\tpause_ms=0",
			     a->options->nodes.list[node].name);
		return;
	}
	err = operation_move(a, node, client);
	if (err)
		socket_reply(a, client, "error %s", a->error.text);
}

/* TID NODE */
static void request_thread(struct agent *a, int client, const char *text)
{
	char *name;
	long tid = strtol(text, &name, 10);
	int node;

	name += *name == ' ';
	node = pcn_nodes_find(&a->options->nodes, name);
	if (tid <= 0 || tid > INT_MAX)
		socket_reply(a, client, "error no such thread");
	else if (node < 0)
		reply_no_node(a, client, name);
	else
		spread_wish(a, client, (int)tid, node);
}

static void request_checkpoint(struct agent *a, int client, int file, bool full,
			       bool leave_running)
{
	int err;

	if (file < 0) {
		socket_reply(a, client,
			     full ? NO_DESCRIPTOR
				  : "error no file came with the request");
		return;
	}
	err = operation_checkpoint(a, file, leave_running, client);
	if (err) {
		close(file);
		socket_reply(a, client, "error %s", a->error.text);
	}
}

/* A request's text and the file that may come with it. */
static ssize_t receive(int fd, char *text, size_t size, int *file)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * 4)];
	} control;
	struct iovec part = {text, size - 1};
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = &control,
				.msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *c;

	*file = -1;
	if (n < 0)
		return n;
	text[n] = 0;
	for (c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int got;

			memcpy(&got, CMSG_DATA(c) + i * sizeof(int),
			       sizeof(got));
			if (*file < 0)
				*file = got;
			else
				close(got);
		}
	}
	return n;
}

void socket_request(struct agent *a, int client)
{
	char text[512];
	int file;
	ssize_t n;
	bool full;

	reserve_give(a);
	n = receive(a->clients[client].fd, text, sizeof(text), &file);
	full = !reserve_take(a);
	if (full && file >= 0) {
		close(file);
		file = -1;
		reserve_take(a);
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		if (file >= 0) /* it came with nothing to say */
			close(file);
		operation_client_gone(a, client);
		spread_client_gone(a, client);
		close(a->clients[client].fd);
		a->clients[client].used = false;
		return;
	}
	if (!strncmp(text, "checkpoint ", 11)) {
		request_checkpoint(a, client, file, full,
				   !strcmp(text + 11, "leave-running"));
		return;
	}
	if (file >= 0)
		close(file);
	if (!strcmp(text, "state"))
		reply_state(a, client);
	else if (!strncmp(text, "migrate ", 8))
		request_move(a, client, text + 8);
	else if (!strncmp(text, "thread ", 7))
		request_thread(a, client, text + 7);
	else if (!strcmp(text, "commit") || !strcmp(text, "abort"))
		operation_client_says(a, client, text[0] == 'c');
	else
		socket_reply(a, client, "error unknown request");
}
