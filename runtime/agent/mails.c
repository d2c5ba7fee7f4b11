/* mails.c - what threads that are away and their shadows say to one another. */
#define _GNU_SOURCE
#include "spread.h"
#include "agent.h"
#include "operation.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void wake(struct pcn_mail *m)
{
	syscall(SYS_futex, &m->word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void say(struct pcn_mail *m, enum pcn_mail_word word)
{
	__atomic_store_n(&m->word, word, __ATOMIC_SEQ_CST);
	wake(m);
}

/* --- A place of this machine ---------------------------------------------- */

int place_rung(struct place *p, uint32_t *slots, int count)
{
	ssize_t n = read(p->bell[0], slots, (size_t)count * sizeof(*slots));
	int used = 0;

	for (ssize_t i = 0; i < n / (ssize_t)sizeof(*slots); i++)
		if (slots[i] < PCN_THREADS_MAX)
			slots[used++] = slots[i];
	return used;
}

/* To the native thread that the slot's last one has left there, if that still
 * waits.  Its process must know of all there is to know. */
static bool hand_over(struct place *p, uint32_t slot,
		      const struct pcn_message *m)
{
	struct pcn_mail *mail = &p->mails[slot];

	mail->recall = 0;
	if (p->answers.count ||
	    !pcn_mail_bring(mail, (uint64_t)m->value[0], (uint64_t)m->value[2]))
		return false;
	wake(mail);
	return true;
}

int place_bring(struct place *p, const struct pcn_message *m)
{
	const struct map about = {.type = PCN_MSG_THREAD,
				  .page = (uint32_t)m->value[1]};

	if (!p->far && hand_over(p, about.page, m))
		return 1;
	return place_tell(p, m, &about);
}

void place_read_mail(struct place *p, uint32_t slot, struct pcn_mail *m)
{
	struct pcn_mail *mail = &p->mails[slot];
	uint32_t word = __atomic_load_n(&mail->word, __ATOMIC_SEQ_CST);

	*m = *mail;
	m->word = word;
	/* The thread has left; does the node still call it home? */
	if ((word == PCN_MAIL_HOME || word == PCN_MAIL_LAST) &&
	    __atomic_exchange_n(&mail->recall, 0, __ATOMIC_SEQ_CST))
		__atomic_fetch_sub(&p->process->control->recalls, 1,
				   __ATOMIC_SEQ_CST);
}

/* A shadow wants its thread: at the thread's next poll. */
static void recall(struct place *p, uint32_t slot, uint32_t why)
{
	struct pcn_control *c = p->process->control;

	if (!__atomic_fetch_or(&p->mails[slot].recall, why, __ATOMIC_SEQ_CST))
		__atomic_fetch_add(&c->recalls, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&c->poll_flag, 1, __ATOMIC_SEQ_CST);
}

void place_tell_thread(struct place *p, uint32_t slot, const struct pcn_mail *m)
{
	struct pcn_mail *to;

	if (p->far) {
		/* Without it the link has ended, or there was room. */
		wire_send_mail(p->link, slot, m);
		return;
	}
	to = &p->mails[slot];
	if (m->recall)
		recall(p, slot, m->recall);
	if (m->word != PCN_MAIL_RESULT)
		return;
	to->result = m->result;
	to->signals = m->signals;
	say(to, PCN_MAIL_RESULT);
}

void place_push(struct place *from, unsigned dsm_node, const struct pcn_mail *m)
{
	uint32_t pages[PCN_MAIL_PAGES], count = 0;

	for (uint32_t i = 0; i < m->page_count && i < PCN_MAIL_PAGES; i++)
		if (dsm_in_window(&from->engine->dsm, m->pages[i], 1))
			pages[count++] = m->pages[i];
	pcn_dsm_push(&from->engine->dsm, dsm_node, pages, count);
}

/* --- At the origin -------------------------------------------------------- */

static struct pcn_mail *home_mail(struct spread *s, uint32_t slot)
{
	return &s->places[s->home].mails[slot];
}

void mails_refuse(struct spread *s, uint32_t slot, int err)
{
	struct pcn_mail *m = home_mail(s, slot);

	s->where[slot] = -1;
	m->error = err;
	say(m, PCN_MAIL_REFUSED);
}

/* The pages that a thread will touch at once go before it. */
static void push_pages(struct spread *s, struct place *from, struct place *to,
		       const struct pcn_mail *m)
{
	place_push(from, spread_dsm_node(s, (int)(to - s->places)), m);
	if (!to->far)
		pcn_engine_run(to->engine, 0);
}

static void leave(struct spread *s, uint32_t slot, struct pcn_mail *m)
{
	int node = m->node;
	struct place *p =
		&s->places[node >= 0 && node < SPREAD_NODES ? node : s->home];
	struct pcn_message message = {
		.type = PCN_MSG_THREAD,
		.value = {(int64_t)m->thread, slot, (int64_t)m->stack_size}};
	struct wire_clocks clocks;

	__atomic_store_n(&m->word, PCN_MAIL_AWAY, __ATOMIC_SEQ_CST);
	if (p == &s->places[s->home] || p->state != PLACE_READY) {
		mails_refuse(s, slot, -EAGAIN);
		return;
	}
	s->where[slot] = (int16_t)node;
	s->left++;
	push_pages(s, &s->places[s->home], p, m);
	clocks = wire_clocks_now();
	message.value[3] = clocks.realtime;
	message.value[4] = clocks.monotonic;
	if (place_bring(p, &message) < 0)
		mails_refuse(s, slot, -EAGAIN);
}

static void send_home(struct spread *s, uint32_t slot,
		      const struct pcn_mail *from, enum pcn_mail_word word)
{
	struct pcn_mail *to = home_mail(s, slot);

	to->node = from->node;
	to->asked = from->asked;
	to->number = from->number;
	to->fp_state = from->fp_state;
	memcpy(to->argument, from->argument, sizeof(to->argument));
	say(to, word);
}

void mails_hear_thread(struct spread *s, int node, uint32_t slot,
		       const struct pcn_mail *m)
{
	struct place *p = &s->places[node];

	if (s->where[slot] != node)
		return;
	switch (m->word) {
	case PCN_MAIL_CALL:
		send_home(s, slot, m, PCN_MAIL_CALL);
		break;
	case PCN_MAIL_HOME:
		s->where[slot] = -1;
		if (!p->far)
			push_pages(s, p, &s->places[s->home], m);
		send_home(s, slot, m, PCN_MAIL_HOME);
		break;
	case PCN_MAIL_LAST:
		s->where[slot] = -1;
		send_home(s, slot, m, PCN_MAIL_CALL);
		break;
	default:
		break;
	}
}

static void hear_shadow(struct spread *s, uint32_t slot)
{
	struct pcn_mail *m = home_mail(s, slot);
	struct pcn_mail out = {.word = PCN_MAIL_NONE};
	uint32_t word = PCN_MAIL_RESULT;
	int node;

	out.recall = __atomic_exchange_n(&m->recall, 0, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&m->word, __ATOMIC_SEQ_CST) == PCN_MAIL_LEAVE) {
		leave(s, slot, m);
		return;
	}
	node = s->where[slot];
	if (node < 0)
		return;
	if (__atomic_compare_exchange_n(&m->word, &word, PCN_MAIL_AWAY, false,
					__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
		out.word = PCN_MAIL_RESULT;
		out.result = m->result;
		out.signals = m->signals;
	}
	if (out.word || out.recall)
		place_tell_thread(&s->places[node], slot, &out);
}

#define RUNG 256

/* A mail that is read must have a way to go. */
static bool all_have_room(const struct spread *s)
{
	for (int i = 0; i < SPREAD_NODES; i++)
		if (s->places[i].far && !place_has_room(&s->places[i]))
			return false;
	return true;
}

void mails_hear(struct spread *s, int node)
{
	struct place *p = &s->places[node];
	uint32_t slots[RUNG];
	struct pcn_mail m;
	int n;

	if (p->far || (node == s->home && !all_have_room(s)))
		return;
	n = place_rung(p, slots, RUNG);
	for (int i = 0; i < n; i++) {
		if (node == s->home) {
			hear_shadow(s, slots[i]);
		} else {
			place_read_mail(p, slots[i], &m);
			mails_hear_thread(s, node, slots[i], &m);
		}
	}
}
