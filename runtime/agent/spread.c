/*
 * spread.c - the program's threads on other nodes of this machine.
 *
 * This agent holds the engine of every node, and passes on what threads and
 * their shadows say to one another.  A node's process comes up when the first
 * thread wants to it, and stays until the program ends.
 */
#define _GNU_SOURCE
#include "spread.h"
#include "agent.h"
#include "operation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENGINE_TURNS 64
#define FIRST_PAGE   (PCN_SHARED_BASE / DSM_PAGE_SIZE)
#define PAGE_COUNT   ((PCN_SHARED_END - PCN_SHARED_BASE) / DSM_PAGE_SIZE)

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

static const char *name_of(struct agent *a, int node)
{
	return a->options->nodes.list[node].name;
}

/* The origin is the directory's node 0; the others follow in order. */
static unsigned dsm_node(const struct spread *s, int node)
{
	return node == s->home ? 0u : (unsigned)node + (node < s->home);
}

static void close_place(struct place *p)
{
	if (p->engine) {
		pcn_engine_close(p->engine);
		free(p->engine);
	}
	if (p->mails)
		munmap(p->mails, PCN_MAIL_SIZE);
	if (p->state) {
		close(p->mails_fd);
		close(p->bell[0]);
		close(p->bell[1]);
	}
	free(p->answers);
	memset(p, 0, sizeof(*p));
}

void spread_end(struct spread *s)
{
	uint64_t left;
	int wisher, died_of;

	for (int i = 0; i < SPREAD_NODES; i++)
		close_place(&s->places[i]);
	free(s->maps);
	left = s->left;
	died_of = s->died_of;
	wisher = s->wisher;
	spread_init(s);
	s->left = left;
	s->died_of = died_of;
	s->wisher = wisher;
}

/* --- Places --------------------------------------------------------------- */

static void change_done(void *context, uint64_t cookie, int result)
{
	struct agent *a = context;
	struct change *c = &a->spread.change;

	(void)cookie;
	c->removing = false;
	if (!c->result)
		c->result = result;
}

static void page_lost(void *context, uint32_t page)
{
	struct agent *a = context;

	(void)page;
	a->spread.pages_lost++;
}

/* All but the process. */
static int open_place(struct agent *a, int node)
{
	struct spread *s = &a->spread;
	struct place *p = &s->places[node];
	const struct engine_callbacks callbacks = {
		.done = change_done, .lost = page_lost, .alone = true};
	void *mails;
	int err;

	p->mails_fd = memfd_create("popcorn-mails", MFD_CLOEXEC);
	if (p->mails_fd < 0)
		return pcn_fail(&a->error, -errno, "memfd: %s",
				strerror(errno));
	if (pipe2(p->bell, O_CLOEXEC)) {
		err = pcn_fail(&a->error, -errno, "pipe: %s", strerror(errno));
		close(p->mails_fd);
		return err;
	}
	p->state = PLACE_STARTING;
	fcntl(p->bell[0], F_SETFL, O_NONBLOCK);
	mails = ftruncate(p->mails_fd, PCN_MAIL_SIZE)
			? MAP_FAILED
			: mmap(NULL, PCN_MAIL_SIZE, PROT_READ | PROT_WRITE,
			       MAP_SHARED, p->mails_fd, 0);
	p->engine = aligned_alloc(_Alignof(struct engine), sizeof(*p->engine));
	if (mails == MAP_FAILED || !p->engine) {
		free(p->engine);
		p->engine = NULL;
		close_place(p);
		return pcn_fail(&a->error, -ENOMEM, "no memory for threads");
	}
	p->mails = mails;
	err = pcn_engine_create(p->engine, dsm_node(s, node),
				(unsigned)a->options->nodes.count, FIRST_PAGE,
				PAGE_COUNT, node == s->home ? &callbacks : NULL,
				a, &a->error);
	if (err) {
		free(p->engine);
		p->engine = NULL;
		close_place(p);
	}
	return err;
}

/* Memory, mails, doorbell. */
static int send_files(struct agent *a, struct place *p,
		      enum pcn_message_type type)
{
	const struct pcn_message m = {.type = type};
	const int fds[3] = {p->engine->window.memfd, p->mails_fd, p->bell[1]};
	int err = packet_send(p->process->channel, &m, NULL, fds, 3);

	return err ? pcn_fail(&a->error, err, "channel: %s", strerror(-err))
		   : 0;
}

/* To a node's service thread, whose answer is about *about. */
static int tell_place(struct place *p, const struct pcn_message *m,
		      const struct map *about)
{
	int err;

	if (p->answer_count == p->answer_room) {
		uint32_t room = p->answer_room ? 2 * p->answer_room : 64;
		struct map *more = realloc(p->answers, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		p->answers = more;
		p->answer_room = room;
	}
	err = process_send(p->process, m, NULL);
	if (!err)
		p->answers[p->answer_count++] = *about;
	return err;
}

static int tell_map(struct place *p, const struct map *map)
{
	const struct pcn_message m = {
		.type = map->type,
		.value = {(int64_t)map->page * DSM_PAGE_SIZE,
			  (int64_t)map->count * DSM_PAGE_SIZE, map->prot}};

	return tell_place(p, &m, map);
}

/* Nothing that this program had there can be had any more. */
static void lose(struct agent *a, int node, const char *why)
{
	if (!a->lost)
		pcn_fail(&a->error, -EPIPE, "node %s: %s", name_of(a, node),
			 why);
	a->lost = true;
}

static void answer_asker(struct agent *a, int node, int result)
{
	struct spread *s = &a->spread;

	if (!s->asker || s->asked_node != node)
		return;
	operation_answer(a, s->asker, result);
	s->asker = NULL;
}

static void place_failed(struct agent *a, int node)
{
	struct place *p = &a->spread.places[node];

	if (p->process && p->process->used)
		process_drop(a, p->process, true);
	close_place(p);
	answer_asker(a, node, -EPIPE);
}

static void look_whether_ready(struct agent *a, int node)
{
	struct place *p = &a->spread.places[node];

	if (p->state != PLACE_MAPPING || p->answer_count)
		return;
	p->state = PLACE_READY;
	answer_asker(a, node, 0);
}

/* The node's process has its files, and has sent its userfaultfd. */
static int place_shared(struct agent *a, int node, int fd)
{
	struct spread *s = &a->spread;
	struct place *p = &s->places[node];
	unsigned n = dsm_node(s, node);
	int link[2], err;

	err = pcn_engine_attach(p->engine, fd, &a->error);
	if (err)
		return err;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, link))
		return pcn_fail(&a->error, -errno, "socketpair: %s",
				strerror(errno));
	err = pcn_engine_link(s->places[s->home].engine, n, link[0], &a->error);
	if (!err)
		err = pcn_engine_link(p->engine, 0, link[1], &a->error);
	p->state = PLACE_MAPPING;
	for (uint32_t i = 0; i < s->map_count && !err; i++)
		err = tell_map(p, &s->maps[i]);
	if (!err)
		look_whether_ready(a, node);
	return err;
}

static void place_says_shared(struct agent *a, int node)
{
	struct place *p = &a->spread.places[node];
	struct packet *packet = &a->packet, other;
	int64_t err = packet->m.value[0];
	int fd = -1;

	if (p->process->userfault >= 0) {
		/* Sent before the emulator began. */
		if (packet_receive(p->process->userfault, &other)) {
			err = -EPIPE;
		} else {
			err = other.m.value[0];
			fd = other.fd_count ? other.fds[0] : -1;
		}
	} else if (packet->fd_count) {
		fd = packet->fds[0];
		packet->fd_count = 0;
	}
	if (fd < 0) {
		pcn_fail(&a->error, (int)err, "node %s: userfaultfd: %s",
			 name_of(a, node), strerror((int)-err));
		place_failed(a, node);
	} else if (place_shared(a, node, fd)) {
		place_failed(a, node);
	}
}

/* --- Calls and returns ---------------------------------------------------- */

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

static void refuse(struct spread *s, uint32_t slot, int err)
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
	pcn_dsm_push(&from->engine->dsm, dsm_node(s, (int)(to - s->places)),
		     pages, count);
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
		refuse(s, slot, -EAGAIN);
		return;
	}
	p->mails[slot].word = PCN_MAIL_NONE;
	p->mails[slot].recall = 0;
	s->where[slot] = (int16_t)node;
	s->left++;
	push_pages(s, &s->places[s->home], p, m);
	if (tell_place(p, &message, &about))
		refuse(s, slot, -EAGAIN);
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

static void hear(struct spread *s, int node)
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

/* --- Changes of maps ------------------------------------------------------ */

static void look_whether_changed(struct agent *a)
{
	struct spread *s = &a->spread;
	struct change *c = &s->change;

	if (!c->under_way || c->removing)
		return;
	for (int i = 0; i < SPREAD_NODES; i++)
		if (s->places[i].answer_count)
			return;
	c->under_way = false;
	if (c->result)
		pcn_fail(&a->error, c->result, "shared memory: %s",
			 strerror(-c->result));
	if (a->current)
		operation_answer(a, a->current, c->result);
}

static bool map_of(const struct pcn_message *m, struct map *map)
{
	uint64_t address = (uint64_t)m->value[0], size = (uint64_t)m->value[1];

	*map = (struct map){.type = m->type, .prot = (int)m->value[2]};
	if (address % DSM_PAGE_SIZE || size % DSM_PAGE_SIZE || !size ||
	    address < PCN_SHARED_BASE || address > PCN_SHARED_END ||
	    size > PCN_SHARED_END - address)
		return false;
	map->page = (uint32_t)(address / DSM_PAGE_SIZE);
	map->count = (uint32_t)(size / DSM_PAGE_SIZE);
	return true;
}

static int begin_change(struct agent *a, const struct map *map, bool held)
{
	struct spread *s = &a->spread;
	struct engine *e = s->places[s->home].engine;
	int err = 0;

	if (map->type != PCN_MSG_ZERO)
		err = maps_change(s, map);
	if (!err && map->type == PCN_MSG_MAP) {
		err = pcn_engine_register(e, map->page, map->count, &a->error);
		if (!err)
			pcn_dsm_add(&e->dsm, map->page, map->count, held, 0);
	}
	if (!err && (map->type == PCN_MSG_UNMAP || map->type == PCN_MSG_ZERO)) {
		s->change.removing = true;
		pcn_dsm_remove(&e->dsm, map->page, map->count,
			       map->type == PCN_MSG_ZERO, 0);
	}
	for (int i = 0; i < SPREAD_NODES && !err; i++) {
		if (map->type == PCN_MSG_ZERO || i == s->home ||
		    s->places[i].state < PLACE_MAPPING)
			continue;
		err = tell_map(&s->places[i], map);
		if (err == -EPIPE) /* it has ended: we shall hear of that */
			err = 0;
	}
	return err;
}

static void change(struct agent *a)
{
	struct change *c = &a->spread.change;
	bool held = a->packet.m.value[3];
	struct map map;

	if (c->under_way || !map_of(&a->packet.m, &map)) {
		pcn_fail(&a->error, -EINVAL, "no such memory");
		operation_answer(a, a->current, -EINVAL);
		return;
	}
	*c = (struct change){.under_way = true};
	c->result = begin_change(a, &map, held);
	look_whether_changed(a);
}

/* A node's service thread has done what it was told. */
static void place_answers(struct agent *a, int node)
{
	struct spread *s = &a->spread;
	struct place *p = &s->places[node];
	int err = (int)a->packet.m.value[0];
	struct map about;

	if (!p->answer_count) {
		lose(a, node, "it answers what nobody asked");
		return;
	}
	about = p->answers[0];
	p->answer_count--;
	memmove(p->answers, p->answers + 1,
		p->answer_count * sizeof(*p->answers));
	if (about.type == PCN_MSG_THREAD) {
		if (err)
			refuse(s, about.page, err);
	} else {
		if (!err && about.type == PCN_MSG_MAP)
			err = pcn_engine_register(p->engine, about.page,
						  about.count, &a->error);
		if (err)
			lose(a, node, "it cannot map the program's memory");
	}
	look_whether_ready(a, node);
	look_whether_changed(a);
}

/* --- Bringing all home ---------------------------------------------------- */

/* The next page that is somewhere else; false: there is none. */
static bool next_elsewhere(struct spread *s, struct dsm *d, uint32_t *page)
{
	for (; s->gather_map < s->map_count; s->gather_map++) {
		const struct map *m = &s->maps[s->gather_map];

		for (; s->gather_page < m->count; s->gather_page++) {
			*page = m->page + s->gather_page;
			if (dsm_page_of(d, *page)->state == DSM_EXCLUSIVE &&
			    dsm_page_of(d, *page)->owner)
				return true;
		}
		s->gather_page = 0;
	}
	return false;
}

/* Nobody runs: what has come stays. */
static void gather(struct agent *a)
{
	struct spread *s = &a->spread;
	struct dsm *d = &s->places[s->home].engine->dsm;
	uint32_t page;

	while (pcn_dsm_room(d) && next_elsewhere(s, d, &page)) {
		pcn_dsm_fault(d, page, false);
		s->gather_page++;
	}
	if (s->gather_map < s->map_count || d->faults)
		return;
	s->gather_map = s->gather_page = 0;
	if (next_elsewhere(s, d, &page)) /* as it was recalled ahead */
		return;
	for (int i = 0; i < SPREAD_NODES; i++)
		if (s->places[i].state && i != s->home)
			place_failed(a, i);
	spread_end(s);
	operation_answer(a, a->current, 0);
}

static void begin_gathering(struct agent *a)
{
	struct spread *s = &a->spread;

	for (uint32_t i = 0; i < PCN_THREADS_MAX; i++)
		if (s->where[i] >= 0) {
			pcn_fail(&a->error, -EBUSY, "a thread is away");
			operation_answer(a, a->current, -EBUSY);
			return;
		}
	s->gathering = true;
	s->gather_map = s->gather_page = 0;
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
	if (p->remote || nodes->list[node].remote)
		return pcn_fail(&a->error, -EOPNOTSUPP,
				"threads do not leave their machine yet");
	if (nodes->list[p->node].emulated)
		return pcn_fail(&a->error, -EOPNOTSUPP,
				"threads do not leave an emulated node yet");
	return 0;
}

static int begin(struct agent *a)
{
	struct spread *s = &a->spread;
	int err;

	if (spread_is_on(s))
		return 0;
	s->home = a->current->node;
	err = open_place(a, s->home);
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
	err = open_place(a, node);
	if (!err) {
		place->process = process_start(a, node, PCN_ROLE_NODE);
		err = place->process ? 0 : -ENOEXEC;
	}
	if (err)
		place_failed(a, node);
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
		if (send_files(a, &a->spread.places[a->spread.home],
			       PCN_MSG_ANSWER))
			lose(a, p->node, "it is out of reach");
		return true;
	case PCN_MSG_SHARED:
		home_shared(a, p);
		return true;
	case PCN_MSG_GATHER:
		begin_gathering(a);
		return true;
	case PCN_MSG_MAP:
	case PCN_MSG_UNMAP:
	case PCN_MSG_PROTECT:
	case PCN_MSG_ZERO:
		change(a);
		return true;
	default:
		return false;
	}
}

bool spread_message(struct agent *a, struct process *p)
{
	struct spread *s = &a->spread;
	int node = place_of(s, p);

	if (a->packet.m.type == PCN_MSG_ASK_THREAD && !spread_is_on(s)) {
		ask_thread(a, p);
		return true;
	}
	if (node < 0)
		return false;
	if (node == s->home)
		return home_message(a, p);
	switch (a->packet.m.type) {
	case PCN_MSG_READY:
		if (send_files(a, &s->places[node], PCN_MSG_SHARE))
			place_failed(a, node);
		break;
	case PCN_MSG_SHARED:
		place_says_shared(a, node);
		break;
	case PCN_MSG_ANSWER:
		place_answers(a, node);
		break;
	case PCN_MSG_FAILED:
		pcn_fail(&a->error, (int)a->packet.m.value[0],
			 "node %s: its process cannot begin", name_of(a, node));
		place_failed(a, node);
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

/* --- The loop ------------------------------------------------------------- */

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

	if (!spread_is_on(s) || s->places[s->home].process != p)
		return;
	for (int i = 0; i < SPREAD_NODES; i++)
		if (s->places[i].state && i != s->home)
			place_failed(a, i);
	spread_end(s);
}

void spread_process_gone(struct agent *a, struct process *p, int status)
{
	struct spread *s = &a->spread;
	int node = place_of(s, p);
	bool was_there = false;

	if (node < 0 || node == s->home)
		return;
	for (uint32_t i = 0; i < PCN_THREADS_MAX; i++)
		was_there |= s->where[i] == node;
	if (s->places[node].state == PLACE_READY)
		pcn_dsm_node_lost(&s->places[s->home].engine->dsm,
				  dsm_node(s, node));
	if (was_there && is_own_doing(status) && a->current) {
		s->died_of = WTERMSIG(status);
		process_signal(a, a->current, SIGKILL, NULL);
	} else if (was_there || s->pages_lost)
		lose(a, node,
		     "its process ended, and with it a part of the "
		     "program");
	else
		pcn_fail(&a->error, -EPIPE,
			 "node %s: its process ended before it was ready",
			 name_of(a, node));
	s->places[node].process = NULL;
	place_failed(a, node);
}

int spread_poll(const struct spread *s, struct pollfd *list)
{
	int n = 0;

	for (int i = 0; i < SPREAD_NODES; i++) {
		const struct place *p = &s->places[i];

		if (!p->state)
			continue;
		list[n++] = (struct pollfd){p->bell[0], POLLIN, 0};
		list[n++] =
			(struct pollfd){pcn_engine_fd(p->engine), POLLIN, 0};
	}
	return n;
}

static bool run_engines(struct agent *a)
{
	struct spread *s = &a->spread;
	bool worked = false;

	for (int i = 0; i < SPREAD_NODES; i++) {
		struct place *p = &s->places[i];

		if (!p->state)
			continue;
		hear(s, i);
		if (pcn_engine_run(p->engine, 0))
			lose(a, i, p->engine->error.text);
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
	look_whether_changed(a);
	look_after_wish(a);
	if (s->gathering)
		gather(a);
	/* Without it the program cannot go on. */
	if (a->lost && a->current && !a->current->reaped)
		process_signal(a, a->current, SIGKILL, NULL);
}
