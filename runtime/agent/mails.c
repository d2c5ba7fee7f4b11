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

static void wake(struct pcn_mail *m, enum pcn_mail_word word)
{
	__atomic_store_n(&m->word, word, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &m->word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static struct pcn_mail *home_mail(struct spread *s, uint32_t slot)
{
	return &s->places[s->home].mails[slot];
}

/* The slot's thread has left that node; does the node still call it home? */
static void forget_recall(struct place *p, struct pcn_mail *m)
{
	if (__atomic_exchange_n(&m->recall, 0, __ATOMIC_SEQ_CST))
		__atomic_fetch_sub(&p->process->control->recalls, 1,
				   __ATOMIC_SEQ_CST);
}

void mails_refuse(struct spread *s, uint32_t slot, int err)
{
	struct pcn_mail *m = home_mail(s, slot);

	s->where[slot] = -1;
	m->error = err;
	wake(m, PCN_MAIL_REFUSED);
}

/* The pages that a thread will touch at once go before it. */
static void push_pages(struct spread *s, struct place *from, struct place *to,
		       const struct pcn_mail *m)
{
	uint32_t pages[PCN_MAIL_PAGES], count = 0;

	for (uint32_t i = 0; i < m->page_count && i < PCN_MAIL_PAGES; i++)
		if (dsm_in_window(&from->engine->dsm, m->pages[i], 1))
			pages[count++] = m->pages[i];
	pcn_dsm_push(&from->engine->dsm,
		     spread_dsm_node(s, (int)(to - s->places)), pages, count);
	pcn_engine_run(to->engine, 0);
}

static void leave(struct spread *s, uint32_t slot, struct pcn_mail *m)
{
	int node = m->node;
	struct place *p =
		&s->places[node >= 0 && node < SPREAD_NODES ? node : s->home];
	const struct pcn_message message = {
		.type = PCN_MSG_THREAD,
		.value = {(int64_t)m->thread, slot, (int64_t)m->stack_size}};
	const struct map about = {.type = PCN_MSG_THREAD, .page = slot};

	__atomic_store_n(&m->word, PCN_MAIL_AWAY, __ATOMIC_SEQ_CST);
	if (p == &s->places[s->home] || p->state != PLACE_READY) {
		mails_refuse(s, slot, -EAGAIN);
		return;
	}
	p->mails[slot].word = PCN_MAIL_NONE;
	p->mails[slot].recall = 0;
	s->where[slot] = (int16_t)node;
	s->left++;
	push_pages(s, &s->places[s->home], p, m);
	if (place_tell(p, &message, &about))
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
	wake(to, word);
}

/* What a thread that is away has rung for. */
static void hear_thread(struct spread *s, int node, uint32_t slot)
{
	struct place *p = &s->places[node];
	struct pcn_mail *m = &p->mails[slot];

	if (s->where[slot] != node)
		return;
	switch (__atomic_load_n(&m->word, __ATOMIC_SEQ_CST)) {
	case PCN_MAIL_CALL:
		send_home(s, slot, m, PCN_MAIL_CALL);
		break;
	case PCN_MAIL_HOME:
		s->where[slot] = -1;
		forget_recall(p, m);
		push_pages(s, p, &s->places[s->home], m);
		send_home(s, slot, m, PCN_MAIL_HOME);
		break;
	case PCN_MAIL_LAST:
		s->where[slot] = -1;
		forget_recall(p, m);
		send_home(s, slot, m, PCN_MAIL_CALL);
		break;
	default:
		break;
	}
}

/* A shadow wants its thread: at the thread's next poll. */
static void recall(struct spread *s, uint32_t slot, uint32_t why)
{
	struct place *p;

	if (s->where[slot] < 0)
		return;
	p = &s->places[s->where[slot]];
	if (!__atomic_fetch_or(&p->mails[slot].recall, why, __ATOMIC_SEQ_CST))
		__atomic_fetch_add(&p->process->control->recalls, 1,
				   __ATOMIC_SEQ_CST);
	__atomic_store_n(&p->process->control->poll_flag, 1, __ATOMIC_SEQ_CST);
}

static void hear_shadow(struct spread *s, uint32_t slot)
{
	struct pcn_mail *m = home_mail(s, slot), *to;
	uint32_t word = PCN_MAIL_RESULT;
	uint32_t why = __atomic_exchange_n(&m->recall, 0, __ATOMIC_SEQ_CST);

	if (why)
		recall(s, slot, why);
	if (__atomic_load_n(&m->word, __ATOMIC_SEQ_CST) == PCN_MAIL_LEAVE) {
		leave(s, slot, m);
	} else if (s->where[slot] >= 0 &&
		   __atomic_compare_exchange_n(&m->word, &word, PCN_MAIL_AWAY,
					       false, __ATOMIC_SEQ_CST,
					       __ATOMIC_SEQ_CST)) {
		to = &s->places[s->where[slot]].mails[slot];
		to->result = m->result;
		to->signals = m->signals;
		wake(to, PCN_MAIL_RESULT);
	}
}

void mails_hear(struct spread *s, int node)
{
	uint32_t slots[256];
	ssize_t n = read(s->places[node].bell[0], slots, sizeof(slots));

	for (ssize_t i = 0; i < n / (ssize_t)sizeof(*slots); i++) {
		if (slots[i] >= PCN_THREADS_MAX)
			continue;
		if (node == s->home)
			hear_shadow(s, slots[i]);
		else
			hear_thread(s, node, slots[i]);
	}
}
