/*
 * The origin's directory: what is asked for ahead.
 *
 * Whatever can go at once goes in one grant of each kind; what one other node
 * has is recalled, a message for each run, and goes on when it comes; the rest
 * is left to whoever faults on it.
 */
#include "protocol.h"

enum ahead {
	AHEAD_LEFT,
	AHEAD_ZERO,
	AHEAD_SHARED,
	AHEAD_HERE,
	AHEAD_TAKE, /* to be written, and no other node has it */
	AHEAD_HAD,  /* the same, and the node can read it */
	AHEAD_RECALL,
	AHEAD_DROP, /* to be written, and one other node can read it */
};

static bool may_recall(const struct dsm *d, unsigned node)
{
	return d->recalled[node] < DSM_AHEAD_MAX;
}

static enum ahead ahead_of(struct dsm *d, unsigned node, uint32_t page,
			   bool write)
{
	struct dsm_page *p = dsm_page_of(d, page);
	bool had = p->readers & dsm_bit(node);
	uint64_t others = p->readers & ~dsm_bit(0) & ~dsm_bit(node);

	if (p->work || (p->flags & DSM_REMOVING) || !dsm_is_added(d, page))
		return AHEAD_LEFT;
	if (write && (p->state == DSM_ZERO || p->state == DSM_SHARED)) {
		if (!others)
			return had ? AHEAD_HAD : AHEAD_TAKE;
		if (!(others & (others - 1)) && may_recall(d, node))
			return AHEAD_DROP;
	}
	if (had)
		return AHEAD_LEFT;
	/* What several others read is for reading first. */
	if (p->state == DSM_ZERO)
		return AHEAD_ZERO;
	if (p->state == DSM_SHARED)
		return AHEAD_SHARED;
	if (p->state == DSM_GONE || p->owner == node)
		return AHEAD_LEFT;
	if (!p->owner)
		return write ? AHEAD_TAKE : AHEAD_HERE;
	return may_recall(d, node) ? AHEAD_RECALL : AHEAD_LEFT;
}

/* Fills the buffer with the pages of mask, which the origin holds; those of
 * here it may still write. */
static void copy_out_runs(struct dsm *d, uint32_t page, uint64_t mask,
			  uint64_t here)
{
	unsigned char *data = d->buffer;
	uint32_t at = 0, length;

	for (; dsm_next_run(here, &at, &length); at += length) {
		DSM_OP(d, protect, page + at, length);
		for (uint32_t i = at; i < at + length; i++) {
			struct dsm_page *p = dsm_page_of(d, page + i);

			p->right = DSM_READABLE;
			p->state = DSM_SHARED;
			p->readers = dsm_bit(0);
		}
	}
	for (at = 0; dsm_next_run(mask, &at, &length); at += length) {
		DSM_OP(d, copy_out, page + at, length, data);
		data += (size_t)length * DSM_PAGE_SIZE;
	}
}

/* What a transaction ahead waits for: the owner, or the one other reader. */
static uint64_t holder(struct dsm *d, unsigned node, uint32_t page)
{
	struct dsm_page *p = dsm_page_of(d, page);

	return p->state == DSM_EXCLUSIVE
		       ? dsm_bit(p->owner)
		       : p->readers & ~dsm_bit(0) & ~dsm_bit(node);
}

/* Runs of one holder's pages are recalled by one message each. */
static void recall_runs(struct dsm *d, unsigned node, uint32_t page,
			uint64_t mask, unsigned kind, unsigned type, bool data)
{
	while (mask) {
		uint32_t first = (uint32_t)__builtin_ctzll(mask);
		uint64_t from = holder(d, node, page + first);
		uint64_t same = 0, rest = mask;

		for (; rest; rest &= rest - 1) {
			uint32_t i = (uint32_t)__builtin_ctzll(rest);

			if (holder(d, node, page + i) != from)
				continue;
			same |= dsm_bit(i);
			dsm_await(d, page + i, kind, node, from);
		}
		dsm_recall(d, (unsigned)__builtin_ctzll(from), page + first,
			   type, same >> first, data);
		mask &= ~same;
	}
}

/* Pages that nobody holds, or nobody but the origin, are the node's. */
static void give_ahead(struct dsm *d, unsigned node, uint32_t page,
		       uint64_t mask)
{
	struct dsm_message m = {
		.flags = DSM_UNASKED, .page = page, .mask = mask};
	unsigned char *data = d->buffer;
	uint32_t at = 0, length;

	for (; dsm_next_run(mask, &at, &length); at += length) {
		struct dsm_page *p = dsm_page_of(d, page + at);
		bool zero = p->state == DSM_ZERO;
		uint32_t same = 1;

		length = dsm_same_right(p, length);
		while (same < length && (p[same].state == DSM_ZERO) == zero)
			same++;
		length = same;
		if (p->right)
			dsm_take_here(d, page + at, length, zero ? NULL : data);
		dsm_make_exclusive(d, node, page + at, length);
		for (uint32_t i = at; zero && i < at + length; i++)
			m.zero |= dsm_bit(i);
		if (!zero)
			data += (size_t)length * DSM_PAGE_SIZE;
	}
	if (data != d->buffer)
		m.flags |= DSM_WITH_DATA;
	dsm_send_grant(d, node, true, &m, data == d->buffer ? NULL : d->buffer);
}

/* Pages that the node can read, and nobody else but the origin, are its own. */
static void upgrade_ahead(struct dsm *d, unsigned node, uint32_t page,
			  uint64_t mask)
{
	struct dsm_message m = {
		.flags = DSM_UNASKED | DSM_HAVE, .page = page, .mask = mask};
	uint32_t at = 0, length;

	for (; dsm_next_run(mask, &at, &length); at += length) {
		struct dsm_page *p = dsm_page_of(d, page + at);

		length = dsm_same_right(p, length);
		if (node && p->right)
			dsm_take_here(d, page + at, length, NULL);
		dsm_make_exclusive(d, node, page + at, length);
	}
	dsm_send_grant(d, node, true, &m, NULL);
}

void dsm_request_ahead(struct dsm *d, unsigned node, uint32_t page,
		       uint32_t count, bool write)
{
	struct dsm_message m = {.flags = DSM_UNASKED, .page = page};
	uint64_t here = 0, recalled = 0, taken = 0, had = 0, dropped = 0;

	for (uint32_t i = 0; i < count; i++) {
		switch (ahead_of(d, node, page + i, write)) {
		case AHEAD_LEFT:
			m.left |= dsm_bit(i);
			break;
		case AHEAD_ZERO:
			m.zero |= dsm_bit(i);
			m.mask |= dsm_bit(i);
			break;
		case AHEAD_HERE:
			here |= dsm_bit(i);
			m.mask |= dsm_bit(i);
			break;
		case AHEAD_SHARED:
			m.mask |= dsm_bit(i);
			break;
		case AHEAD_TAKE:
			taken |= dsm_bit(i);
			break;
		case AHEAD_HAD:
			had |= dsm_bit(i);
			break;
		case AHEAD_DROP:
			d->recalled[node]++;
			dropped |= dsm_bit(i);
			break;
		case AHEAD_RECALL:
			d->recalled[node]++;
			recalled |= dsm_bit(i);
			break;
		}
	}
	/* First, as it takes longest. */
	recall_runs(d, node, page, recalled,
		    write ? DSM_WORK_AHEAD_WRITE : DSM_WORK_AHEAD,
		    write ? DSM_INVALIDATE : DSM_DOWNGRADE, true);
	recall_runs(d, node, page, dropped, DSM_WORK_AHEAD_WRITE,
		    DSM_INVALIDATE, false);
	if (taken)
		give_ahead(d, node, page, taken);
	if (had)
		upgrade_ahead(d, node, page, had);
	if (m.mask & ~m.zero) {
		m.flags |= DSM_WITH_DATA;
		copy_out_runs(d, page, m.mask & ~m.zero, here);
	}
	for (uint64_t rest = m.mask; rest; rest &= rest - 1)
		dsm_page_of(d, page + (uint32_t)__builtin_ctzll(rest))
			->readers |= dsm_bit(node);
	if (m.mask | m.left)
		dsm_send_grant(d, node, false, &m,
			       m.flags & DSM_WITH_DATA ? d->buffer : NULL);
}
