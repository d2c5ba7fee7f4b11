/*
 * What a program and the `popcorn` command may say to an agent, in any order.
 *
 * The input is a list of events.  Channels are real sockets; processes are not:
 * this file stands in for local.c, signal.c and agent.c.  After each event
 * the agent must be in a state that makes sense, and at the end nothing may be
 * left open.
 */
#define _GNU_SOURCE
#include "agent.h"
#include "client.h"
#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static struct agent a;
static struct options options;
static int program_end[AGENT_PROCESSES]; /* of the channels */
static int client_end[AGENT_CLIENTS];
static uint64_t now;

uint64_t now_ns(void)
{
	return now;
}

/* --- in place of local.c and signal.c --- */

static struct process *make_process(int node)
{
	int ends[2];

	for (int i = 0; i < AGENT_PROCESSES; i++) {
		struct process *p = &a.processes[i];

		if (p->used)
			continue;
		must(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
				 ends));
		*p = (struct process){.used = true,
				      .kind = &process_local,
				      .pid = 1000 + i,
				      .channel = ends[0],
				      .transfer = open("/dev/null", O_RDWR),
				      .node = node,
				      .control = calloc(1, PCN_PAGE_SIZE)};
		program_end[i] = ends[1];
		return p;
	}
	pcn_fail(&a.error, -EAGAIN, "too many processes");
	return NULL;
}

struct process *local_start(struct agent *agent, int node,
			    enum pcn_channel_role role)
{
	(void)agent, (void)role;
	return make_process(node);
}

struct process *local_prepare_fork(struct agent *agent, int node, int *channel,
				   char *text, uint32_t *size)
{
	struct process *p = make_process(node);

	(void)agent;
	if (!p)
		return NULL;
	p->forked = true;
	p->pid = 0;
	*channel = open("/dev/null", O_RDWR);
	memcpy(text, "program", 8);
	*size = 8;
	return p;
}

static void drop(struct agent *agent, struct process *p, bool kill_it)
{
	(void)agent, (void)kill_it;
	must(p->used);
	if (p->channel >= 0)
		close(p->channel);
	if (p->transfer >= 0)
		close(p->transfer);
	close(program_end[p - a.processes]);
	free(p->control);
}

static int do_send(struct process *p, const struct pcn_message *m,
		   const void *text)
{
	return packet_send(p->channel, m, text, NULL, 0);
}

static bool in_reach(const struct process *p)
{
	return p->channel >= 0;
}

static bool is_dying(const struct process *p)
{
	return p->channel < 0;
}

static void request_nothing(struct process *p, enum pcn_request request)
{
	p->control->request = request;
}

static void interrupt(struct agent *agent, struct process *p)
{
	(void)agent, (void)p;
}

static void do_signal(struct agent *agent, struct process *p, int signal,
		      const siginfo_t *info)
{
	(void)agent, (void)p, (void)signal, (void)info;
}

const struct process_kind process_local = {
	.send = do_send,
	.in_reach = in_reach,
	.request = request_nothing,
	.interrupt = interrupt,
	.signal = do_signal,
	.is_dying = is_dying,
	.drop = drop,
};

/* The other node may be on another machine: what its agent says comes in
 * frames; what is said to it, nobody reads for long. */
static struct pcn_link *far_link;
static int far_end;

struct process *remote_start(struct agent *agent, int node,
			     enum pcn_channel_role role)
{
	return local_start(agent, node, role);
}

void remote_runs(struct process *p)
{
	(void)p;
}

struct pcn_link *remote_link(const struct process *p)
{
	(void)p;
	return far_link;
}

static void open_link(void)
{
	int ends[2];

	must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
	far_link = pcn_link_new(pcn_transport_socket(ends[0]), 1000000000u);
	must(far_link && !pcn_link_allow(far_link, WIRE_FRAME_MAX, WIRE_QUEUE));
	far_end = ends[1];
}

static void close_link(void)
{
	pcn_link_close(far_link, NULL, 0);
	close(far_end);
}

void local_release_inherited(void)
{
}

void signals_release_held(struct agent *agent)
{
	(void)agent;
}

void signals_send_on(struct agent *agent)
{
	(void)agent;
}

/* --- events --- */

static struct process *any_process(struct input *in)
{
	struct process *p = &a.processes[byte(in) % 8];

	return p->used && p->channel >= 0 ? p : NULL;
}

/* What agent.c does when a channel can be read. */
static void read_channel(struct process *p)
{
	int err = packet_receive(p->channel, &a.packet);

	if (err == -EAGAIN)
		return;
	if (!err) {
		operation_message(&a, p);
		packet_drop(&a.packet);
		return;
	}
	close(p->channel);
	p->channel = -1;
	spread_home_gone(&a, p);
	if (!p->forked)
		return;
	operation_process_gone(&a, p);
	if (p->used)
		process_drop(&a, p, false);
}

/* value: an index or an errno, as small numbers are what matters. */
static void say(struct input *in)
{
	struct process *p = any_process(in);
	struct pcn_message m = {.type = byte(in) % 31};
	char text[256];
	int file = open("/dev/null", O_RDWR);

	for (int i = 0; i < 6; i++)
		m.value[i] = byte(in) - 128;
	if ((m.type >= PCN_MSG_MAP && m.type <= PCN_MSG_ZERO) ||
	    m.type == PCN_MSG_MAP_FILE) {
		m.value[0] = (int64_t)PCN_SHARED_BASE + 4096 * m.value[0];
		m.value[1] *= 4096;
	}
	m.text_size = byte(in);
	for (uint32_t i = 0; i < m.text_size; i++)
		text[i] = (char)byte(in);
	if (p && !packet_send(program_end[p - a.processes], &m, text, &file,
			      byte(in) & 1))
		read_channel(p);
	close(file);
}

static void say_raw(struct input *in)
{
	struct process *p = any_process(in);
	uint8_t raw[256];
	size_t n = byte(in);

	for (size_t i = 0; i < n; i++)
		raw[i] = byte(in);
	if (p && send(program_end[p - a.processes], raw, n, MSG_NOSIGNAL) >= 0)
		read_channel(p);
}

static void end_process(struct input *in)
{
	struct process *p = any_process(in);

	if (!p)
		return;
	operation_process_gone(&a, p);
	if (p == a.current) {
		a.current = NULL;
		a.ended = true;
	}
	spread_process_gone(&a, p, byte(in) % 16);
	if (p->used)
		process_drop(&a, p, false);
}

/* What threads write where only they and the agent look. */
static void mail(struct input *in)
{
	struct place *place = &a.spread.places[byte(in) % 2];
	uint32_t slot = byte(in) % 4;
	struct pcn_mail *m;

	if (place->state) {
		m = &place->mails[slot];
		m->word = byte(in) % 9;
		m->recall = byte(in) % 4;
		m->node = byte(in) - 128;
		m->page_count = byte(in);
		for (int i = 0; i < 4; i++)
			m->pages[i] = byte(in) | (uint32_t)byte(in) << 12;
		must(write(place->bell[1], &slot, 4) == 4);
	}
	if (a.current)
		spread_work(&a);
}

static void far_says(struct input *in)
{
	struct error error = {""};
	struct wire_mail mail = {.slot = byte(in) % 5 ? byte(in) % 4 : ~0u};
	struct dsm_message m = {.type = byte(in) % DSM_TYPES,
				.flags = byte(in) % 32};
	struct pcn_frame f = {WIRE_MAIL, sizeof(mail), (uint8_t *)&mail};
	struct process *p = a.spread.places[1].process;
	unsigned char bytes[sizeof(struct wire_clocks) + DSM_MESSAGE_MAX]
		__attribute__((aligned(8))) = {0};

	if (!a.spread.places[1].far || !p)
		return;
	mail.mail.word = byte(in) % 9;
	mail.mail.node = byte(in) - 128;
	mail.mail.number = byte(in);
	m.page = (uint32_t)(PCN_SHARED_BASE / DSM_PAGE_SIZE) + byte(in) % 8;
	m.count = byte(in) % (DSM_RUN_MAX + 1);
	m.mask = byte(in);
	m.zero = byte(in);
	m.left = byte(in);
	m.list = (uint32_t[DSM_RUN_MAX]){m.page};
	if (byte(in) & 1) {
		f.type = WIRE_PAGES;
		f.data = bytes;
		f.size = sizeof(struct wire_clocks);
		f.size += dsm_message_encode(&m, bytes + f.size) +
			  dsm_message_data(&m);
		f.size -= byte(in) % 2 * 8;
	}
	if (spread_frame(&a, p, &f, &error)) {
		must(error.text[0]);
		spread_link_gone(&a, p, error.text);
	}
}

static void connect_client(int i)
{
	int ends[2];

	if (a.clients[i].used)
		return;
	must(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends));
	a.clients[i] = (struct client){.fd = ends[0], .used = true};
	client_end[i] = ends[1];
}

static void request(struct input *in)
{
	static const char *const words[] = {
		"state",  "migrate a",	    "migrate b",
		"commit", "checkpoint end", "checkpoint leave-running",
		"abort",  "thread 1000 b"};
	struct error error = {""};
	int i = byte(in) % 4, file = open("/dev/null", O_RDWR);
	uint8_t what = byte(in);
	char text[600] = "";

	connect_client(i);
	if (what < 128)
		snprintf(text, sizeof(text), "%s", words[what % 8]);
	else
		for (int k = 0; k < what; k++)
			text[k] = (char)byte(in);
	client_send(client_end[i], text, what & 64 ? -1 : file, &error);
	close(file);
	socket_request(&a, i);
	if (!a.clients[i].used)
		close(client_end[i]);
}

static void leave(struct input *in)
{
	int i = byte(in) % 4;

	if (!a.clients[i].used)
		return;
	shutdown(client_end[i], SHUT_RDWR);
	do
		socket_request(&a, i);
	while (a.clients[i].used);
	close(client_end[i]);
}

static void event(struct input *in)
{
	switch (byte(in) % 10) {
	case 0:
	case 1:
		say(in);
		break;
	case 2:
		request(in);
		break;
	case 3:
		now += (uint64_t)byte(in) * 1000000000u;
		operation_tick(&a);
		break;
	case 4:
		end_process(in);
		break;
	case 5:
		leave(in);
		break;
	case 7:
		mail(in);
		break;
	case 9:
		far_says(in);
		break;
	case 6:
		operation_move(&a, byte(in) % 2, -1);
		break;
	default:
		say_raw(in);
	}
}

/* Answers that nobody reads must not fill the sockets. */
static void drain(void)
{
	char text[2048];

	pcn_link_flush(far_link);
	while (recv(far_end, text, sizeof(text), MSG_DONTWAIT) > 0)
		;
	for (int i = 0; i < AGENT_PROCESSES; i++)
		while (a.processes[i].used && a.processes[i].channel >= 0 &&
		       recv(program_end[i], text, sizeof(text), MSG_DONTWAIT) >
			       0)
			;
	for (int i = 0; i < 4; i++)
		while (a.clients[i].used &&
		       recv(client_end[i], text, sizeof(text), MSG_DONTWAIT) >
			       0)
			;
}

static void check_state(void)
{
	const struct operation *op = &a.op;

	must(op->phase != PHASE_NONE ||
	     (!op->target && !op->asker && op->client < 0 && op->file < 0));
	must(!op->target || op->target->used);
	must(!op->asker || op->asker->used);
	must(!a.current || a.current->used);
	must(op->client < 0 || a.clients[op->client].used);
}

static void begin(bool far)
{
	memset(&a, 0, sizeof(a));
	a.options = &options;
	options.nodes.count = 2;
	options.timeout_ns = 60000000000u;
	options.quiet = true;
	for (int i = 0; i < 2; i++) {
		options.nodes.list[i].name[0] = (char)('a' + i);
		options.nodes.list[i].isa = &pcn_isas[0];
	}
	options.nodes.list[1].remote = far;
	open_link();
	a.op.client = a.op.file = a.op.fork_channel = -1;
	late_init(&a.late);
	transit_init(&a.transit, &a.late);
	relay_init(&a.relay, false);
	spread_init(&a.spread);
	a.listener = a.signals = -1;
	now = 1000000000;
	a.current = make_process(0);
	close(a.current->transfer);
	a.current->transfer = -1;
}

static void end(void)
{
	for (int i = 0; i < AGENT_PROCESSES; i++)
		if (a.processes[i].used)
			process_drop(&a, &a.processes[i], true);
	for (int i = 0; i < 4; i++)
		if (a.clients[i].used)
			close(client_end[i]);
	spread_end(&a.spread);
	close_link();
	socket_close(&a);
	reserve_give(&a);
	if (a.op.file >= 0)
		close(a.op.file);
	if (a.op.fork_channel >= 0)
		close(a.op.fork_channel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	int before = open_files();

	begin(size && data[size - 1] & 1);
	for (int events = 0; in.left && events < 200 && !a.ended; events++) {
		event(&in);
		check_state();
		drain();
	}
	end();
	must(open_files() == before);
	return 0;
}
