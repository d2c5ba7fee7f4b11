/*
 * The agent of a program that is here on a visit, whole, or with some of its
 * threads (outpost.c).
 *
 * The origin's agent decides everything (operation.c, steps.c): what its
 * program says goes there, and what it is told comes from there.  Only what
 * needs this machine is done here: to start the process, interrupt it, hand
 * over state and descriptors, carry its streams, see its end.
 */
#define _GNU_SOURCE
#include "guest.h"
#include "agent.h"
#include "cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAST_WORDS_NS 10000000000u
/* An origin that has been let in must get on with it. */
#define BEFORE_COMMIT_NS 600000000000u

struct guest {
	struct agent a; /* its nodes are the origin's; one process */
	struct options options;
	const struct guest_options *given;
	const struct wire_wish *wish;
	struct pcn_link *link;
	struct process *p;
	int file; /* the executable, as it arrives; -1 */
	uint64_t received;
	bool interrupting;
	enum pcn_request saving; /* GO has come, SAVED has not gone */
	enum pcn_request saved;	 /* ... what it was when it went */
	struct pcn_message held; /* SAVED, until the state has gone */
	bool holds, gives;	 /* ... has come; the state is going */
	struct supply supply;	 /* ... as it goes */
	bool eager;		 /* ... before SAVED, all of it */
	bool supplies;		 /* the origin ends the stay, when it has all */
	uint32_t request;	 /* that waits for memory to come; or NONE */
	bool runs;		 /* has had its COMMIT, as target */
	bool exited, told;
	int status;
	uint64_t told_ns;
	bool has_threads; /* ... of a program whose home is elsewhere */
	bool done;
	char why[512]; /* the last word on the link; "": none */
};

static int give_up(struct guest *g, const char *why)
{
	snprintf(g->why, sizeof(g->why), "%s", why);
	g->done = true;
	return -1;
}

static bool has_room(const struct guest *g)
{
	return pcn_link_room(g->link) > WIRE_RESERVE / 2;
}

/* --- The executable, the process ---------------------------------------------
 */

static void start(struct guest *g)
{
	int node = (int)g->wish->open.node_index;

	if (g->has_threads &&
	    outpost_begin(&g->a, node, (int)g->wish->open.home, g->link)) {
		give_up(g, g->a.error.text);
		return;
	}
	g->p = local_start(&g->a, node,
			   g->has_threads ? PCN_ROLE_NODE : PCN_ROLE_RESTORE);
	if (!g->p)
		give_up(g, g->a.error.text);
	else if (g->has_threads)
		g->a.spread.places[node].process = g->p;
}

static void open_program(struct guest *g)
{
	struct wire_opened opened = {0};
	int err =
		cache_find(&g->a.executable, g->given->cache,
			   g->wish->open.build_id, g->wish->path, &g->a.error);

	if (err) {
		opened.needs_executable = 1;
		g->file = cache_begin(g->given->cache, &g->a.error);
		if (g->file < 0) {
			give_up(g, g->a.error.text);
			return;
		}
	}
	wire_send(g->link, WIRE_OPENED, &opened, sizeof(opened), NULL, 0);
	if (!err)
		start(g);
}

static int take_executable(struct guest *g, const struct pcn_frame *f)
{
	const struct wire_open *o = &g->wish->open;
	ssize_t n;

	if (g->file < 0 || f->size > o->executable_size - g->received)
		return give_up(g, "an executable too large");
	n = pwrite(g->file, f->data, f->size, (off_t)g->received);
	if (n != (ssize_t)f->size)
		return give_up(g, "no room for the executable");
	g->received += f->size;
	if (g->received < o->executable_size)
		return 0;
	if (cache_keep(&g->a.executable, g->given->cache, g->file, o->build_id,
		       g->wish->path, &g->a.error))
		return give_up(g, g->a.error.text);
	close(g->file);
	g->file = -1;
	start(g);
	return 0;
}

/* --- What the program says ---------------------------------------------------
 */

static void refuse_saving(struct guest *g, int err, const char *why)
{
	struct pcn_message m = {.type = PCN_MSG_SAVED, .value = {err}};

	m.text_size = (uint32_t)strlen(why);
	wire_send_packet(g->link, &m, why);
	transit_end(&g->a.transit);
	supply_end(&g->supply);
	g->saving = PCN_REQUEST_NONE;
	g->holds = g->gives = g->supplies = false;
}

/* The state is whole, and the program says so too. */
static void begin_giving(struct guest *g)
{
	struct transit *t = &g->a.transit;
	int err = 0;

	if (!t->complete || !relay_drain(&g->a.relay))
		return;
	if (g->saving == PCN_REQUEST_MOVE)
		err = transit_describe(t, &g->a.relay, &g->a.error)
			      ?: relay_give_back(&g->a.relay, t, &g->a.error);
	else
		t->head = (struct wire_state){.size = t->saved.size};
	if (!err)
		err = supply_begin(&g->supply, &t->saved, g->eager,
				   &g->a.error);
	t->head.early = g->supply.early;
	if (!err)
		err = wire_send(g->link, WIRE_STATE, &t->head, sizeof(t->head),
				t->descriptors,
				t->head.descriptor_count *
					sizeof(*t->descriptors));
	if (err) {
		refuse_saving(g, -EOPNOTSUPP, g->a.error.text);
		return;
	}
	g->gives = true;
	g->supplies = !g->eager;
}

static void give(struct guest *g)
{
	if (!g->gives)
		begin_giving(g);
	if (!g->gives)
		return;
	supply_work(&g->supply, g->link);
	if (g->supply.early)
		return;
	wire_send_packet(g->link, &g->held, NULL);
	transit_end(&g->a.transit);
	g->saved = g->saving;
	g->saving = PCN_REQUEST_NONE;
	g->holds = g->gives = false;
}

/* A packet of the program's in a.packet. */
static void hear(struct guest *g)
{
	const struct packet *packet = &g->a.packet;
	int n;

	if (g->has_threads) {
		n = outpost_hear(&g->a);
		if (n < 0)
			give_up(g, g->a.error.text);
		if (n > 0) {
			g->runs = true;
			pcn_link_expect(g->link, 0);
		}
		return;
	}
	if (packet->m.type == PCN_MSG_LATE) {
		if (late_attach(&g->a.late, &g->a.packet, &g->a.error))
			give_up(g, g->a.error.text);
		return;
	}
	if (packet->m.type == PCN_MSG_STOPPED)
		g->interrupting = false;
	if (packet->m.type == PCN_MSG_SAVED && g->saving) {
		if (!packet->m.value[0]) {
			g->held = packet->m;
			g->held.text_size = 0;
			g->holds = true;
			return;
		}
		transit_end(&g->a.transit);
		g->saving = PCN_REQUEST_NONE;
	}
	if (wire_send_packet(g->link, &packet->m, packet->text))
		give_up(g, "the link takes no more");
}

static void read_channel(struct guest *g)
{
	while (g->p && g->p->channel >= 0 && has_room(g)) {
		int err = packet_receive(g->p->channel, &g->a.packet);

		if (err == -EAGAIN)
			return;
		if (!err) {
			hear(g);
			packet_drop(&g->a.packet);
			continue;
		}
		close(g->p->channel);
		g->p->channel = -1;
		wire_send(g->link, WIRE_UNREACHABLE, NULL, 0, NULL, 0);
	}
}

/* --- What the origin says ----------------------------------------------------
 */

/* Does the program have children?  They cannot follow it. */
static bool has_children(const struct guest *g)
{
	char path[320];
	int child = 0;
	struct dirent *e;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)g->p->pid);
	tasks = opendir(path);
	while (tasks && !child && (e = readdir(tasks))) {
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/task/%s/children",
			 (int)g->p->pid, e->d_name);
		f = fopen(path, "re");
		if (f && fscanf(f, "%d", &child) != 1)
			child = 0;
		if (f)
			fclose(f);
	}
	if (tasks)
		closedir(tasks);
	return child != 0;
}

/* A checkpoint's file is made here; it goes the way of all state. */
static int save_here(struct guest *g, const struct pcn_message *go)
{
	struct transit *t = &g->a.transit;
	int err;

	transit_end(t);
	t->file = memfd_create("popcorn-process", MFD_CLOEXEC);
	if (t->file < 0)
		return -errno;
	t->active = true;
	err = packet_send(g->p->channel, go, NULL, &t->file, 1);
	return err;
}

static void take_go(struct guest *g, const struct pcn_message *m)
{
	int err;

	if (m->value[0] == PCN_REQUEST_MOVE && has_children(g)) {
		refuse_saving(g, -EOPNOTSUPP,
			      "the program has children on this node");
		return;
	}
	relay_pause(&g->a.relay);
	g->eager = m->value[0] != PCN_REQUEST_MOVE || !m->value[4];
	if (m->value[0] == PCN_REQUEST_MOVE)
		err = process_save(&g->a, g->p, m);
	else if (m->value[0] == PCN_REQUEST_CHECKPOINT)
		err = save_here(g, m);
	else
		err = -EPROTO;
	g->saving = (enum pcn_request)m->value[0];
	if (err)
		refuse_saving(g, err, "cannot save");
}

static void begin_running(struct guest *g)
{
	relay_begin(&g->a.relay, g->link);
	pcn_link_expect(g->link, 0);
}

static int take_packet(struct guest *g, const struct pcn_frame *f)
{
	struct pcn_message m;
	const char *text;

	if (wire_read_packet(&m, &text, f, &g->a.error))
		return give_up(g, g->a.error.text);
	if (!g->p)
		return give_up(g, "there is no program yet");
	if (g->has_threads)
		return outpost_packet(&g->a, &m) ? give_up(g, g->a.error.text)
						 : 0;
	switch (m.type) {
	case PCN_MSG_GO:
		if (g->saving || g->supply.map)
			return give_up(g, "two GOs");
		take_go(g, &m);
		return 0;
	case PCN_MSG_COMMIT: /* as target; or as source: it leaves, or was saved
			      */
		if (!g->runs)
			begin_running(g);
		else if (g->saved == PCN_REQUEST_CHECKPOINT)
			relay_resume(&g->a.relay);
		else
			g->supply.runs = true;
		g->runs = true;
		break;
	case PCN_MSG_ABORT:
		relay_resume(&g->a.relay);
		supply_end(&g->supply);
		g->supplies = false;
		break;
	case PCN_MSG_ANSWER:
		break;
	default:
		return give_up(g, "not a word for a program");
	}
	process_send(g->p, &m, text);
	return 0;
}

/* Threads that wait for memory cannot stop: not before it has come. */
static void raise_request(struct guest *g)
{
	if (g->request == PCN_REQUEST_NONE || late_is_serving(&g->a.late))
		return;
	g->interrupting = true;
	process_request(g->p, g->request);
	process_interrupt(&g->a, g->p);
	g->request = PCN_REQUEST_NONE;
}

static int take_request(struct guest *g, const struct pcn_frame *f)
{
	const uint8_t *rest;
	uint32_t request, size;

	if (wire_read_number(&request, &rest, &size, f, &g->a.error))
		return give_up(g, g->a.error.text);
	if (!g->p || request > PCN_REQUEST_FORK)
		return give_up(g, "not a request");
	if (g->exited) /* the origin has not heard it yet */
		return 0;
	g->request = request;
	g->interrupting = false;
	if (request == PCN_REQUEST_NONE)
		process_request(g->p, request);
	raise_request(g);
	return 0;
}

static int take_signal(struct guest *g, const struct pcn_frame *f)
{
	const uint8_t *rest;
	uint32_t signal, size;
	siginfo_t info;

	if (wire_read_number(&signal, &rest, &size, f, &g->a.error))
		return give_up(g, g->a.error.text);
	if (!g->runs || !signal || signal > (uint32_t)SIGRTMAX ||
	    (size && size != sizeof(info)))
		return give_up(g, "not a signal");
	if (g->exited)
		return 0;
	if (size)
		memcpy(&info, rest, sizeof(info));
	process_signal(&g->a, g->p, (int)signal, size ? &info : NULL);
	return 0;
}

static int take_state(struct guest *g, const struct pcn_frame *f)
{
	struct transit *t = &g->a.transit;
	struct late *l = &g->a.late;
	int err;

	if (late_is_serving(l) && f->type == WIRE_MEMORY)
		return late_take(l, f, &g->a.error) < 0
			       ? give_up(g, g->a.error.text)
			       : 0;
	if (!g->p || g->runs || l->process)
		return give_up(g, "a state, but no process for it");
	err = f->type == WIRE_STATE
		      ? transit_begin_link(t, f, g->link, &g->a.error)
		      : transit_memory(t, f, &g->a.error);
	if (!err && t->complete) {
		err = process_take(&g->a, g->p);
		transit_end(t);
	}
	return err ? give_up(g, g->a.error.text) : 0;
}

static int take_threads(struct guest *g, const struct pcn_frame *f)
{
	switch (f->type) {
	case WIRE_EXECUTABLE:
		return take_executable(g, f);
	case WIRE_PACKET:
		return take_packet(g, f);
	case WIRE_PAGES:
	case WIRE_MAIL:
		return outpost_frame(&g->a, f) ? give_up(g, g->a.error.text)
					       : 0;
	default:
		return give_up(g, "not a frame for a node's process");
	}
}

static int take(struct guest *g, const struct pcn_frame *f)
{
	switch (f->type) {
	case WIRE_EXECUTABLE:
		return take_executable(g, f);
	case WIRE_PACKET:
		return take_packet(g, f);
	case WIRE_REQUEST:
		return take_request(g, f);
	case WIRE_SIGNAL:
		return take_signal(g, f);
	case WIRE_STATE:
	case WIRE_MEMORY:
		return take_state(g, f);
	case WIRE_DEMAND:
		return supply_demand(&g->supply, f, &g->a.error)
			       ? give_up(g, g->a.error.text)
			       : 0;
	case WIRE_BYTES:
	case WIRE_CREDIT:
	case WIRE_END:
		return relay_frame(&g->a.relay, f, &g->a.error)
			       ? give_up(g, g->a.error.text)
			       : 0;
	default:
		return give_up(g, "an unknown frame");
	}
}

static void read_link(struct guest *g)
{
	struct pcn_frame f;
	int n = 0;

	while (!g->done && (n = pcn_link_receive(g->link, &f)) > 0)
		g->has_threads ? take_threads(g, &f) : take(g, &f);
	if (g->done || n >= 0)
		return;
	fprintf(stderr, "popcornd: %s: %s\n", g->given->peer,
		pcn_link_why(g->link));
	g->done = true;
}

/* --- Ends --------------------------------------------------------------------
 */

static void reap(struct guest *g)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (!g->p || pid != g->p->pid)
			continue;
		g->p->reaped = true;
		g->exited = true;
		g->status = status;
	}
}

/* What it said and wrote goes first. */
static void tell_exit(struct guest *g)
{
	read_channel(g);
	if ((g->p->channel >= 0 && !has_room(g)) ||
	    (g->runs && !g->has_threads && !relay_drain(&g->a.relay)))
		return;
	wire_send_number(g->link, WIRE_EXITED, (uint32_t)g->status, NULL, 0);
	g->told = true;
	g->told_ns = now_ns();
}

static void read_signals(struct guest *g)
{
	struct signalfd_siginfo info;

	while (read(g->a.signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			give_up(g, "popcornd ends");
}

/* Children of the program that have become ours. */
static void kill_children(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/children",
		 (int)getpid());
	for (int round = 0; round < 100; round++) {
		FILE *f = fopen(path, "re");
		int child, count = 0;

		while (f && fscanf(f, "%d", &child) == 1) {
			kill(child, SIGKILL);
			count++;
		}
		if (f)
			fclose(f);
		if (!count)
			return;
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		usleep(1000);
	}
}

/* --- Loop --------------------------------------------------------------------
 */

static int timeout_ms(const struct guest *g)
{
	uint64_t deadline = pcn_link_deadline(g->link), now = now_ns();

	if (supply_has_work(&g->supply, g->link))
		return 0;
	if (g->interrupting)
		return 1;
	if (g->exited)
		return 100;
	if (deadline <= now)
		return 0;
	return deadline - now < 1000000000u ? (int)((deadline - now) / 1000000)
					    : 1000;
}

static void wait_for_something(struct guest *g)
{
	struct pollfd list[5 + WIRE_STREAMS + 1 + 2];
	int n = 0;

	list[n++] = (struct pollfd){pcn_link_fd(g->link),
				    pcn_link_events(g->link, true), 0};
	list[n++] = (struct pollfd){g->a.signals, POLLIN, 0};
	list[n++] = (struct pollfd){g->p && has_room(g) ? g->p->channel : -1,
				    POLLIN, 0};
	list[n++] = (struct pollfd){g->a.transit.socket, POLLIN, 0};
	list[n++] = (struct pollfd){late_fd(&g->a.late), POLLIN, 0};
	n += relay_poll(&g->a.relay, list + n);
	n += outpost_poll(&g->a, list + n);
	poll(list, (nfds_t)n, timeout_ms(g));
}

static void work(struct guest *g)
{
	struct transit *t = &g->a.transit;

	read_link(g);
	if (!g->runs && pcn_link_deadline(g->link) == UINT64_MAX)
		pcn_link_expect(g->link, now_ns() + BEFORE_COMMIT_NS);
	read_channel(g);
	if (t->socket >= 0 && transit_read(t, &g->a.error))
		refuse_saving(g, -EIO, g->a.error.text);
	/* The file of a checkpoint is whole when the program says so. */
	if (g->holds && g->saving == PCN_REQUEST_CHECKPOINT && !t->complete) {
		t->complete = true;
		if (saved_open_fd(&t->saved, t->file, "the program's state",
				  &g->a.error))
			refuse_saving(g, -EIO, g->a.error.text);
		t->file = -1;
	}
	if (g->holds)
		give(g);
	else
		supply_work(&g->supply, g->link);
	if (late_work(&g->a.late, &g->a.error))
		give_up(g, g->a.error.text);
	raise_request(g);
	relay_work(&g->a.relay);
	if (!g->done && outpost_work(&g->a))
		give_up(g, g->a.error.text);
	read_signals(g);
	reap(g);
	if (g->exited && !g->told && !g->done)
		tell_exit(g);
	if (g->told && !g->supplies && now_ns() > g->told_ns + LAST_WORDS_NS)
		g->done = true;
	if (g->interrupting && g->p)
		process_interrupt(&g->a, g->p);
	pcn_link_flush(g->link);
}

static int prepare(struct guest *g)
{
	const struct wire_open *o = &g->wish->open;
	sigset_t set;

	setsid();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, &g->a.old_mask);
	g->a.old_mask = set; /* the program begins with nothing blocked */
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	g->a.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	g->a.listener = -1;
	g->a.hosts_guest = true;
	g->a.options = &g->options;
	late_init(&g->a.late);
	transit_init(&g->a.transit, &g->a.late);
	relay_init(&g->a.relay, true);
	spread_init(&g->a.spread);
	g->has_threads = o->want == WIRE_WANT_THREADS;
	for (uint32_t i = 0; i < o->node_count; i++)
		snprintf(g->options.nodes.list[i].name, PCN_NODE_NAME, "%s",
			 g->wish->names[i]);
	g->options.nodes.count = (int)o->node_count;
	g->options.nodes.list[o->node_index] = *g->given->node;
	snprintf(g->options.nodes.list[o->node_index].name, PCN_NODE_NAME, "%s",
		 g->wish->names[o->node_index]);
	return g->a.signals < 0 ||
	       pcn_link_allow(g->link, WIRE_FRAME_MAX, WIRE_QUEUE);
}

int guest_run(struct pcn_link *link, const struct wire_wish *wish,
	      const struct guest_options *options)
{
	static struct guest g;

	g.given = options;
	g.wish = wish;
	g.link = link;
	g.file = -1;
	if (prepare(&g))
		give_up(&g, "out of memory");
	else
		open_program(&g);
	while (!g.done) {
		wait_for_something(&g);
		work(&g);
	}
	if (g.p)
		process_drop(&g.a, g.p, true);
	spread_end(&g.a.spread);
	kill_children();
	if (g.why[0])
		fprintf(stderr, "popcornd: %s: %s\n", options->peer, g.why);
	pcn_link_close(link, g.why[0] ? g.why : NULL, 1000);
	relay_end(&g.a.relay);
	transit_end(&g.a.transit);
	supply_end(&g.supply);
	late_end(&g.a.late);
	pcn_executable_close(&g.a.executable);
	return g.why[0] ? 1 : 0;
}
