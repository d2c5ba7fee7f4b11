/* Ranges that come and go, and nodes that are lost. */
#include "protocol.h"

#include <errno.h>

/* --- Which pages there are ------------------------------------------------ */

bool dsm_is_added(const struct dsm *d, uint32_t page)
{
	uint32_t i = page - d->config.first_page;

	return d->added[i / 64] & dsm_bit(i % 64);
}

static void set_added(struct dsm *d, uint32_t page, uint32_t count, bool added)
{
	uint32_t i = page - d->config.first_page, end = i + count;

	while (i < end) {
		uint32_t bits = 64 - i % 64;
		uint64_t mask;

		if (bits > end - i)
			bits = end - i;
		mask = (bits == 64 ? ~(uint64_t)0 : dsm_bit(bits) - 1)
		       << i % 64;
		if (added)
			d->added[i / 64] |= mask;
		else
			d->added[i / 64] &= ~mask;
		i += bits;
	}
}

static bool any_added(const struct dsm *d, uint32_t page, uint32_t count)
{
	uint32_t i = page - d->config.first_page, end = i + count;

	for (; i < end; i++) {
		while (i % 64 == 0 && end - i >= 64 && !d->added[i / 64])
			i += 64;
		if (i < end && (d->added[i / 64] & dsm_bit(i % 64)))
			return true;
	}
	return false;
}

static void done(struct dsm *d, unsigned asker, uint64_t cookie, int result)
{
	struct dsm_message m = {
		.type = DSM_DONE, .count = (uint32_t)-result, .cookie = cookie};

	if (!asker)
		DSM_OP(d, done, cookie, result);
	else if (dsm_is_alive(d, asker))
		dsm_send(d, asker, &m, NULL);
}

/* --- Adding --------------------------------------------------------------- */

void dsm_range_add(struct dsm *d, unsigned asker, uint32_t page, uint32_t count,
		   bool held, uint64_t cookie)
{
	if (!dsm_in_window(d, page, count)) {
		done(d, asker, cookie, -EINVAL);
		return;
	}
	/* A range under removal is there until all have dropped it. */
	if (any_added(d, page, count)) {
		done(d, asker, cookie, -EEXIST);
		return;
	}
	set_added(d, page, count, true);
	if (held)
		for (uint32_t i = 0; i < count; i++) {
			struct dsm_page *p = dsm_page_of(d, page + i);

			p->state = DSM_EXCLUSIVE;
			p->owner = 0;
			p->right = DSM_WRITABLE;
		}
	done(d, asker, cookie, 0);
}

/* --- Removing ------------------------------------------------------------- */

static bool overlap(const struct dsm_removal *a, const struct dsm_removal *b)
{
	return a->page < b->page + b->count && b->page < a->page + a->count;
}

static bool must_wait(struct dsm *d, const struct dsm_removal *r)
{
	for (uint32_t i = 0; i < DSM_REMOVALS_MAX; i++) {
		const struct dsm_removal *o = &d->removals[i];

		if (o != r && o->phase && o->order < r->order && overlap(o, r))
			return true;
	}
	return false;
}

static void start_queued(struct dsm *d);

static void end_removal(struct dsm *d, struct dsm_removal *r)
{
	struct dsm_removal was = *r;

	r->phase = DSM_REMOVAL_FREE;
	for (uint32_t i = 0; i < was.count; i++) {
		struct dsm_page *p = dsm_page_of(d, was.page + i);

		p->flags &= (uint8_t)~DSM_REMOVING;
	}
	if (!was.keep)
		set_added(d, was.page, was.count, false);
	done(d, was.asker, was.cookie, 0);
	/* Requests that waited come before removals that did. */
	for (uint32_t i = 0; i < was.count; i++)
		if (dsm_page_of(d, was.page + i)->work)
			dsm_unpark(d, dsm_page_of(d, was.page + i)->work);
	start_queued(d);
}

/* No transaction is left: whoever holds a page drops it. */
static void drop(struct dsm *d, struct dsm_removal *r)
{
	struct dsm_message m = {.type = DSM_DROP,
				.page = r->page,
				.count = r->count,
				.cookie = (uint64_t)(r - d->removals)};
	uint64_t holders = 0;

	for (uint32_t i = 0; i < r->count; i++) {
		struct dsm_page *p = dsm_page_of(d, r->page + i);

		holders |= p->readers;
		if (p->state == DSM_EXCLUSIVE)
			holders |= dsm_bit(p->owner);
		if (p->state || p->readers) {
			p->state = DSM_ZERO;
			p->readers = 0;
			p->owner = 0;
		}
	}
	r->phase = DSM_REMOVAL_DROPPING;
	r->waiting = holders & ~dsm_bit(0) & d->alive;
	for (uint64_t left = r->waiting; left; left &= left - 1)
		dsm_send(d, (unsigned)__builtin_ctzll(left), &m, NULL);
	if (holders & dsm_bit(0))
		dsm_drop_here(d, r->page, r->count);
	if (!r->waiting)
		end_removal(d, r);
}

static void start(struct dsm *d, struct dsm_removal *r)
{
	r->phase = DSM_REMOVAL_FINISHING;
	r->busy = 0;
	for (uint32_t i = 0; i < r->count; i++) {
		struct dsm_page *p = dsm_page_of(d, r->page + i);

		p->flags |= DSM_REMOVING;
		r->busy += !!(p->flags & DSM_BUSY);
	}
	if (!r->busy)
		drop(d, r);
}

static void start_queued(struct dsm *d)
{
	for (uint32_t i = 0; i < DSM_REMOVALS_MAX; i++) {
		struct dsm_removal *r = &d->removals[i];

		if (r->phase == DSM_REMOVAL_QUEUED && !must_wait(d, r))
			start(d, r);
	}
}

void dsm_range_page_finished(struct dsm *d, uint32_t page)
{
	for (uint32_t i = 0; i < DSM_REMOVALS_MAX; i++) {
		struct dsm_removal *r = &d->removals[i];

		if (r->phase != DSM_REMOVAL_FINISHING ||
		    page - r->page >= r->count)
			continue;
		if (!--r->busy)
			drop(d, r);
		return;
	}
}

void dsm_range_remove(struct dsm *d, unsigned asker, uint32_t page,
		      uint32_t count, bool keep, uint64_t cookie)
{
	struct dsm_removal *r = d->removals;

	if (!dsm_in_window(d, page, count)) {
		done(d, asker, cookie, -EINVAL);
		return;
	}
	while (r < d->removals + DSM_REMOVALS_MAX && r->phase)
		r++;
	if (r == d->removals + DSM_REMOVALS_MAX) {
		done(d, asker, cookie, -EAGAIN);
		return;
	}
	*r = (struct dsm_removal){.phase = DSM_REMOVAL_QUEUED,
				  .asker = (uint8_t)asker,
				  .keep = keep,
				  .page = page,
				  .count = count,
				  .cookie = cookie,
				  .order = ++d->clock};
	if (!must_wait(d, r))
		start(d, r);
}

int dsm_range_dropped(struct dsm *d, unsigned from, uint64_t cookie)
{
	struct dsm_removal *r = &d->removals[cookie % DSM_REMOVALS_MAX];

	if (cookie >= DSM_REMOVALS_MAX || r->phase != DSM_REMOVAL_DROPPING ||
	    !(r->waiting & dsm_bit(from)))
		return -EPROTO;
	r->waiting &= ~dsm_bit(from);
	if (!r->waiting)
		end_removal(d, r);
	return 0;
}

/* --- What programs call --------------------------------------------------- */

void pcn_dsm_add(struct dsm *d, uint32_t page, uint32_t count, bool held,
		 uint64_t cookie)
{
	struct dsm_message m = {.type = DSM_ADD,
				.page = page,
				.count = count,
				.cookie = cookie};

	dsm_assert(count && (!held || !d->config.node));
	if (d->config.node)
		dsm_send(d, 0, &m, NULL);
	else
		dsm_range_add(d, 0, page, count, held, cookie);
}

void pcn_dsm_remove(struct dsm *d, uint32_t page, uint32_t count, bool keep,
		    uint64_t cookie)
{
	struct dsm_message m = {.type = DSM_REMOVE,
				.flags = keep ? DSM_KEEP : 0,
				.page = page,
				.count = count,
				.cookie = cookie};

	dsm_assert(count);
	if (d->config.node)
		dsm_send(d, 0, &m, NULL);
	else
		dsm_range_remove(d, 0, page, count, keep, cookie);
}

/* --- Lost nodes ----------------------------------------------------------- */

static void forget(struct dsm *d, unsigned node, uint32_t page)
{
	struct dsm_page *p = dsm_page_of(d, page);

	p->readers &= ~dsm_bit(node);
	if (p->state != DSM_EXCLUSIVE || p->owner != node)
		return;
	p->owner = 0;
	if (p->flags & DSM_REMOVING && !(p->flags & DSM_BUSY)) {
		p->state = DSM_ZERO; /* nobody will miss it */
		return;
	}
	p->state = DSM_GONE;
	DSM_OP(d, lost, page);
}

void dsm_range_node_lost(struct dsm *d, unsigned node)
{
	for (uint32_t i = 0; i < DSM_REMOVALS_MAX; i++) {
		struct dsm_removal *r = &d->removals[i];

		if (r->phase != DSM_REMOVAL_DROPPING ||
		    !(r->waiting & dsm_bit(node)))
			continue;
		r->waiting &= ~dsm_bit(node);
		if (!r->waiting)
			end_removal(d, r);
	}
}

void pcn_dsm_node_joined(struct dsm *d, unsigned node)
{
	dsm_assert(!d->config.node && node && node < d->config.nodes);
	d->alive |= dsm_bit(node);
}

void pcn_dsm_node_lost(struct dsm *d, unsigned node)
{
	dsm_assert(!d->config.node && node && node < d->config.nodes);
	if (!dsm_is_alive(d, node))
		return;
	d->alive &= ~dsm_bit(node);
	for (uint32_t i = 0; i < (d->config.page_count + 63) / 64; i++)
		for (uint64_t left = d->added[i]; left; left &= left - 1)
			forget(d, node,
			       d->config.first_page + i * 64 +
				       (uint32_t)__builtin_ctzll(left));
	dsm_work_node_lost(d, node);
	dsm_range_node_lost(d, node);
}
