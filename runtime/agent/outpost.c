/*
 * outpost.c - a node's part of a program whose home is on another machine: its
 * place, in the agent of the guest.  What the origin says goes to the process,
 * what that says goes there; the two engines speak over the same link.
 */
#define _GNU_SOURCE
#include "spread.h"
#include "agent.h"
#include "clock.h"

#include <errno.h>
#include <string.h>

#include <pcn/home_clocks.h>

#define RUNG 256

static struct place *place_here(struct agent *a)
{
	return &a->spread.places[a->spread.outpost];
}

int outpost_begin(struct agent *a, int node, int home, struct pcn_link *link)
{
	int err;

	spread_init(&a->spread);
	a->spread.home = home;
	a->spread.outpost = node;
	err = place_open(a, node);
	if (!err)
		place_here(a)->link = link;
	return err;
}

/* --- What the process says ------------------------------------------------ */

static int tell_origin(struct agent *a, enum pcn_message_type type,
		       int64_t value)
{
	const struct pcn_message m = {.type = type, .value = {value}};
	int err = wire_send_packet(place_here(a)->link, &m, NULL);

	return err ? pcn_fail(&a->error, err, "the link takes no more") : 0;
}

/* It has its files, and we its userfaultfd. */
static int stands(struct agent *a)
{
	struct place *p = place_here(a);
	int err;

	if (p->state != PLACE_STARTING)
		return pcn_fail(&a->error, -EPROTO,
				"the program says nonsense");
	err = place_attach(a, a->spread.outpost);
	if (!err)
		err = place_link_way(p->engine, 0, p, &a->error);
	if (!err)
		err = tell_origin(a, PCN_MSG_SHARED, 0);
	p->state = PLACE_READY;
	return err ? err : 1;
}

static int answers(struct agent *a)
{
	struct map about = {.type = 0};
	int err = place_take_answer(a, place_here(a), &about);

	if (!about.type)
		return pcn_fail(&a->error, -EPROTO,
				"the program says nonsense");
	if (err && about.type == PCN_MSG_THREAD)
		a->spread.where[about.page] = -1;
	return tell_origin(a, PCN_MSG_ANSWER, err);
}

int outpost_hear(struct agent *a)
{
	const struct packet *packet = &a->packet;

	switch (packet->m.type) {
	case PCN_MSG_READY:
		return place_send_files(a, place_here(a), PCN_MSG_SHARE);
	case PCN_MSG_SHARED:
		return stands(a);
	case PCN_MSG_ANSWER:
		return answers(a);
	case PCN_MSG_FAILED:
		return pcn_fail(&a->error, -EIO, "its process cannot begin: %s",
				packet->m.value[0] < 0
					? strerror((int)-packet->m.value[0])
					: packet->text);
	default:
		return 0;
	}
}

/* --- What the origin says ------------------------------------------------- */

/* Whatever comes from home comes with its time, which goes first. */
static void set_clocks(struct agent *a, const struct wire_clocks *home)
{
	pcn_home_clocks_hear(&place_here(a)->process->control->home_clocks,
			     home->realtime, home->monotonic,
			     pcn_clock_ns(CLOCK_MONOTONIC));
}

static int take_thread(struct agent *a, const struct pcn_message *m)
{
	int err;

	if (m->value[1] < 0 || m->value[1] >= (int64_t)PCN_THREADS_MAX)
		return pcn_fail(&a->error, -EPROTO, "a thread that cannot be");
	set_clocks(a, &(struct wire_clocks){m->value[3], m->value[4]});
	a->spread.where[m->value[1]] = (int16_t)a->spread.outpost;
	err = place_bring(place_here(a), m);
	if (err == 1)
		return tell_origin(a, PCN_MSG_ANSWER, 0);
	return err == -ENOMEM ? pcn_fail(&a->error, err, "out of memory") : 0;
}

int outpost_packet(struct agent *a, const struct pcn_message *m)
{
	struct map map;
	int err;

	if (place_here(a)->state != PLACE_READY)
		return pcn_fail(&a->error, -EPROTO, "its process is not ready");
	switch (m->type) {
	case PCN_MSG_MAP:
	case PCN_MSG_UNMAP:
	case PCN_MSG_PROTECT:
		if (!map_of_message(m, &map))
			return pcn_fail(&a->error, -EPROTO, "no such memory");
		err = place_tell_map(place_here(a), &map);
		/* -EPIPE: it has ended: we shall see that. */
		return err == -ENOMEM
			       ? pcn_fail(&a->error, err, "out of memory")
			       : 0;
	case PCN_MSG_THREAD:
		return take_thread(a, m);
	default:
		return pcn_fail(&a->error, -EPROTO,
				"not a word for a node's process");
	}
}

int outpost_frame(struct agent *a, const struct pcn_frame *f)
{
	struct wire_clocks clocks;
	struct wire_mail mail;
	const uint8_t *bytes;
	uint32_t size;
	int err;

	if (place_here(a)->state != PLACE_READY)
		return pcn_fail(&a->error, -EPROTO, "its process is not ready");
	if (f->type == WIRE_PAGES) {
		err = wire_read_pages(&clocks, &bytes, &size, f, &a->error);
		if (err)
			return err;
		set_clocks(a, &clocks);
		err = pcn_engine_take(place_here(a)->engine, 0, bytes, size);
		return err ? pcn_fail(&a->error, err,
				      "the origin says nonsense of pages")
			   : 0;
	}
	err = wire_read_mail(&mail, f, &a->error);
	if (err)
		return err;
	set_clocks(a, &mail.clocks);
	/* It may have left since. */
	if (a->spread.where[mail.slot] >= 0)
		place_tell_thread(place_here(a), mail.slot, &mail.mail);
	return 0;
}

/* --- The loop ------------------------------------------------------------- */

int outpost_poll(const struct agent *a, struct pollfd *list)
{
	const struct place *p = &a->spread.places[a->spread.outpost];

	if (!p->state)
		return 0;
	list[0] =
		(struct pollfd){place_has_room(p) ? p->bell[0] : -1, POLLIN, 0};
	list[1] = (struct pollfd){pcn_engine_fd(p->engine), POLLIN, 0};
	return 2;
}

static void hear_thread(struct agent *a, uint32_t slot)
{
	struct place *p = place_here(a);
	struct pcn_mail m;

	place_read_mail(p, slot, &m);
	if (a->spread.where[slot] < 0)
		return;
	if (m.word == PCN_MAIL_HOME || m.word == PCN_MAIL_LAST)
		a->spread.where[slot] = -1;
	if (m.word == PCN_MAIL_HOME)
		place_push(p, 0, &m);
	wire_send_mail(p->link, slot, &m);
}

int outpost_work(struct agent *a)
{
	struct place *p = place_here(a);
	uint32_t slots[RUNG];
	int n, err;

	if (!p->state)
		return 0;
	n = place_has_room(p) ? place_rung(p, slots, RUNG) : 0;
	for (int i = 0; i < n; i++)
		hear_thread(a, slots[i]);
	err = pcn_engine_run(p->engine, 0);
	if (err)
		return pcn_fail(&a->error, err, "%.900s",
				p->engine->error.text);
	if (p->state == PLACE_READY)
		pcn_engine_flush(p->engine, 0);
	return 0;
}
