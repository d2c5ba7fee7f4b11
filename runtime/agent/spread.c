/*
 * spread.c - the program's threads on other nodes: what the program, the
 * `popcorn` command and the ends of processes ask for.
 *
 * This agent holds the engines of the nodes of this machine; that of a node on
 * another one is in its outpost.
 */
#define _GNU_SOURCE
#include "spread.h"
#include "agent.h"
#include "operation.h"

#include <errno.h>
#include <string.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENGINE_TURNS 64

void spread_init(struct spread *s)
{
	memset(s, 0, sizeof(*s));
	s->home = s->wisher = -1;
	for (uint32_t i = 0; i < PCN_THREADS_MAX; i++)
		s->where[i] = -1;
}

bool spread_is_on(const struct spread *s)
{
	return s->home >= 0;
}

const char *spread_node_name(struct agent *a, int node)
{
	return a->options->nodes.list[node].name;
}

unsigned spread_dsm_node(const struct spread *s, int node)
{
	return node == s->home ? 0u : (unsigned)node + (node < s->home);
}

void spread_end(struct spread *s)
{
	uint64_t left;
	int wisher, died_of;

	for (int i = 0; i < SPREAD_NODES; i++)
		place_close(&s->places[i]);
	maps_free(&s->maps);
	left = s->left;
	died_of = s->died_of;
	wisher = s->wisher;
	spread_init(s);
	s->left = left;
	s->died_of = died_of;
	s->wisher = wisher;
}

void spread_stop(struct agent *a)
{
	struct spread *s = &a->spread;

	/* First, so that nothing there is counted as lost. */
	if (spread_is_on(s))
		place_close(&s->places[s->home]);
	for (int i = 0; i < SPREAD_NODES; i++)
		if (s->places[i].state)
			place_failed(a, i, -EPIPE);
	spread_end(s);
}

/* --- What the program asks ------------------------------------------------ */

static int may_spread(struct agent *a, struct process *p, int64_t node)
{
	const struct nodes *nodes = &a->options->nodes;

	if (p != a->current)
		return pcn_fail(&a->error, -ENOTSUP,
				"a forked copy stays on its node");
	if (node < 0 || node >= nodes->count)
		return pcn_fail(&a->error, -EINVAL, "no node %lld",
				(long long)node);
	if (a->op.phase != PHASE_NONE)
		return pcn_fail(&a->error, -EBUSY,
				"another operation is under way");
	if (p->remote)
		return pcn_fail(&a->error, -EOPNOTSUPP,
				"threads leave from a node of popcorn-run's "
				"own machine only");
	return 0;
}

static int begin(struct agent *a)
{
	struct spread *s = &a->spread;
	int err;

	if (spread_is_on(s))
		return 0;
	s->home = a->current->node;
	err = place_open(a, s->home);
	if (err) {
		s->home = -1;
		return err;
	}
	s->places[s->home].process = a->current;
	return 0;
}

static void ask_thread(struct agent *a, struct process *p)
{
	struct spread *s = &a->spread;
	int node = (int)a->packet.m.value[0];
	int err = may_spread(a, p, a->packet.m.value[0]);
	struct place *place;

	if (!err)
		err = begin(a);
	if (err) {
		operation_answer(a, p, err);
		return;
	}
	place = &s->places[node];
	if (place->state == PLACE_READY || node == s->home) {
		operation_answer(a, p, 0);
		return;
	}
	s->asker = p;
	s->asked_node = node;
	if (a->options->nodes.list[node].remote && maps_have_file(&s->maps))
		err = pcn_fail(&a->error, -EOPNOTSUPP,
			       "node %s is on another machine, and the program "
			       "shares a file's pages",
			       spread_node_name(a, node));
	else
		err = place_open(a, node);
	if (!err) {
		place->process = process_start(a, node, PCN_ROLE_NODE);
		err = place->process ? 0 : -ENOEXEC;
	}
	if (!err && place->far)
		place->link = remote_link(place->process);
	if (err)
		place_failed(a, node, err);
}

static void home_shared(struct agent *a, struct process *p)
{
	struct spread *s = &a->spread;
	struct place *home = &s->places[s->home];
	int err;

	if (!a->packet.fd_count) {
		err = pcn_fail(&a->error, -EPROTO, "no userfaultfd came");
	} else {
		err = pcn_engine_attach(home->engine, a->packet.fds[0],
					&a->error);
		a->packet.fd_count = 0;
	}
	if (!err)
		home->state = PLACE_READY;
	operation_answer(a, p, err);
}

static int place_of(const struct spread *s, const struct process *p)
{
	for (int i = 0; i < SPREAD_NODES; i++)
		if (s->places[i].state && s->places[i].process == p)
			return i;
	return -1;
}

static bool home_message(struct agent *a, struct process *p)
{
	switch (a->packet.m.type) {
	case PCN_MSG_ASK_THREAD:
		ask_thread(a, p);
		return true;
	case PCN_MSG_SHARE:
		if (place_send_files(a, &a->spread.places[a->spread.home],
				     PCN_MSG_ANSWER))
			spread_lose(a, p->node, "it is out of reach");
		return true;
	case PCN_MSG_SHARED:
		home_shared(a, p);
		return true;
	case PCN_MSG_GATHER:
		changes_gather_all(a);
		return true;
	case PCN_MSG_MAP:
	case PCN_MSG_MAP_FILE:
	case PCN_MSG_UNMAP:
	case PCN_MSG_PROTECT:
	case PCN_MSG_ZERO:
		changes_begin(a);
		return true;
	default:
		return false;
	}
}

bool spread_message(struct agent *a, struct process *p)
{
	struct spread *s = &a->spread;
	int node = place_of(s, p), err;

	if (a->packet.m.type == PCN_MSG_ASK_THREAD &&
	    (node < 0 || !spread_is_on(s))) {
		ask_thread(a, p);
		return true;
	}
	if (node < 0)
		return false;
	if (node == s->home)
		return home_message(a, p);
	switch (a->packet.m.type) {
	case PCN_MSG_READY: /* of a far one, its agent has heard */
		if (s->places[node].far)
			break;
		err = place_send_files(a, &s->places[node], PCN_MSG_SHARE);
		if (err)
			place_failed(a, node, err);
		break;
	case PCN_MSG_SHARED:
		place_says_shared(a, node);
		break;
	case PCN_MSG_ANSWER:
		place_answers(a, node);
		break;
	case PCN_MSG_FAILED:
		err = pcn_fail(&a->error, packet_error_of(a->packet.m.value[0]),
			       "node %s: its process cannot begin",
			       spread_node_name(a, node));
		place_failed(a, node, err);
		break;
	default:
		break;
	}
	return true;
}

/* --- What the `popcorn` command asks -------------------------------------- */

void spread_wish(struct agent *a, int client, int tid, int node)
{
	struct spread *s = &a->spread;
	struct pcn_control *c;
	int err = 0;

	if (!a->current)
		err = pcn_fail(&a->error, -ESRCH, "the program has ended");
	else if (s->wisher >= 0)
		err = pcn_fail(&a->error, -EBUSY,
			       "another operation is under way");
	else
		err = may_spread(a, a->current, node);
	if (err) {
		socket_reply(a, client, "error %s", a->error.text);
		return;
	}
	s->wisher = client;
	s->wish_ends_ns = now_ns() + a->options->timeout_ns;
	c = a->current->control;
	c->wished_node = node;
	__atomic_store_n(&c->wished_thread, tid, __ATOMIC_SEQ_CST);
	__atomic_store_n(&c->poll_flag, 1, __ATOMIC_SEQ_CST);
}

void spread_client_gone(struct agent *a, int client)
{
	if (a->spread.wisher == client)
		a->spread.wisher = -1;
}

/* A thread that is in a system call is told so. */
static void look_after_wish(struct agent *a)
{
	struct spread *s = &a->spread;
	struct pcn_control *c = a->current ? a->current->control : NULL;
	int client = s->wisher, tid;

	if (client < 0)
		return;
	tid = c ? __atomic_load_n(&c->wished_thread, __ATOMIC_SEQ_CST) : 0;
	if (tid && now_ns() < s->wish_ends_ns) {
		process_interrupt(a, a->current);
		return;
	}
	s->wisher = -1;
	if (!c)
		socket_reply(a, client, "error the program has ended");
	else if (tid)
		socket_reply(a, client, "error no thread %d came to a poll",
			     tid);
	else if (c->wish_result)
		socket_reply(a, client, "error thread: %s",
			     strerror(-c->wish_result));
	else
		socket_reply(a, client, "ok");
	if (c)
		c->wished_thread = 0;
}

/* --- Ends ----------------------------------------------------------------- */

/* Faults; whatever else a program sends itself arrives at home. */
static bool is_own_doing(int status)
{
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE ||
	       signal == SIGILL || signal == SIGTRAP;
}

void spread_home_gone(struct agent *a, struct process *p)
{
	struct spread *s = &a->spread;

	if (spread_is_on(s) && s->places[s->home].process == p)
		spread_stop(a);
}

/* Is a part of the program gone with that node's process? */
static bool took_a_part(struct agent *a, int node)
{
	struct spread *s = &a->spread;
	bool was_there = false;

	for (uint32_t i = 0; i < PCN_THREADS_MAX; i++)
		was_there |= s->where[i] == node;
	if (s->places[node].state >= PLACE_MAPPING)
		pcn_engine_unlink(s->places[s->home].engine,
				  spread_dsm_node(s, node));
	return was_there || s->pages_lost;
}

void spread_process_gone(struct agent *a, struct process *p, int status)
{
	struct spread *s = &a->spread;
	int node = place_of(s, p);

	if (node < 0 || node == s->home)
		return;
	if (!took_a_part(a, node)) {
		pcn_fail(&a->error, -EPIPE,
			 "node %s: its process ended before it was ready",
			 spread_node_name(a, node));
	} else if (is_own_doing(status) && a->current) {
		s->died_of = WTERMSIG(status);
		process_signal(a, a->current, SIGKILL, NULL);
	} else {
		spread_lose(a, node,
			    "its process ended, and with it a part of the "
			    "program");
	}
	s->places[node].process = NULL;
	place_failed(a, node, -EPIPE);
}

void spread_link_gone(struct agent *a, struct process *p, const char *why)
{
	struct spread *s = &a->spread;
	int node = place_of(s, p);
	char text[900];

	if (node < 0)
		return;
	if (!took_a_part(a, node)) {
		pcn_fail(&a->error, -EPIPE, "node %s: %.900s",
			 spread_node_name(a, node), why);
	} else {
		snprintf(text, sizeof(text),
			 "the link was cut while threads were there: %.800s",
			 why);
		spread_lose(a, node, text);
	}
	place_failed(a, node, -EPIPE);
}

bool spread_awaits(const struct spread *s, const struct process *p)
{
	int node = place_of(s, p);

	return node >= 0 && s->places[node].state < PLACE_READY;
}

/* --- Links ---------------------------------------------------------------- */

int spread_frame(struct agent *a, struct process *p, const struct pcn_frame *f,
		 struct error *error)
{
	struct spread *s = &a->spread;
	struct wire_clocks clocks;
	struct wire_mail mail;
	const uint8_t *bytes;
	uint32_t size;
	int node = place_of(s, p), err;

	if (node < 0 || s->places[node].state < PLACE_MAPPING)
		return pcn_fail(error, -EPROTO, "no threads are there");
	if (f->type == WIRE_MAIL) {
		err = wire_read_mail(&mail, f, error);
		if (!err)
			mails_hear_thread(s, node, mail.slot, &mail.mail);
		return err;
	}
	err = wire_read_pages(&clocks, &bytes, &size, f, error);
	if (err)
		return err;
	err = pcn_engine_take(s->places[s->home].engine,
			      spread_dsm_node(s, node), bytes, size);
	return err ? pcn_fail(error, err, "it says nonsense of pages") : 0;
}

void spread_link_has_room(struct agent *a, struct process *p)
{
	struct spread *s = &a->spread;
	int node = place_of(s, p);

	if (node >= 0 && s->places[node].state >= PLACE_MAPPING)
		pcn_engine_flush(s->places[s->home].engine,
				 spread_dsm_node(s, node));
}

/* --- The loop ------------------------------------------------------------- */

int spread_poll(const struct spread *s, struct pollfd *list)
{
	int n = 0;

	for (int i = 0; i < SPREAD_NODES; i++) {
		const struct place *p = &s->places[i];

		if (!p->state || p->far)
			continue;
		list[n++] = (struct pollfd){p->bell[0], POLLIN, 0};
		list[n++] =
			(struct pollfd){pcn_engine_fd(p->engine), POLLIN, 0};
	}
	return n;
}

bool spread_has_work(const struct spread *s)
{
	for (int i = 0; i < SPREAD_NODES; i++)
		if (s->places[i].engine &&
		    pcn_engine_has_work(s->places[i].engine))
			return true;
	return false;
}

static bool run_engines(struct agent *a)
{
	struct spread *s = &a->spread;
	bool worked = false;

	for (int i = 0; i < SPREAD_NODES; i++) {
		struct place *p = &s->places[i];

		if (!p->state || p->far)
			continue;
		mails_hear(s, i);
		if (pcn_engine_run(p->engine, 0))
			spread_lose(a, i, p->engine->error.text);
		worked |= p->engine->worked;
	}
	return worked;
}

void spread_work(struct agent *a)
{
	struct spread *s = &a->spread;

	/* What one engine says another one answers: not by way of the loop,
	 * which has much else to look after.  But it must have its turn. */
	for (int turn = 0; turn < ENGINE_TURNS && run_engines(a); turn++)
		;
	changes_look(a);
	look_after_wish(a);
	if (s->gathering)
		changes_gather(a);
}
