/*
 * The origin's directory: one transaction per page at a time.
 *
 * A request is served at once if nobody has to answer first; else a struct
 * dsm_work waits for the answers and keeps the requests that come meanwhile.
 * Whenever the page is free again they are served in order.
 */
#include "protocol.h"

#include <errno.h>
#include <string.h>

/* --- Transactions and the requests that wait ------------------------------ */

static uint32_t work_new(struct dsm *d, uint32_t page)
{
	uint32_t i = d->free_work;

	dsm_assert(i); /* the bounds on requests see to it */
	d->free_work = d->works[i].next_free;
	d->works[i] = (struct dsm_work){.page = page, .kind = DSM_WORK_PARKED};
	dsm_page_of(d, page)->work = i;
	return i;
}

static void work_free(struct dsm *d, uint32_t i)
{
	dsm_page_of(d, d->works[i].page)->work = 0;
	d->works[i].kind = DSM_WORK_FREE;
	d->works[i].next_free = d->free_work;
	d->free_work = i;
}

static void enqueue(struct dsm *d, uint32_t work, unsigned node, bool write)
{
	struct dsm_work *w = &d->works[work];
	uint32_t i = d->free_request;

	dsm_assert(i);
	d->free_request = d->requests[i].next;
	d->requests[i] = (struct dsm_request){0, (uint8_t)node, write};
	if (w->tail)
		d->requests[w->tail].next = i;
	else
		w->head = i;
	w->tail = i;
}

static struct dsm_request dequeue(struct dsm *d, struct dsm_work *w)
{
	uint32_t i = w->head;
	struct dsm_request r = d->requests[i];

	w->head = r.next;
	if (!w->head)
		w->tail = 0;
	d->requests[i].next = d->free_request;
	d->free_request = i;
	return r;
}

/* --- Answers to requests -------------------------------------------------- */

void dsm_send_grant(struct dsm *d, unsigned node, bool write,
		    struct dsm_message *m, const unsigned char *data)
{
	m->type = write ? DSM_GRANT_WRITE : DSM_GRANT_READ;
	if (node)
		dsm_send(d, node, m, data);
	else if (write)
		dsm_granted_write(d, m, data);
	else
		dsm_granted_read(d, m, data);
}

/* data, or zero, or neither: the node holds the page. */
static void grant(struct dsm *d, unsigned node, uint32_t page, bool write,
		  const unsigned char *data, bool zero)
{
	struct dsm_message m = {.flags = data ? DSM_WITH_DATA : 0,
				.page = page,
				.mask = 1,
				.zero = zero};

	d->requested[node]--;
	dsm_send_grant(d, node, write, &m, data);
}

static void refuse(struct dsm *d, unsigned node, uint32_t page, bool write,
		   bool is_lost)
{
	struct dsm_message m = {.type = DSM_REFUSED, .page = page};

	d->requested[node]--;
	m.flags = (uint8_t)((write ? DSM_FOR_WRITE : 0) |
			    (is_lost ? DSM_IS_LOST : 0));
	if (node)
		dsm_send(d, node, &m, NULL);
	else
		dsm_refused(d, &m);
}

/* --- Serving a request ---------------------------------------------------- */

void dsm_await(struct dsm *d, uint32_t page, unsigned kind, unsigned node,
	       uint64_t nodes)
{
	struct dsm_page *p = dsm_page_of(d, page);
	struct dsm_work *w = &d->works[p->work ? p->work : work_new(d, page)];

	p->flags |= DSM_BUSY;
	w->kind = (uint8_t)kind;
	w->node = (uint8_t)node;
	w->home = false;
	w->waiting = nodes;
}

void dsm_recall(struct dsm *d, unsigned from, uint32_t page, unsigned type,
		uint64_t mask, bool data)
{
	struct dsm_message m = {.type = (uint8_t)type,
				.flags = data ? DSM_WITH_DATA : 0,
				.page = page,
				.mask = mask};

	dsm_send(d, from, &m, NULL);
}

static void serve_read(struct dsm *d, unsigned node, uint32_t page)
{
	struct dsm_page *p = dsm_page_of(d, page);

	if (p->state == DSM_EXCLUSIVE && p->owner && p->owner != node) {
		dsm_await(d, page, DSM_WORK_READ, node, dsm_bit(p->owner));
		dsm_recall(d, p->owner, page, DSM_DOWNGRADE, 1, true);
		return;
	}
	if ((p->state == DSM_EXCLUSIVE && p->owner == node) ||
	    (p->readers & dsm_bit(node))) {
		grant(d, node, page, false, NULL, false);
		return;
	}
	if (p->state == DSM_ZERO) {
		p->readers |= dsm_bit(node);
		grant(d, node, page, false, NULL, true);
		return;
	}
	if (p->state == DSM_EXCLUSIVE) {
		DSM_OP(d, protect, page, 1);
		p->right = DSM_READABLE;
		p->state = DSM_SHARED;
		p->readers = dsm_bit(0);
	}
	p->readers |= dsm_bit(node);
	DSM_OP(d, copy_out, page, 1, d->buffer);
	grant(d, node, page, false, d->buffer, false);
}

void dsm_make_exclusive(struct dsm *d, unsigned node, uint32_t page,
			uint32_t count)
{
	struct dsm_page *p = dsm_page_of(d, page);

	for (uint32_t i = 0; i < count; i++) {
		p[i].state = DSM_EXCLUSIVE;
		p[i].owner = (uint8_t)node;
		p[i].readers = 0;
	}
}

/* Every other copy but the origin's own is gone. */
static void finish_write(struct dsm *d, unsigned node, uint32_t page,
			 bool ahead)
{
	struct dsm_message m = {.flags = DSM_UNASKED, .page = page, .mask = 1};
	struct dsm_page *p = dsm_page_of(d, page);
	bool had = p->readers & dsm_bit(node);
	bool zero = p->state == DSM_ZERO;
	unsigned char *data = had || zero ? NULL : d->buffer;

	if (node && (p->readers & dsm_bit(0)))
		dsm_take_here(d, page, 1, data);
	dsm_make_exclusive(d, node, page, 1);
	if (!ahead) {
		grant(d, node, page, true, data, zero && !had);
		return;
	}
	m.flags |= had ? DSM_HAVE : data ? DSM_WITH_DATA : 0;
	m.zero = zero && !had;
	d->recalled[node]--;
	dsm_send_grant(d, node, true, &m, data);
}

static void serve_write(struct dsm *d, unsigned node, uint32_t page)
{
	struct dsm_page *p = dsm_page_of(d, page);
	uint64_t others;

	if (p->state == DSM_EXCLUSIVE && p->owner == node) {
		grant(d, node, page, true, NULL, false);
		return;
	}
	if (p->state == DSM_EXCLUSIVE && p->owner) {
		dsm_await(d, page, DSM_WORK_WRITE, node, dsm_bit(p->owner));
		dsm_recall(d, p->owner, page, DSM_INVALIDATE, 1, true);
		return;
	}
	if (p->state == DSM_EXCLUSIVE) {
		dsm_take_here(d, page, 1, d->buffer);
		p->owner = (uint8_t)node;
		grant(d, node, page, true, d->buffer, false);
		return;
	}
	others = p->readers & ~dsm_bit(node) & ~dsm_bit(0);
	if (!others) {
		finish_write(d, node, page, false);
		return;
	}
	dsm_await(d, page, DSM_WORK_WRITE, node, others);
	for (; others; others &= others - 1)
		dsm_recall(d, (unsigned)__builtin_ctzll(others), page,
			   DSM_INVALIDATE, 1, false);
}

static void serve(struct dsm *d, unsigned node, uint32_t page, bool write)
{
	struct dsm_page *p = dsm_page_of(d, page);

	if (!dsm_is_alive(d, node))
		d->requested[node]--;
	else if (!dsm_is_added(d, page))
		refuse(d, node, page, write, false);
	else if (p->state == DSM_GONE)
		refuse(d, node, page, write, true);
	else if (write)
		serve_write(d, node, page);
	else
		serve_read(d, node, page);
}

void dsm_request(struct dsm *d, unsigned node, uint32_t page, bool write)
{
	struct dsm_page *p = dsm_page_of(d, page);

	d->requested[node]++;
	if (!p->work && !(p->flags & DSM_REMOVING)) {
		serve(d, node, page, write);
		return;
	}
	enqueue(d, p->work ? p->work : work_new(d, page), node, write);
}

static void serve_queue(struct dsm *d, uint32_t work)
{
	struct dsm_work *w = &d->works[work];
	struct dsm_page *p = dsm_page_of(d, w->page);

	while (w->head && !(p->flags & DSM_BUSY)) {
		struct dsm_request r = dequeue(d, w);

		serve(d, r.node, w->page, r.write);
	}
	if (!(p->flags & DSM_BUSY))
		work_free(d, work);
}

/* The transaction is over: on to the requests that wait. */
static void finish(struct dsm *d, uint32_t work)
{
	struct dsm_work *w = &d->works[work];
	struct dsm_page *p = dsm_page_of(d, w->page);
	uint32_t page = w->page;

	p->flags &= (uint8_t)~DSM_BUSY;
	w->kind = DSM_WORK_PARKED;
	if (!(p->flags & DSM_REMOVING)) {
		serve_queue(d, work);
		return;
	}
	if (!w->head)
		work_free(d, work);
	dsm_range_page_finished(d, page);
}

void dsm_unpark(struct dsm *d, uint32_t work)
{
	if (d->works[work].kind == DSM_WORK_PARKED)
		serve_queue(d, work);
}

/* The contents are at home: serve the transaction's request from here.  Queued
 * ones keep waiting, so finish() must follow. */
static void serve_from_home(struct dsm *d, uint32_t work)
{
	struct dsm_work *w = &d->works[work];

	if (w->kind >= DSM_WORK_AHEAD) {
		struct dsm_message left = {
			.flags = DSM_UNASKED, .page = w->page, .left = 1};

		d->recalled[w->node]--;
		if (dsm_is_alive(d, w->node))
			dsm_send_grant(d, w->node, false, &left, NULL);
	} else {
		serve(d, w->node, w->page, w->kind == DSM_WORK_WRITE);
	}
}

/* --- Answers to recalls --------------------------------------------------- */

/* A node has answered for this page, without contents: a reader's copy is gone,
 * or what it held has come home before. */
static void answered_empty(struct dsm *d, unsigned from, uint32_t work)
{
	struct dsm_work *w = &d->works[work];
	struct dsm_page *p = dsm_page_of(d, w->page);
	bool ahead = w->kind == DSM_WORK_AHEAD_WRITE;

	w->waiting &= ~dsm_bit(from);
	p->readers &= ~dsm_bit(from);
	if (w->waiting)
		return;
	if (w->home)
		serve_from_home(d, work);
	else if (dsm_is_alive(d, w->node))
		finish_write(d, w->node, w->page, ahead);
	else if (ahead)
		d->recalled[w->node]--;
	else
		d->requested[w->node]--;
	finish(d, work);
}

/* Nobody is there any more to whom it could go. */
static void keep_here(struct dsm *d, uint32_t page, const unsigned char *data)
{
	struct dsm_page *p = dsm_page_of(d, page);

	p->owner = 0;
	p->right = DSM_WRITABLE;
	DSM_OP(d, install, page, 1, data, DSM_WRITABLE, true);
}

/* The owner has given up the page to a writer. */
static void answered_invalidate(struct dsm *d, uint32_t work,
				const unsigned char *data)
{
	struct dsm_work *w = &d->works[work];
	struct dsm_page *p = dsm_page_of(d, w->page);

	if (dsm_is_alive(d, w->node)) {
		p->owner = w->node;
		grant(d, w->node, w->page, true, data, false);
	} else {
		d->requested[w->node]--;
		keep_here(d, w->page, data);
	}
	finish(d, work);
}

/* The same of pages that one node wanted ahead. */
static void answered_invalidate_ahead(struct dsm *d,
				      const struct dsm_message *m,
				      const unsigned char *data)
{
	struct dsm_message g = {.flags = DSM_UNASKED | DSM_WITH_DATA,
				.page = m->page,
				.mask = m->mask & ~m->left};
	uint32_t first = (uint32_t)__builtin_ctzll(g.mask);
	unsigned node = d->works[dsm_page_of(d, m->page + first)->work].node;
	bool alive = dsm_is_alive(d, node);

	if (alive)
		dsm_send_grant(d, node, true, &g, data);
	for (uint64_t left = g.mask; left; left &= left - 1) {
		uint32_t page = m->page + (uint32_t)__builtin_ctzll(left);
		struct dsm_page *p = dsm_page_of(d, page);

		d->recalled[node]--;
		if (alive)
			p->owner = (uint8_t)node;
		else
			keep_here(d, page, data);
		data += DSM_PAGE_SIZE;
		finish(d, p->work);
	}
}

/*
 * An owner may only read these pages any more.  The origin keeps a copy of each
 * (later readers need no recall); those that one node wanted ahead go to it
 * with one message.
 */
static void answered_downgrade(struct dsm *d, unsigned from,
			       const struct dsm_message *m,
			       const unsigned char *data)
{
	uint64_t mask = m->mask & ~m->left, left = mask;
	uint32_t at = 0, length, first = (uint32_t)__builtin_ctzll(mask);
	unsigned node = d->works[dsm_page_of(d, m->page + first)->work].node;
	bool ahead = true;

	for (; left; left &= left - 1) {
		uint32_t page = m->page + (uint32_t)__builtin_ctzll(left);
		struct dsm_page *p = dsm_page_of(d, page);
		struct dsm_work *w = &d->works[p->work];

		if (w->kind != DSM_WORK_AHEAD || w->node != node)
			ahead = false;
		p->state = DSM_SHARED;
		p->readers = dsm_bit(0) | dsm_bit(from);
	}
	if (ahead && !node) {
		struct dsm_message g = {.flags = DSM_UNASKED | DSM_WITH_DATA,
					.page = m->page,
					.mask = mask};

		dsm_send_grant(d, 0, false, &g, data);
	} else {
		const unsigned char *at_data = data;

		for (; dsm_next_run(mask, &at, &length); at += length) {
			for (uint32_t i = at; i < at + length; i++)
				dsm_page_of(d, m->page + i)->right =
					DSM_READABLE;
			DSM_OP(d, install, m->page + at, length, at_data,
			       DSM_READABLE, true);
			at_data += (size_t)length * DSM_PAGE_SIZE;
		}
		if (ahead && dsm_is_alive(d, node)) {
			struct dsm_message g = {.flags = DSM_UNASKED |
							 DSM_WITH_DATA,
						.page = m->page,
						.mask = mask};

			dsm_send_grant(d, node, false, &g, data);
		}
	}
	for (left = mask; left; left &= left - 1, data += DSM_PAGE_SIZE) {
		uint32_t page = m->page + (uint32_t)__builtin_ctzll(left);
		struct dsm_page *p = dsm_page_of(d, page);
		uint32_t work = p->work;
		struct dsm_work *w = &d->works[work];

		if (ahead) {
			d->recalled[w->node]--;
			if (dsm_is_alive(d, w->node))
				p->readers |= dsm_bit(w->node);
		} else {
			serve_from_home(d, work);
		}
		finish(d, work);
	}
}

/* Whether a node may give this answer for this page. */
static bool awaited(struct dsm *d, unsigned from, uint32_t page, bool absent,
		    bool data, bool alone)
{
	struct dsm_page *p = dsm_page_of(d, page);
	struct dsm_work *w = &d->works[p->work];

	if (!(p->flags & DSM_BUSY) || !(w->waiting & dsm_bit(from)))
		return false;
	if (p->state == DSM_EXCLUSIVE && !w->home)
		return !absent && data && (alone || w->kind != DSM_WORK_WRITE);
	/* An invalidated reader, or an owner whose contents came before. */
	return w->home ? absent
		       : !absent && !data &&
				 (alone || w->kind == DSM_WORK_AHEAD_WRITE);
}

/* The transaction of the first page that is not in left; others' are of its
 * kind, too, or -EPROTO. */
static int answered_work(struct dsm *d, const struct dsm_message *m)
{
	uint64_t rest = m->mask & ~m->left;
	const struct dsm_page *p =
		dsm_page_of(d, m->page) + __builtin_ctzll(rest);
	const struct dsm_work *first = &d->works[p->work];

	for (; rest; rest &= rest - 1) {
		const struct dsm_work *w;

		p = dsm_page_of(d, m->page) + __builtin_ctzll(rest);
		w = &d->works[p->work];
		if (w->kind == first->kind && w->node == first->node)
			continue;
		if (w->kind == DSM_WORK_AHEAD_WRITE ||
		    first->kind == DSM_WORK_AHEAD_WRITE)
			return -EPROTO;
	}
	return (int)(first - d->works);
}

int dsm_acknowledged(struct dsm *d, unsigned from, const struct dsm_message *m,
		     const unsigned char *data)
{
	bool with_data = m->flags & DSM_WITH_DATA;
	uint64_t empty = with_data ? m->left : m->mask;
	uint32_t at = 0, length;
	int work = 0;

	if (!dsm_in_window(d, m->page, 64 - (uint32_t)__builtin_clzll(m->mask)))
		return -EPROTO;
	for (; dsm_next_run(m->mask, &at, &length); at += length)
		for (uint32_t i = at; i < at + length; i++)
			if (!awaited(d, from, m->page + i, m->left & dsm_bit(i),
				     with_data, m->mask == 1))
				return -EPROTO;
	if (m->mask != m->left)
		work = answered_work(d, m);
	if (work < 0)
		return work;
	for (at = 0; dsm_next_run(empty, &at, &length); at += length)
		for (uint32_t i = at; i < at + length; i++)
			answered_empty(d, from,
				       dsm_page_of(d, m->page + i)->work);
	if (m->mask == empty)
		return 0;
	if (d->works[work].kind == DSM_WORK_WRITE)
		answered_invalidate(d, (uint32_t)work, data);
	else if (d->works[work].kind == DSM_WORK_AHEAD_WRITE)
		answered_invalidate_ahead(d, m, data);
	else
		answered_downgrade(d, from, m, data);
	return 0;
}

/* --- Pushed pages --------------------------------------------------------- */

/* One page that `from` gave up; true: it goes on to its target. */
static bool pushed_page(struct dsm *d, unsigned target, uint32_t page,
			const unsigned char *data)
{
	struct dsm_page *p = dsm_page_of(d, page);

	if (p->flags & DSM_BUSY) {
		/* Recalled meanwhile: the answer to that comes behind this. */
		d->works[p->work].home = true;
	} else if (p->flags & DSM_REMOVING) {
		p->state = DSM_ZERO;
		p->owner = 0;
		return false;
	} else if (target && dsm_is_alive(d, target)) {
		p->owner = (uint8_t)target;
		return true;
	}
	keep_here(d, page, data);
	return false;
}

static bool may_have_pushed(struct dsm *d, unsigned from, uint32_t page)
{
	struct dsm_page *p;

	if (!dsm_in_window(d, page, 1))
		return false;
	p = dsm_page_of(d, page);
	/* A removal forgets owners before they have heard of it. */
	return (p->state == DSM_ZERO && (p->flags & DSM_REMOVING)) ||
	       (p->state == DSM_EXCLUSIVE && p->owner == from);
}

int dsm_pushed(struct dsm *d, unsigned from, const struct dsm_message *m,
	       const unsigned char *data)
{
	uint32_t list[DSM_RUN_MAX];
	struct dsm_message give = {
		.type = DSM_GIVE, .node = m->node, .list = list};
	int err = 0;

	if (m->node >= d->config.nodes || m->node == from)
		return -EPROTO;
	for (uint32_t i = 0; i < m->count; i++) {
		const unsigned char *page = data + (size_t)i * DSM_PAGE_SIZE;

		if (!may_have_pushed(d, from, m->list[i])) {
			err = -EPROTO; /* those before go on all the same */
			break;
		}
		if (!pushed_page(d, m->node, m->list[i], page))
			continue;
		memcpy(d->buffer + (size_t)give.count * DSM_PAGE_SIZE, page,
		       DSM_PAGE_SIZE);
		list[give.count++] = m->list[i];
	}
	if (give.count)
		dsm_send(d, m->node, &give, d->buffer);
	return err;
}

/* --- Lost nodes ----------------------------------------------------------- */

/* Called when the directory has forgotten the node. */
void dsm_work_node_lost(struct dsm *d, unsigned node)
{
	for (uint32_t i = 1; i < d->work_count; i++) {
		struct dsm_work *w = &d->works[i];
		struct dsm_page *p;

		if (w->kind <= DSM_WORK_PARKED || !(w->waiting & dsm_bit(node)))
			continue;
		p = dsm_page_of(d, w->page);
		if (p->state == DSM_GONE) {
			/* It was the owner. */
			w->waiting = 0;
			serve_from_home(d, i);
			finish(d, i);
		} else {
			answered_empty(d, node, i);
		}
	}
}
