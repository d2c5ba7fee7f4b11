/*
 * A process on another machine: what its agent there, popcornd's, is told and
 * says (wire.h).  One link is one stay of the program on that node.
 */
#define _GNU_SOURCE
#include "agent.h"
#include "carrier.h"
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

struct remote {
	struct pcn_link *link;
	bool greeted, opened, unreachable;
	const uint8_t *chunks; /* of the executable, that are still to go */
	uint64_t chunks_size;
	struct supply supply; /* the state */
	uint64_t runs_ns;     /* since when the program goes on there */
};

static struct node *node_of(struct agent *a, const struct process *p)
{
	return &a->options->nodes.list[p->node];
}

/* --- Opening ----------------------------------------------------------------
 */

int remote_prepare(struct agent *a)
{
	const struct options *o = a->options;
	bool needed = false;

	for (int i = 0; i < o->nodes.count; i++) {
		const struct node *n = &o->nodes.list[i];
		char address[300];

		if (!n->remote || n->address.address.ss_family == AF_UNIX)
			continue;
		needed |= !o->plain;
		if (n->address.fabric[0] && pcn_carrier_prepare(&a->error))
			return -EAGAIN;
		if (!o->plain || pcn_address_is_local(&n->address))
			continue;
		pcn_address_format(&n->address, address, sizeof(address));
		return pcn_fail(&a->error, -EPERM,
				"--plain is for this machine's own addresses, "
				"not %s",
				address);
	}
	if (!needed)
		return 0;
	if (!o->keys.key)
		return pcn_fail(&a->error, -EINVAL,
				"a node on another machine needs --key FILE");
	a->tls = pcn_tls_new(&o->keys, false, &a->error);
	return a->tls ? 0 : -EINVAL;
}

static void user_name(char name[WIRE_USER])
{
	const struct passwd *user = getpwuid(geteuid());

	if (user && strlen(user->pw_name) < WIRE_USER)
		snprintf(name, WIRE_USER, "%s", user->pw_name);
	else
		snprintf(name, WIRE_USER, "%u", (unsigned)geteuid());
}

static int say_hello(struct pcn_link *l)
{
	struct wire_hello h = {.version = WIRE_VERSION,
			       .abi_version = PCN_ABI_VERSION};
	struct utsname host;

	uname(&host);
	snprintf(h.node, sizeof(h.node), "%.*s", (int)sizeof(h.node) - 1,
		 host.nodename[0] ? host.nodename : "?");
	return wire_send(l, WIRE_HELLO, &h, sizeof(h), NULL, 0);
}

static int say_open(struct agent *a, struct process *p,
		    enum pcn_channel_role role)
{
	const struct nodes *nodes = &a->options->nodes;
	struct wire_open o = {
		.want = role == PCN_ROLE_NODE ? WIRE_WANT_THREADS
					      : WIRE_WANT_RUN,
		.home = role == PCN_ROLE_NODE ? (uint32_t)a->spread.home : 0,
		.node_index = (uint32_t)p->node,
		.node_count = (uint32_t)nodes->count,
		.executable_size = a->executable.size};
	char text[WIRE_TEXT_MAX];
	size_t at = strlen(a->executable.path) + 1;

	if (at > WIRE_PATH_MAX)
		return pcn_fail(&a->error, -ENAMETOOLONG, "%s: name too long",
				a->executable.path);
	o.path_size = (uint32_t)at;
	memcpy(text, a->executable.path, at);
	for (int i = 0; i < nodes->count; i++) {
		size_t size = strlen(nodes->list[i].name) + 1;

		memcpy(text + at, nodes->list[i].name, size);
		at += size;
	}
	o.names_size = (uint32_t)at - o.path_size;
	user_name(o.user);
	memcpy(o.isa, node_of(a, p)->wanted_isa, sizeof(o.isa));
	memcpy(o.build_id, a->executable.build_id, sizeof(o.build_id));
	return wire_send(p->remote->link, WIRE_OPEN, &o, sizeof(o), text, at);
}

static int connect_to(struct agent *a, struct process *p,
		      enum pcn_channel_role role)
{
	const struct node *n = node_of(a, p);
	bool plain =
		a->options->plain || n->address.address.ss_family == AF_UNIX;
	struct error why = {""};
	struct pcn_transport *t;
	int fd = pcn_address_connect(&n->address, &why);

	if (fd < 0)
		return pcn_fail(&a->error, fd, "node %s: %s", n->name,
				why.text);
	t = plain ? pcn_transport_socket(fd)
		  : pcn_transport_tls(fd, a->tls, n->address.host);
	if (t)
		t->carried = n->address.fabric[0];
	p->remote->link = pcn_link_new(t, WIRE_HANDSHAKE_NS);
	if (!p->remote->link)
		return pcn_fail(&a->error, -ENOMEM, "out of memory");
	if (pcn_link_allow(p->remote->link, WIRE_FRAME_MAX, WIRE_QUEUE) ||
	    say_hello(p->remote->link))
		return pcn_fail(&a->error, -ENOMEM, "out of memory");
	return say_open(a, p, role);
}

struct process *remote_start(struct agent *a, int node,
			     enum pcn_channel_role role)
{
	struct process *p = process_new(a, node, &process_remote);

	if (!p)
		return NULL;
	p->remote = calloc(1, sizeof(*p->remote));
	if (role == PCN_ROLE_START)
		pcn_fail(&a->error, -EINVAL,
			 "a program starts on a node of this machine");
	else if (!p->remote)
		pcn_fail(&a->error, -ENOMEM, "out of memory");
	else if (!connect_to(a, p, role))
		return p;
	process_drop(a, p, true);
	return NULL;
}

struct pcn_link *remote_link(const struct process *p)
{
	return p->remote->link;
}

/* --- Chunks ------------------------------------------------------------------
 */

/* It gets on. */
static void put_off(struct agent *a, struct process *p)
{
	if (p == a->op.target || p == a->current)
		a->op.deadline_ns = now_ns() + a->options->timeout_ns;
	else if (spread_awaits(&a->spread, p))
		pcn_link_expect(p->remote->link,
				now_ns() + a->options->timeout_ns);
}

static void send_state(struct agent *a, struct process *p)
{
	struct supply *s = &p->remote->supply;

	if (!s->map)
		return;
	if (supply_work(s, p->remote->link))
		put_off(a, p);
	if (!s->map && p->remote->runs_ns)
		trace_event(a, "memory", -1, p->node, "whole_ms=%.3f",
			    (double)(now_ns() - p->remote->runs_ns) / 1e6);
}

void remote_runs(struct process *p)
{
	p->remote->supply.runs = true;
	p->remote->runs_ns = now_ns();
}

bool remote_has_work(const struct process *p)
{
	return supply_has_work(&p->remote->supply, p->remote->link);
}

static void send_chunks(struct agent *a, struct process *p)
{
	struct remote *r = p->remote;

	while (r->chunks_size && pcn_link_room(r->link) > WIRE_RESERVE) {
		uint64_t n = r->chunks_size < WIRE_CHUNK ? r->chunks_size
							 : WIRE_CHUNK;

		if (wire_send(r->link, WIRE_EXECUTABLE, r->chunks, n, NULL, 0))
			return;
		r->chunks += n;
		r->chunks_size -= n;
		put_off(a, p);
	}
}

/* --- Frames ------------------------------------------------------------------
 */

static int take_hello(struct agent *a, struct process *p,
		      const struct pcn_frame *f, struct error *why)
{
	struct node *n = node_of(a, p);
	struct wire_hello h;
	const char *isa;
	int err = wire_read_hello(&h, f, why);

	if (err)
		return err;
	isa = n->wanted_isa[0] ? n->wanted_isa : h.isas[0];
	n->isa = h.isa_count ? pcn_isa_find(isa) : NULL;
	if (!n->isa)
		return pcn_fail(why, -ENOTSUP,
				"it runs no programs that we know of");
	p->remote->greeted = true;
	/* OPENED must not take longer. */
	pcn_link_expect(p->remote->link, now_ns() + WIRE_HANDSHAKE_NS);
	return 0;
}

static int take_opened(struct agent *a, struct process *p,
		       const struct pcn_frame *f, struct error *why)
{
	struct wire_opened o;

	if (f->size != sizeof(o) || p->remote->opened)
		return pcn_fail(why, -EPROTO, "damaged");
	memcpy(&o, f->data, sizeof(o));
	p->remote->opened = true;
	if (o.needs_executable) {
		p->remote->chunks = a->executable.bytes;
		p->remote->chunks_size = a->executable.size;
		send_chunks(a, p);
	}
	return 0;
}

static bool is_from_program(uint32_t type)
{
	switch (type) {
	case PCN_MSG_READY:
	case PCN_MSG_RESTORED:
	case PCN_MSG_FAILED:
	case PCN_MSG_ASK_MOVE:
	case PCN_MSG_ASK_FORK:
	case PCN_MSG_STOPPED:
	case PCN_MSG_SAVED:
	case PCN_MSG_WAIT:
	case PCN_MSG_SIGNAL:
	case PCN_MSG_LEFT:
	case PCN_MSG_SHARED:
	case PCN_MSG_ANSWER:
		return true;
	default:
		return false;
	}
}

static int take_packet(struct agent *a, struct process *p,
		       const struct pcn_frame *f, struct error *why)
{
	const char *text;
	int err = wire_read_packet(&a->packet.m, &text, f, why);

	if (err)
		return err;
	if (!is_from_program(a->packet.m.type))
		return pcn_fail(why, -EPROTO, "damaged");
	memcpy(a->packet.text, text, a->packet.m.text_size);
	a->packet.text[a->packet.m.text_size] = 0;
	a->packet.fd_count = 0;
	operation_message(a, p);
	return 0;
}

/* Memory that the program, which is here or about to be, could begin without.
 */
static int take_late(struct agent *a, const struct pcn_frame *f,
		     struct error *why)
{
	uint64_t runs_ns = a->late.runs_ns;
	int n = late_take(&a->late, f, why);

	if (n >= 0 && runs_ns && !late_is_serving(&a->late))
		trace_event(a, "memory", -1, a->current->node, "whole_ms=%.3f",
			    (double)(now_ns() - runs_ns) / 1e6);
	return n < 0 ? n : 0;
}

static int take_state(struct agent *a, struct process *p,
		      const struct pcn_frame *f, struct error *why)
{
	int err = 0;

	if (f->type == WIRE_MEMORY &&
	    late_comes_over(&a->late, p->remote->link))
		err = take_late(a, f, why);
	else if (!a->op.through || a->op.saved || p != a->current)
		return 0; /* not, or no longer, waited for */
	else if (f->type == WIRE_STATE)
		err = transit_begin_link(&a->transit, f, p->remote->link, why);
	else
		err = transit_memory(&a->transit, f, why);
	a->op.deadline_ns = now_ns() + a->options->timeout_ns;
	return err;
}

static int take_exited(struct agent *a, struct process *p,
		       const struct pcn_frame *f, struct error *why)
{
	const uint8_t *rest;
	uint32_t status, size;
	int err = wire_read_number(&status, &rest, &size, f, why);

	if (err)
		return err;
	operation_process_gone(a, p);
	spread_process_gone(a, p, (int)status);
	if (p == a->current) {
		a->current = NULL;
		a->ended = true;
		a->exit_status = signals_exit_status((int)status);
	}
	if (p->used)
		operation_process_left(a, p);
	return 0;
}

static int take(struct agent *a, struct process *p, const struct pcn_frame *f,
		struct error *why)
{
	if (!p->remote->greeted)
		return take_hello(a, p, f, why);
	switch (f->type) {
	case WIRE_OPENED:
		return take_opened(a, p, f, why);
	case WIRE_PACKET:
		return take_packet(a, p, f, why);
	case WIRE_EXITED:
		return take_exited(a, p, f, why);
	case WIRE_UNREACHABLE:
		p->remote->unreachable = true;
		p->channel_gone_ns = now_ns();
		return 0;
	case WIRE_STATE:
	case WIRE_MEMORY:
		return take_state(a, p, f, why);
	case WIRE_BYTES:
	case WIRE_CREDIT:
	case WIRE_END:
	case WIRE_BACK:
		if (p != a->current) /* words of one that has left */
			return 0;
		return relay_frame(&a->relay, f, why);
	case WIRE_DEMAND:
		return supply_demand(&p->remote->supply, f, why);
	case WIRE_PAGES:
	case WIRE_MAIL:
		return spread_frame(a, p, f, why);
	default:
		return pcn_fail(why, -EPROTO, "an unknown frame");
	}
}

/* The program, or memory of it, was there. */
static void lose_program(struct agent *a, struct process *p, const char *what,
			 const char *why)
{
	struct process *current = a->current;

	operation_process_gone(a, current);
	pcn_fail(&a->error, -EPIPE,
		 "node %s: the link was cut while %s was there: %.800s",
		 node_of(a, p)->name, what, why);
	fprintf(stderr, "popcorn-run: %s\n", a->error.text);
	trace_event(a, "lost", p->node, -1, "reason=\"%s\"", a->error.text);
	if (current != p) {
		spread_home_gone(a, current);
		process_drop(a, current, true);
	}
	a->current = NULL;
	a->ended = true;
	a->exit_status = EXIT_LINK;
}

/* The link has ended, or must. */
static void lose(struct agent *a, struct process *p, const char *why)
{
	if (p == a->op.target && a->op.phase != PHASE_NONE) {
		pcn_fail(&a->error, -EPIPE, "node %s: %.900s",
			 node_of(a, p)->name, why);
		operation_process_gone(a, p);
	} else if (p == a->current) {
		lose_program(a, p, "the program", why);
	} else if (late_comes_over(&a->late, p->remote->link)) {
		lose_program(a, p, "the program's memory", why);
	}
	spread_link_gone(a, p, why);
	if (p->used)
		process_drop(a, p, true);
}

void remote_work(struct agent *a, struct process *p)
{
	struct remote *r = p->remote;
	struct error why = {""};
	struct pcn_frame f;
	int n;

	while ((n = pcn_link_receive(r->link, &f)) > 0) {
		n = take(a, p, &f, &why);
		if (!p->used || p->remote != r)
			return;
		if (n < 0) {
			lose(a, p, why.text);
			return;
		}
	}
	if (n < 0) {
		snprintf(why.text, sizeof(why.text), "%s",
			 pcn_link_why(r->link));
		lose(a, p, why.text);
		return;
	}
	if (late_comes_over(&a->late, r->link)) {
		if (late_work(&a->late, &why)) {
			lose(a, p, why.text);
			return;
		}
	} else if (p->left) {
		process_drop(a, p, true);
		return;
	}
	send_chunks(a, p);
	send_state(a, p);
	if (r->opened && pcn_link_deadline(r->link) == UINT64_MAX &&
	    spread_awaits(&a->spread, p))
		pcn_link_expect(r->link, now_ns() + a->options->timeout_ns);
	pcn_link_flush(r->link);
	spread_link_has_room(a, p);
}

/* --- The interface -----------------------------------------------------------
 */

static int do_send(struct process *p, const struct pcn_message *m,
		   const void *text)
{
	return wire_send_packet(p->remote->link, m, text);
}

static bool in_reach(const struct process *p)
{
	return p->remote->greeted && !p->remote->unreachable;
}

static void request(struct process *p, enum pcn_request request)
{
	wire_send_number(p->remote->link, WIRE_REQUEST, request, NULL, 0);
}

/* Its agent there does that until it says STOPPED. */
static void interrupt(struct agent *a, struct process *p)
{
	(void)a, (void)p;
}

static void do_signal(struct agent *a, struct process *p, int signal,
		      const siginfo_t *info)
{
	(void)a;
	wire_send_number(p->remote->link, WIRE_SIGNAL, (uint32_t)signal, info,
			 info ? sizeof(*info) : 0);
}

/* Its end, or its link's, is seen as it comes. */
static bool is_dying(const struct process *p)
{
	return !pcn_link_up(p->remote->link);
}

static int save(struct agent *a, struct process *p,
		const struct pcn_message *go)
{
	int err = process_send(p, go, NULL);

	transit_end(&a->transit);
	return err ? pcn_fail(&a->error, err, "node %s: %s",
			      node_of(a, p)->name, strerror(-err))
		   : 0;
}

static int take_over(struct agent *a, struct process *p)
{
	struct transit *t = &a->transit;
	int err = supply_begin(&p->remote->supply, &t->saved, a->options->eager,
			       &a->error);

	if (err)
		return err;
	t->head.early = p->remote->supply.early;
	err = wire_send(p->remote->link, WIRE_STATE, &t->head, sizeof(t->head),
			t->descriptors,
			t->head.descriptor_count * sizeof(*t->descriptors));
	if (err)
		return pcn_fail(&a->error, err, "node %s: %s",
				node_of(a, p)->name, strerror(-err));
	send_state(a, p);
	return 0;
}

static void drop(struct agent *a, struct process *p, bool kill_it)
{
	(void)kill_it; /* without its link no program goes on there */
	if (!p->remote)
		return;
	if (a->relay.link == p->remote->link)
		a->relay.link = NULL;
	if (a->late.link == p->remote->link)
		late_end(&a->late);
	pcn_link_close(p->remote->link, "the program is elsewhere", 0);
	supply_end(&p->remote->supply);
	free(p->remote);
}

const struct process_kind process_remote = {
	.send = do_send,
	.in_reach = in_reach,
	.request = request,
	.interrupt = interrupt,
	.signal = do_signal,
	.is_dying = is_dying,
	.save = save,
	.take = take_over,
	.drop = drop,
};
