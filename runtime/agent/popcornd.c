/*
 * popcornd: lets programs of other machines visit this one.
 *
 * One process listens and learns who is there: nothing is run, and no more than
 * a greeting is read, before a connection has shown the key and what it wants
 * is allowed.  Then it forks an agent for that one program (guest.c).
 */
#define _GNU_SOURCE
#include "address.h"
#include "cache.h"
#include "executable.h"
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
#include <time.h>
#include <unistd.h>

#define STRANGERS_MAX 64 /* that have not said yet what they want */
#define GUESTS_MAX    256
#define BUILDS_MAX    256
#define USERS_MAX     64

struct stranger {
	struct pcn_link *link; /* NULL: free */
	uint64_t deadline_ns;
	bool told, greeted;
	char peer[128];
};

struct policy {
	uint8_t builds[BUILDS_MAX][32];
	int build_count; /* 0: any */
	const char *users[USERS_MAX];
	int user_count; /* 0: who runs popcornd */
};

struct options {
	const char *listen, *cache, *name;
	struct pcn_tls_files keys;
	struct nodes nodes;
	struct policy policy;
	int max;
	bool plain;
};

struct daemon {
	struct options options;
	struct pcn_address address;
	struct pcn_tls *tls;
	int listener, signals, cache;
	struct stranger strangers[STRANGERS_MAX];
	pid_t guests[GUESTS_MAX];
	int guest_count;
	struct wire_hello hello;
	bool ends;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	char text[1400];
	va_list list;
	int n = snprintf(text, sizeof(text), "popcornd: ");

	va_start(list, format);
	vsnprintf(text + n, sizeof(text) - (size_t)n - 1, format, list);
	va_end(list);
	strcat(text, "\n");
	fputs(text, stderr); /* unbuffered: one line, one write */
}

/* --- Who comes ---------------------------------------------------------------
 */

static void send_away(struct stranger *s, const char *why)
{
	say("%s: refused: %s", s->peer, why);
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
	struct pcn_address from = {.size = sizeof(from.address)};
	bool local = d->address.address.ss_family == AF_UNIX;
	struct stranger *s;
	int fd = accept4(d->listener, (void *)&from.address, &from.size,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (local && !is_own_user(fd)) {
		say("unix: refused: another user");
		close(fd);
		return;
	}
	s = free_place(d);
	memset(s, 0, sizeof(*s));
	pcn_address_format(&from, s->peer, sizeof(s->peer));
	pcn_socket_prepare(fd);
	s->link = pcn_link_new(local || d->options.plain
				       ? pcn_transport_socket(fd)
				       : pcn_transport_tls(fd, d->tls, NULL),
			       WIRE_HANDSHAKE_NS);
	s->deadline_ns = now_ns() + WIRE_HANDSHAKE_NS;
	if (!s->link)
		say("%s: refused: out of memory", s->peer);
}

static const struct node *choose_node(const struct daemon *d, const char *isa)
{
	for (int i = 0; i < d->options.nodes.count; i++) {
		const struct node *n = &d->options.nodes.list[i];

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
	if (!is_allowed_user(&d->options.policy, o->user))
		return "this user's programs are not welcome here";
	if (!is_allowed_build(&d->options.policy, o->build_id))
		return "this program is not welcome here";
	if (!node)
		return "no node of that ISA here";
	if (!o->executable_size || o->executable_size > CACHE_FILE_MAX)
		return "the executable is too large";
	if (d->guest_count >= d->options.max)
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
	say("%s: %s brings %.16s to %s, agent %d", s->peer, wish->open.user, id,
	    node->isa->name, (int)pid);
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
			say("agent %d was ended by signal %d", (int)pid,
			    WTERMSIG(status));
		else
			say("agent %d has ended", (int)pid);
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
	say("ends; %d programs are sent away", d->guest_count);
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
	const struct options *o = &d->options;
	char text[300];
	int err = pcn_address_parse(&d->address, o->listen, error);
	bool local;

	if (err)
		return err;
	local = d->address.address.ss_family == AF_UNIX;
	if (o->plain && !pcn_address_is_local(&d->address))
		return pcn_fail(error, -EPERM,
				"--plain is for this machine's own addresses");
	if (!o->plain && !local) {
		d->tls = pcn_tls_new(&o->keys, true, error);
		if (!d->tls)
			return -EINVAL;
	}
	d->cache = cache_open(o->cache, error);
	if (d->cache < 0)
		return d->cache;
	d->listener = pcn_address_listen(&d->address, error);
	if (d->listener < 0)
		return d->listener;
	pcn_address_format(&d->address, text, sizeof(text));
	say("listening on %s", text);
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
		 d->options.name ? d->options.name : host.nodename);
	for (int i = 0;
	     i < d->options.nodes.count && h->isa_count < WIRE_ISAS_MAX; i++)
		snprintf(h->isas[h->isa_count++], WIRE_ISA, "%s",
			 d->options.nodes.list[i].isa->name);
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

/* --- Command line ------------------------------------------------------------
 */

static const char usage[] =
	"usage: popcornd [OPTIONS]\n"
	"\n"
	"Lets programs under popcorn-run on other machines move to this one.\n"
	"\n"
	"  --listen ADDRESS   HOST:PORT (default 127.0.0.1:7717; port 0: any "
	"free "
	"one) or\n"
	"                     unix:PATH\n"
	"  --key FILE         the key that both sides share (popcorn key FILE "
	"makes one);\n"
	"                     with --cert and --ca: this machine's private "
	"key\n"
	"  --cert FILE --ca FILE\n"
	"                     certificates instead: this machine's, and the "
	"one "
	"authority\n"
	"                     that both sides trust (PEM)\n"
	"  --isa NAME=KIND    what programs may run on here: `local', "
	"`qemu:ISA'; may be\n"
	"                     given again; the default is local=local\n"
	"  --allow-user NAME  whose programs may come (any: everybody's); may "
	"be "
	"given\n"
	"                     again; the default is who runs popcornd\n"
	"  --allow-build FILE this program may come, and only such; may be "
	"given "
	"again\n"
	"  --max N            at most so many programs at a time (default 64)\n"
	"  --cache DIR        keeps executables there (default "
	"~/.cache/popcorn)\n"
	"  --name NAME        what this machine calls itself\n"
	"  --plain            no TLS, on loopback only: for benchmarks\n"
	"  --new-key FILE     makes a key, and ends\n"
	"  --help, --version\n"
	"\n"
	"Whoever has the key may run programs here as the user that runs "
	"popcornd.\n";

static int allow_build(struct policy *p, const char *path, struct error *error)
{
	struct executable x;
	int err;

	if (p->build_count == BUILDS_MAX)
		return pcn_fail(error, -EINVAL, "too many programs");
	err = pcn_executable_open(&x, path, error);
	if (!err)
		memcpy(p->builds[p->build_count++], x.build_id, 32);
	pcn_executable_close(&x);
	return err;
}

static int take_number(const char *text, int *number, struct error *error)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 1 || n > GUESTS_MAX)
		return pcn_fail(error, -EINVAL, "--max: 1 to %d", GUESTS_MAX);
	*number = (int)n;
	return 0;
}

static int take_value(struct options *o, const char *option, const char *value,
		      struct error *error)
{
	const struct {
		const char *name;
		const char **where;
	} texts[] = {{"--listen", &o->listen},	{"--key", &o->keys.key},
		     {"--cert", &o->keys.cert}, {"--ca", &o->keys.ca},
		     {"--cache", &o->cache},	{"--name", &o->name}};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!strcmp(option, texts[i].name)) {
			*texts[i].where = value;
			return 0;
		}
	if (!strcmp(option, "--isa"))
		return pcn_nodes_add(&o->nodes, value, error);
	if (!strcmp(option, "--allow-build"))
		return allow_build(&o->policy, value, error);
	if (!strcmp(option, "--max"))
		return take_number(value, &o->max, error);
	if (!strcmp(option, "--allow-user") &&
	    o->policy.user_count < USERS_MAX) {
		o->policy.users[o->policy.user_count++] = value;
		return 0;
	}
	return pcn_fail(error, -EINVAL, "unknown option %s (try --help)",
			option);
}

static int finish(struct options *o, struct error *error)
{
	if (!o->nodes.count && pcn_nodes_add(&o->nodes, "local", error))
		return -EINVAL;
	for (int i = 0; i < o->nodes.count; i++)
		if (o->nodes.list[i].remote)
			return pcn_fail(error, -EINVAL,
					"--isa: local or qemu:ISA expected");
	return 0;
}

static int fail(const struct error *error)
{
	say("%s", error->text);
	return 1;
}

int main(int argc, char **argv)
{
	static struct daemon d = {
		.options = {.listen = "127.0.0.1", .max = 64}};
	struct error error = {""};

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help")) {
			fputs(usage, stdout);
			return 0;
		}
		if (!strcmp(argv[i], "--version")) {
			puts("popcornd " POPCORN_VERSION);
			return 0;
		}
		if (!strcmp(argv[i], "--plain")) {
			d.options.plain = true;
			continue;
		}
		if (i + 1 == argc) {
			pcn_fail(&error, -1, "%s (try --help)", argv[i]);
			return fail(&error);
		}
		if (!strcmp(argv[i], "--new-key")) {
			if (pcn_tls_make_key(argv[i + 1], &error))
				return fail(&error);
			return 0;
		}
		if (take_value(&d.options, argv[i], argv[i + 1], &error))
			return fail(&error);
		i++;
	}
	if (finish(&d.options, &error) || start(&d, &error))
		return fail(&error);
	loop(&d);
	return 0;
}
