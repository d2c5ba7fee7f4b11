/*
 * Who comes to popcornd, and who is let in.
 *
 * One process listens and learns who is there: nothing is run, and no more than
 * a greeting is read, before a connection has shown the key and what it wants
 * is allowed.  Then it forks an agent for that one program (guest.c).
 */
#define _GNU_SOURCE
#include "address.h"
#include "cache.h"
#include "daemon.h"
#include "clock.h"
#include "guest.h"
#include "link.h"
#include "node.h"
#include "tls.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define STRANGERS_MAX 64 /* that have not said yet what they want */

struct stranger {
	struct pcn_link *link; /* NULL: free */
	uint64_t deadline_ns;
	bool told, greeted;
	char peer[128];
};

struct daemon {
	const struct daemon_options *options;
	struct pcn_address address;
	struct pcn_tls *tls;
	int listener, signals, cache;
	struct stranger strangers[STRANGERS_MAX];
	pid_t guests[GUESTS_MAX];
	int guest_count;
	struct wire_hello hello;
	bool ends;
};

void daemon_say(const char *format, ...)
{
	char text[1400];
	va_list list;
	size_t n = (size_t)snprintf(text, sizeof(text), "popcornd: ");
	size_t room = sizeof(text) - n - 1;
	int said;

	va_start(list, format);
	said = vsnprintf(text + n, room, format, list);
	va_end(list);
	n += said < 0 ? 0 : (size_t)said < room ? (size_t)said : room - 1;
	memcpy(text + n, "\n", 2);
	fputs(text, stderr); /* unbuffered: one line, one write */
}

/* --- Who comes ---------------------------------------------------------------
 */

static void send_away(struct stranger *s, const char *why)
{
	daemon_say("%s: refused: %s", s->peer, why);
	pcn_link_close(s->link, why, 0);
	s->link = NULL;
}

/* Newcomers have a chance however many keep silent: the oldest goes, of those
 * that have not shown the key if there are such. */
static struct stranger *free_place(struct daemon *d)
{
	struct stranger *oldest = &d->strangers[0];

	for (int i = 0; i < STRANGERS_MAX; i++) {
		struct stranger *s = &d->strangers[i];
		bool known;

		if (!s->link)
			return s;
		known = pcn_link_up(s->link);
		if (known == pcn_link_up(oldest->link)
			    ? s->deadline_ns < oldest->deadline_ns
			    : !known)
			oldest = s;
	}
	send_away(oldest, "others wait who may have more to say");
	return oldest;
}

static bool is_own_user(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) &&
	       (peer.uid == geteuid() || !peer.uid);
}

static void accept_one(struct daemon *d)
{
	struct pcn_address from;
	bool local = d->address.address.ss_family == AF_UNIX;
	struct stranger *s;
	int fd = pcn_address_accept(&d->address, d->listener, &from);

	if (fd == -EPIPE) {
		daemon_say("libfabric's process has gone");
		d->ends = true;
	}
	if (fd < 0)
		return;
	if (local && !is_own_user(fd)) {
		daemon_say("unix: refused: another user");
		close(fd);
		return;
	}
	s = free_place(d);
	memset(s, 0, sizeof(*s));
	pcn_address_format(&from, s->peer, sizeof(s->peer));
	s->link = pcn_link_new(local || d->options->plain
				       ? pcn_transport_socket(fd)
				       : pcn_transport_tls(fd, d->tls, NULL),
			       WIRE_HANDSHAKE_NS);
	s->deadline_ns = pcn_now_ns() + WIRE_HANDSHAKE_NS;
	if (!s->link)
		daemon_say("%s: refused: out of memory", s->peer);
}

static const struct node *choose_node(const struct daemon *d, const char *isa)
{
	for (int i = 0; i < d->options->nodes.count; i++) {
		const struct node *n = &d->options->nodes.list[i];

		if (!isa[0] || !strcmp(n->isa->name, isa))
			return n;
	}
	return NULL;
}

static bool is_allowed_user(const struct policy *p, const char *user)
{
	const struct passwd *own = getpwuid(geteuid());

	for (int i = 0; i < p->user_count; i++)
		if (!strcmp(p->users[i], user) || !strcmp(p->users[i], "any"))
			return true;
	return !p->user_count && own && !strcmp(own->pw_name, user);
}

static bool is_allowed_build(const struct policy *p, const uint8_t id[32])
{
	for (int i = 0; i < p->build_count; i++)
		if (!memcmp(p->builds[i], id, 32))
			return true;
	return !p->build_count;
}

/* NULL: welcome. */
static const char *objection(const struct daemon *d, const struct wire_open *o,
			     const struct node *node)
{
	if (!is_allowed_user(&d->options->policy, o->user))
		return "this user's programs are not welcome here";
	if (!is_allowed_build(&d->options->policy, o->build_id))
		return "this program is not welcome here";
	if (!node)
		return "no node of that ISA here";
	if (!o->executable_size || o->executable_size > CACHE_FILE_MAX)
		return "the executable is too large";
	if (d->guest_count >= d->options->max)
		return "as many programs as may be are here already";
	return NULL;
}

/* In the agent: what is the daemon's is no affair of the program's. */
_Noreturn static void become_guest(struct daemon *d, struct stranger *self,
				   const struct wire_wish *wish,
				   const struct node *node)
{
	struct guest_options options = {
		.node = node, .cache = d->cache, .peer = self->peer};
	struct pcn_link *link = self->link;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	self->link = NULL;
	close(d->listener);
	close(d->signals);
	for (int i = 0; i < STRANGERS_MAX; i++)
		pcn_link_free(d->strangers[i].link);
	exit(guest_run(link, wish, &options));
}

static void welcome(struct daemon *d, struct stranger *s,
		    const struct wire_wish *wish)
{
	const struct node *node = choose_node(d, wish->open.isa);
	const char *why = objection(d, &wish->open, node);
	char id[CACHE_NAME];
	pid_t pid;

	if (why) {
		send_away(s, why);
		return;
	}
	cache_name(wish->open.build_id, id);
	pid = fork();
	if (pid < 0) {
		send_away(s, strerror(errno));
		return;
	}
	if (!pid)
		become_guest(d, s, wish, node);
	d->guests[d->guest_count++] = pid;
	daemon_say("%s: %s brings %.16s to %s, agent %d", s->peer,
		   wish->open.user, id, node->isa->name, (int)pid);
	pcn_link_free(s->link);
	s->link = NULL;
}

static void hear(struct daemon *d, struct stranger *s,
		 const struct pcn_frame *f)
{
	static struct wire_wish wish;
	struct wire_hello theirs;
	struct error error = {""};

	if (!s->greeted) {
		if (wire_read_hello(&theirs, f, &error)) {
			send_away(s, error.text);
			return;
		}
		s->greeted = true;
		pcn_link_expect(s->link, s->deadline_ns);
		return;
	}
	if (wire_read_open(&wish, f, &error))
		send_away(s, error.text);
	else if (wish.open.want == WIRE_WANT_NOTHING)
		send_away(s, "nothing was wanted");
	else
		welcome(d, s, &wish);
}

static void greet(struct daemon *d, struct stranger *s)
{
	if (!s->told)
		wire_send(s->link, WIRE_HELLO, &d->hello, sizeof(d->hello),
			  NULL, 0);
	s->told = true;
}

static void listen_to(struct daemon *d, struct stranger *s)
{
	struct pcn_frame f;
	int n;

	/* One frame at a time: what follows OPEN is the agent's. */
	while (s->link && (n = pcn_link_receive(s->link, &f)) != 0) {
		if (n < 0) {
			send_away(s, pcn_link_why(s->link));
			return;
		}
		greet(d, s);
		hear(d, s, &f);
	}
	if (s->link && pcn_link_up(s->link))
		greet(d, s);
}

/* --- Ends --------------------------------------------------------------------
 */

static void forget_guest(struct daemon *d, pid_t pid)
{
	for (int i = 0; i < d->guest_count; i++)
		if (d->guests[i] == pid) {
			d->guests[i] = d->guests[--d->guest_count];
			return;
		}
}

static void reap(struct daemon *d)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		forget_guest(d, pid);
		if (WIFSIGNALED(status))
			daemon_say("agent %d was ended by signal %d", (int)pid,
				   WTERMSIG(status));
		else
			daemon_say("agent %d has ended", (int)pid);
	}
}

static void read_signals(struct daemon *d)
{
	struct signalfd_siginfo info;

	while (read(d->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap(d);
		else
			d->ends = true;
	}
}

static void end(struct daemon *d)
{
	daemon_say("ends; %d programs are sent away", d->guest_count);
	if (d->address.address.ss_family == AF_UNIX)
		unlink(((struct sockaddr_un *)&d->address.address)->sun_path);
	for (int i = 0; i < d->guest_count; i++)
		kill(d->guests[i], SIGTERM);
	while (wait(NULL) > 0)
		;
}

/* --- Start -------------------------------------------------------------------
 */

static void loop(struct daemon *d)
{
	struct pollfd list[STRANGERS_MAX + 2];

	while (!d->ends) {
		int n = 0;

		list[n++] = (struct pollfd){d->signals, POLLIN, 0};
		list[n++] = (struct pollfd){d->listener, POLLIN, 0};
		for (int i = 0; i < STRANGERS_MAX; i++)
			if (d->strangers[i].link)
				list[n++] = (struct pollfd){
					pcn_link_fd(d->strangers[i].link),
					pcn_link_events(d->strangers[i].link,
							true),
					0};
		poll(list, (nfds_t)n, n > 2 ? 500 : -1);
		for (int i = 0; i < STRANGERS_MAX; i++)
			if (d->strangers[i].link)
				listen_to(d, &d->strangers[i]);
		if (list[1].revents)
			accept_one(d);
		if (list[0].revents)
			read_signals(d);
	}
	end(d);
}

static int open_listener(struct daemon *d, struct error *error)
{
	const struct daemon_options *o = d->options;
	char text[300];
	int err = pcn_address_parse(&d->address, o->listen, error);
	bool local;

	if (err)
		return err;
	local = d->address.address.ss_family == AF_UNIX;
	if (o->plain && !pcn_address_is_local(&d->address))
		return pcn_fail(error, -EPERM,
				"--plain is for this machine's own addresses");
	d->cache = cache_open(o->cache, error);
	if (d->cache < 0)
		return d->cache;
	d->listener = pcn_address_listen(&d->address, error);
	if (d->listener < 0)
		return d->listener;
	/* After that: a process that listens for us has no key. */
	if (!o->plain && !local) {
		d->tls = pcn_tls_new(&o->keys, true, error);
		if (!d->tls)
			return -EINVAL;
	}
	pcn_address_format(&d->address, text, sizeof(text));
	daemon_say("listening on %s", text);
	return 0;
}

static void make_hello(struct daemon *d)
{
	struct wire_hello *h = &d->hello;
	struct utsname host;

	uname(&host);
	h->version = WIRE_VERSION;
	h->abi_version = PCN_ABI_VERSION;
	snprintf(h->node, sizeof(h->node), "%.*s", (int)sizeof(h->node) - 1,
		 d->options->name ? d->options->name : host.nodename);
	for (int i = 0;
	     i < d->options->nodes.count && h->isa_count < WIRE_ISAS_MAX; i++)
		snprintf(h->isas[h->isa_count++], WIRE_ISA, "%s",
			 d->options->nodes.list[i].isa->name);
}

static int start(struct daemon *d, struct error *error)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	d->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (d->signals < 0)
		return pcn_fail(error, -errno, "signalfd: %s", strerror(errno));
	make_hello(d);
	return open_listener(d, error);
}

int daemon_run(const struct daemon_options *options, struct error *error)
{
	static struct daemon d;
	int err;

	d.options = options;
	err = start(&d, error);
	if (!err)
		loop(&d);
	return err;
}
