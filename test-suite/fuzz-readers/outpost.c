/*
 * What an origin may say to a guest's agent that has threads of its program,
 * and what their process may say, in any order.
 *
 * The input is a list of events.  The process is a socket and memory that this
 * file writes; whatever comes is done, or ends the stay with a word.
 */
#define _GNU_SOURCE
#include "agent.h"
#include "operation.h"
#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HOME 0
#define HERE 1

static struct agent a;
static struct options options;
static struct pcn_link *link_home;
static int far_end, program_end;

uint64_t now_ns(void)
{
	return 1000000000;
}

/* --- in place of local.c, remote.c, operation.c --- */

static int do_send(struct process *p, const struct pcn_message *m,
		   const void *text)
{
	return packet_send(p->channel, m, text, NULL, 0);
}

static bool in_reach(const struct process *p)
{
	return p->channel >= 0;
}

static void drop(struct agent *agent, struct process *p, bool kill_it)
{
	(void)agent, (void)kill_it;
	close(p->channel);
	close(program_end);
	free(p->control);
}

const struct process_kind process_local = {
	.send = do_send, .in_reach = in_reach, .drop = drop};

struct process *local_start(struct agent *agent, int node,
			    enum pcn_channel_role role)
{
	struct process *p = process_new(agent, node, &process_local);
	int ends[2];

	(void)role;
	must(p &&
	     !socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends));
	p->channel = ends[0];
	program_end = ends[1];
	p->control = calloc(1, PCN_PAGE_SIZE);
	return p;
}

struct process *remote_start(struct agent *agent, int node,
			     enum pcn_channel_role role)
{
	return local_start(agent, node, role);
}

struct pcn_link *remote_link(const struct process *p)
{
	(void)p;
	return link_home;
}

void operation_answer(struct agent *agent, struct process *p, int result)
{
	(void)agent, (void)p, (void)result;
	must(false); /* the origin's */
}

void socket_reply(struct agent *agent, int client, const char *format, ...)
{
	(void)agent, (void)client, (void)format;
	must(false);
}

/* --- events --- */

static int origin_packet(struct input *in)
{
	struct pcn_message m = {.type = byte(in) % 30};

	for (int i = 0; i < 6; i++)
		m.value[i] = byte(in) - 128;
	if (byte(in) % 8) {
		m.value[0] = (int64_t)PCN_SHARED_BASE + 4096 * m.value[0];
		m.value[1] *= m.type == PCN_MSG_THREAD ? 1 : 4096;
	}
	return outpost_packet(&a, &m);
}

static int origin_frame(struct input *in)
{
	struct wire_mail mail = {.slot = byte(in) % 5 ? byte(in) % 4 : ~0u};
	struct dsm_message m = {.type = byte(in) % DSM_TYPES,
				.flags = byte(in) % 32};
	struct pcn_frame f = {WIRE_MAIL, sizeof(mail), (uint8_t *)&mail};
	unsigned char bytes[sizeof(struct wire_clocks) + DSM_MESSAGE_MAX]
		__attribute__((aligned(8))) = {0};

	mail.mail.word = byte(in) % 9;
	mail.mail.recall = byte(in) % 4;
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
	return outpost_frame(&a, &f);
}

static int process_says(struct input *in)
{
	struct pcn_message m = {.type = byte(in) % 30,
				.value = {byte(in) - 128}};
	int file = m.type == PCN_MSG_SHARED
			   ? (int)syscall(SYS_userfaultfd,
					  O_CLOEXEC | O_NONBLOCK |
						  1 /* UFFD_USER_MODE_ONLY */)
			   : open("/dev/null", O_RDWR);
	int err = 0;

	must(!packet_send(program_end, &m, NULL, &file, byte(in) & 1));
	close(file);
	if (!packet_receive(a.spread.places[HERE].process->channel,
			    &a.packet)) {
		err = outpost_hear(&a);
		packet_drop(&a.packet);
	}
	return err;
}

static int thread_rings(struct input *in)
{
	struct place *p = &a.spread.places[HERE];
	uint32_t slot = byte(in) % 5 ? byte(in) % 4 : ~0u;
	struct pcn_mail *m = &p->mails[slot % PCN_THREADS_MAX];

	m->word = byte(in) % 9;
	m->page_count = byte(in);
	for (int i = 0; i < 4; i++)
		m->pages[i] = byte(in) | (uint32_t)byte(in) << 12;
	must(write(p->bell[1], &slot, 4) == 4);
	return outpost_work(&a);
}

static int event(struct input *in)
{
	switch (byte(in) % 5) {
	case 0:
		return origin_packet(in);
	case 1:
	case 2:
		return origin_frame(in);
	case 3:
		return process_says(in);
	default:
		return thread_rings(in);
	}
}

static void begin(void)
{
	int ends[2];

	memset(&a, 0, sizeof(a));
	a.options = &options;
	options.nodes.count = 2;
	for (int i = 0; i < 2; i++)
		options.nodes.list[i].name[0] = (char)('a' + i);
	must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
	link_home = pcn_link_new(pcn_transport_socket(ends[0]), 1000000000u);
	far_end = ends[1];
	must(link_home &&
	     !pcn_link_allow(link_home, WIRE_FRAME_MAX, WIRE_QUEUE));
	must(!outpost_begin(&a, HERE, HOME, link_home));
	a.spread.places[HERE].process = local_start(&a, HERE, PCN_ROLE_NODE);
}

static void drain(void)
{
	char text[4096];

	pcn_link_flush(link_home);
	while (recv(far_end, text, sizeof(text), MSG_DONTWAIT) > 0)
		;
	while (recv(program_end, text, sizeof(text), MSG_DONTWAIT) > 0)
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	int before = open_files(), n = 0;

	begin();
	while (in.left && n >= 0) {
		a.error.text[0] = 0;
		n = event(&in);
		must(n >= 0 || a.error.text[0]); /* without a word */
		drain();
	}
	process_drop(&a, a.spread.places[HERE].process, true);
	spread_end(&a.spread);
	pcn_link_close(link_home, NULL, 0);
	close(far_end);
	must(open_files() == before);
	return 0;
}
