/*
 * What another machine may send over a link that stands: frames, greetings,
 * wishes, packets, state, bytes of streams.
 *
 * The input goes through a real socket pair; the first byte says which side we
 * are, and how the bytes are cut.  Both sides' decoders see every frame.
 */
#define _GNU_SOURCE
#include "agent.h"
#include "late.h"
#include "link.h"
#include "reader.h"
#include "relay.h"
#include "transit.h"
#include "wire.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct transit transit;
static struct late late;
static struct supply supply;

/* A program that goes on before all its memory has come, and waits for it. */
static struct pcn_control control;
static struct process process = {
	.channel = -1, .userfaults.socket = -1, .control = &control};

int process_send(struct process *p, const struct pcn_message *m,
		 const void *text)
{
	must(p == &process && m->value[0] == PCN_LATE_WHOLE && !text);
	return 0;
}
static struct relay relay;

static void check(int err, const struct error *error)
{
	must(err <= 0);
	must(!err || error->text[0]); /* refused without a word */
}

static int take_state(const struct pcn_frame *f, struct pcn_link *l,
		      struct error *error)
{
	int transfer[2], err;

	if (late_is_serving(&late) && f->type == WIRE_MEMORY)
		return late_take(&late, f, error) < 0;
	if (late.process)
		return 0;
	err = f->type == WIRE_STATE ? transit_begin_link(&transit, f, l, error)
	      : transit.active	    ? transit_memory(&transit, f, error)
				    : 0;
	if (err || !transit.complete)
		return err;
	if (!supply_begin(&supply, &transit.saved, false, error))
		must(supply.early && supply.early <= supply.left);
	if (!late_is_whole(&late)) {
		err = late_serve(&late, &transit.saved, &process, error);
		late.waits = !err;
	}
	must(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, transfer));
	transit_hand_over(&transit, &relay, transfer[0], error);
	close(transfer[0]);
	close(transfer[1]);
	transit_end(&transit);
	return 0;
}

static int take(const struct pcn_frame *f, struct pcn_link *l)
{
	static struct wire_wish wish;
	struct error error = {""};
	struct wire_hello hello;
	struct wire_clocks clocks;
	struct wire_mail mail;
	struct pcn_message m;
	const uint8_t *bytes;
	const char *text;
	uint32_t size;
	int err;

	switch (f->type) {
	case WIRE_HELLO:
		err = wire_read_hello(&hello, f, &error);
		break;
	case WIRE_OPEN:
		err = wire_read_open(&wish, f, &error);
		if (!err && wish.open.want != WIRE_WANT_NOTHING)
			for (uint32_t i = 0; i < wish.open.node_count; i++)
				must(strlen(wish.names[i]) < PCN_NODE_NAME);
		break;
	case WIRE_PACKET:
		err = wire_read_packet(&m, &text, f, &error);
		must(err ||
		     text + m.text_size == (const char *)f->data + f->size);
		break;
	case WIRE_MAIL:
		err = wire_read_mail(&mail, f, &error);
		must(err || mail.slot < PCN_THREADS_MAX);
		break;
	case WIRE_PAGES:
		err = wire_read_pages(&clocks, &bytes, &size, f, &error);
		must(err || bytes + size == f->data + f->size);
		break;
	case WIRE_DEMAND:
		err = supply_demand(&supply, f, &error);
		break;
	case WIRE_STATE:
	case WIRE_MEMORY:
		err = take_state(f, l, &error);
		break;
	default:
		err = relay_frame(&relay, f, &error);
		relay_work(&relay);
	}
	check(err, &error);
	return err;
}

/* A side whose program is away, or is a guest: all three streams are open. */
static void begin(struct pcn_link *l, bool guest)
{
	late_init(&late);
	transit_init(&transit, &late);
	relay_init(&relay, guest);
	for (int i = 0; i < 3 && guest; i++)
		must(relay_descriptor(&relay, i) >= 0);
	for (int i = 0; i < 3 && !guest; i++)
		relay.streams[i].fd = relay.streams[i].original =
			open("/dev/null", O_RDWR);
	if (guest)
		relay_begin(&relay, l);
	else
		relay_go_on(&relay, l);
}

static void read_all(struct pcn_link *l)
{
	struct pcn_frame f;
	int n;

	while ((n = pcn_link_receive(l, &f)) == 1 && !take(&f, l))
		;
	must(n >= 0 || pcn_link_why(l)[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int before = open_files(), ends[2];
	size_t step;
	struct pcn_link *l;

	if (size < 2)
		return 0;
	signal(SIGPIPE, SIG_IGN); /* as agents do */
	must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
	l = pcn_link_new(pcn_transport_socket(ends[0]), 1000000000u);
	must(l && !pcn_link_allow(l, WIRE_FRAME_MAX, WIRE_QUEUE));
	begin(l, data[0] & 1);
	step = data[0] & 2 ? 1 + data[1] : size;
	must(write(ends[1], "popcorn\1", 8) == 8);
	for (size_t at = 2; at < size; at += step) {
		size_t n = size - at < step ? size - at : step;

		if (write(ends[1], data + at, n) < 0)
			break;
		read_all(l);
	}
	transit_end(&transit);
	late_end(&late);
	supply_end(&supply);
	relay_end(&relay);
	pcn_link_close(l, "enough", 0);
	close(ends[1]);
	must(open_files() == before);
	return 0;
}
