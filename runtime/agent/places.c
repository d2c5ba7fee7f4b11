/*
 * places.c - the nodes that a program's threads may go to: their files,
 * engines, processes.  A node's process comes up when the first thread wants to
 * it, and stays while memory is shared.
 */
#define _GNU_SOURCE
#include "spread.h"
#include "agent.h"
#include "operation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FIRST_PAGE (PCN_SHARED_BASE / DSM_PAGE_SIZE)
#define PAGE_COUNT ((PCN_SHARED_END - PCN_SHARED_BASE) / DSM_PAGE_SIZE)

void place_close(struct place *p)
{
	if (p->engine) {
		pcn_engine_close(p->engine);
		free(p->engine);
	}
	if (p->mails)
		munmap(p->mails, PCN_MAIL_SIZE);
	if (p->state && !p->far) {
		close(p->mails_fd);
		close(p->bell[0]);
		close(p->bell[1]);
	}
	free(p->answers.list);
	memset(p, 0, sizeof(*p));
}

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
int place_open(struct agent *a, int node)
{
	struct spread *s = &a->spread;
	struct place *p = &s->places[node];
	const struct engine_callbacks callbacks = {
		.done = change_done, .lost = page_lost, .alone = true};
	void *mails;
	int err;

	if (a->options->nodes.list[node].remote) {
		p->far = true;
		p->state = PLACE_STARTING;
		return 0;
	}
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
		place_close(p);
		return pcn_fail(&a->error, -ENOMEM, "no memory for threads");
	}
	p->mails = mails;
	err = pcn_engine_create(p->engine, spread_dsm_node(s, node),
				(unsigned)a->options->nodes.count, FIRST_PAGE,
				PAGE_COUNT, node == s->home ? &callbacks : NULL,
				a, &a->error);
	if (err) {
		free(p->engine);
		p->engine = NULL;
		place_close(p);
	}
	return err;
}

/* Memory, mails, doorbell; an emulator's process cannot make the userfaultfd
 * that it answers with. */
int place_send_files(struct agent *a, struct place *p,
		     enum pcn_message_type type)
{
	const struct userfaults *u = process_userfaults(p->process);
	const struct pcn_message m = {
		.type = type,
		.value = {0, u->emulated && u->shared < 0 ? u->shared
							  : u->user_mode_only}};
	const int fds[4] = {p->engine->window.memfd, p->mails_fd, p->bell[1],
			    u->shared};
	int err = packet_send(p->process->channel, &m, NULL, fds,
			      u->emulated && u->shared >= 0 ? 4 : 3);

	return err ? pcn_fail(&a->error, err, "channel: %s", strerror(-err))
		   : 0;
}

/* To a node's service thread, whose answer is about *about. */
static int tell(struct place *p, const struct pcn_message *m,
		const struct map *about, const struct map_file *file)
{
	int err;

	err = maps_insert(&p->answers, p->answers.count, about);
	if (err)
		return err;
	/* A file is for processes of this machine. */
	err = file ? packet_send(p->process->channel, m, NULL, &file->fd, 1)
		   : process_send(p->process, m, NULL);
	if (err)
		p->answers.count--;
	return err;
}

int place_tell(struct place *p, const struct pcn_message *m,
	       const struct map *about)
{
	return tell(p, m, about, NULL);
}

int place_tell_map(struct place *p, const struct map *map)
{
	const struct pcn_message m = {
		.type = map->type,
		.value = {(int64_t)map->page * DSM_PAGE_SIZE,
			  (int64_t)map->count * DSM_PAGE_SIZE, map->prot,
			  (int64_t)map->offset}};
	struct map about = *map;

	about.file = NULL;
	return tell(p, &m, &about, map->file);
}

/* --- Links ---------------------------------------------------------------- */

/* Words are short, and there is a reserve for them. */
bool place_has_room(const struct place *p)
{
	return !p->link || pcn_link_room(p->link) > WIRE_RESERVE / 2;
}

/* The part of a list of bytes that is [from, from + size). */
static int cut(struct iovec *out, const struct iovec *parts, int count,
	       size_t from, size_t size)
{
	int n = 0;

	for (int i = 0; i < count && size; i++) {
		size_t skip = from < parts[i].iov_len ? from : parts[i].iov_len;
		size_t here = parts[i].iov_len - skip;

		from -= skip;
		if (here > size)
			here = size;
		if (!here)
			continue;
		out[n++] =
			(struct iovec){(char *)parts[i].iov_base + skip, here};
		size -= here;
	}
	return n;
}

static ssize_t send_pages(void *context, const struct iovec *parts, int count)
{
	const struct place *p = context;
	struct iovec piece[2];
	size_t all = 0, sent = 0;

	for (int i = 0; i < count; i++)
		all += parts[i].iov_len;
	while (sent < all) {
		size_t room, n;
		int err;

		if (!p->link)
			return -EPIPE;
		room = pcn_link_room(p->link);
		if (room <= WIRE_RESERVE)
			return sent ? (ssize_t)sent : -EAGAIN;
		n = room - WIRE_RESERVE;
		if (n > WIRE_PAGES_MAX)
			n = WIRE_PAGES_MAX;
		if (n > all - sent)
			n = all - sent;
		err = wire_send_pages(p->link, piece,
				      cut(piece, parts, count, sent, n));
		if (err)
			return err;
		sent += n;
	}
	return (ssize_t)sent;
}

int place_link_way(struct engine *e, unsigned dsm_node, struct place *p,
		   struct error *error)
{
	const struct peer_way way = {send_pages, p};

	return pcn_engine_link_way(e, dsm_node, &way, error);
}

/* --- Ends ----------------------------------------------------------------- */

/* Nothing that this program had there can be had any more, and without it the
 * program cannot go on. */
void spread_lose(struct agent *a, int node, const char *why)
{
	if (a->lost)
		return;
	a->lost = true;
	pcn_fail(&a->why_lost, -EPIPE, "node %s: %.900s",
		 spread_node_name(a, node), why);
	if (a->current && !a->current->reaped)
		process_signal(a, a->current, SIGKILL, NULL);
}

static void answer_asker(struct agent *a, int node, int result)
{
	struct spread *s = &a->spread;

	if (!s->asker || s->asked_node != node)
		return;
	operation_answer(a, s->asker, result);
	s->asker = NULL;
}

void place_failed(struct agent *a, int node, int err)
{
	struct spread *s = &a->spread;
	struct place *p = &s->places[node];

	if (p->state >= PLACE_MAPPING && s->places[s->home].engine)
		pcn_engine_unlink(s->places[s->home].engine,
				  spread_dsm_node(s, node));
	if (p->process && p->process->used)
		process_drop(a, p->process, true);
	place_close(p);
	/* Threads that were there are nowhere now, and their shadows' words
	 * for nobody. */
	for (uint32_t i = 0; i < PCN_THREADS_MAX; i++)
		if (s->where[i] == node)
			s->where[i] = -1;
	answer_asker(a, node, err);
}

void place_look_whether_ready(struct agent *a, int node)
{
	struct place *p = &a->spread.places[node];

	if (p->state != PLACE_MAPPING || p->answers.count)
		return;
	p->state = PLACE_READY;
	answer_asker(a, node, 0);
}

/* --- The process ---------------------------------------------------------- */

int place_attach(struct agent *a, int node)
{
	struct place *p = &a->spread.places[node];
	int64_t err = a->packet.m.value[0];
	int fd = packet_take_fd(&a->packet);

	if (fd < 0)
		return pcn_fail(&a->error, err < 0 ? (int)err : -EPROTO,
				"node %s: userfaultfd: %s",
				spread_node_name(a, node),
				strerror(err < 0 ? (int)-err : EPROTO));
	return pcn_engine_attach(p->engine, fd, &a->error);
}

/* The node's process has its files, its engine its userfaultfd. */
static int place_shared(struct agent *a, int node)
{
	struct spread *s = &a->spread;
	struct place *p = &s->places[node];
	int err;

	p->state = PLACE_MAPPING;
	err = p->far ? place_link_way(s->places[s->home].engine,
				      spread_dsm_node(s, node), p, &a->error)
		     : pcn_engine_link_pair(s->places[s->home].engine,
					    p->engine, &a->error);
	for (uint32_t i = 0; i < s->maps.count && !err; i++)
		err = place_tell_map(p, &s->maps.list[i]);
	if (!err)
		place_look_whether_ready(a, node);
	return err;
}

void place_says_shared(struct agent *a, int node)
{
	struct place *p = &a->spread.places[node];
	int err = 0;

	if (p->state != PLACE_STARTING)
		return;
	if (!p->far)
		err = place_attach(a, node);
	if (!err)
		err = place_shared(a, node);
	if (err)
		place_failed(a, node, err);
}
