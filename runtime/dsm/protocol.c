/* A node's view: its faults, what it is granted, what is recalled from it. */
#include "protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Zeroed memory that is touched where it is used: the window is large. */
static void *sparse(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static size_t added_size(const struct dsm *d)
{
	return ((size_t)d->config.page_count + 63) / 64 * 8;
}

static int init_directory(struct dsm *d)
{
	uint32_t nodes = d->config.nodes, i;
	uint32_t requests = nodes * DSM_FAULTS_MAX + 1;

	/* Every transaction serves a request or an AHEAD, or keeps requests. */
	d->work_count = requests + nodes * DSM_AHEAD_MAX;
	d->added = sparse(added_size(d));
	d->requests = calloc(requests, sizeof(*d->requests));
	d->works = calloc(d->work_count, sizeof(*d->works));
	if (!d->added || !d->requests || !d->works)
		return -ENOMEM;
	for (i = 1; i + 1 < requests; i++)
		d->requests[i].next = i + 1;
	for (i = 1; i + 1 < d->work_count; i++)
		d->works[i].next_free = i + 1;
	d->free_request = d->free_work = 1;
	d->alive = nodes == 64 ? ~(uint64_t)0 : dsm_bit(nodes) - 1;
	if (d->config.alone)
		d->alive = dsm_bit(0);
	return 0;
}

int pcn_dsm_init(struct dsm *d, const struct dsm_config *config)
{
	int err = 0;

	dsm_assert(config->nodes && config->nodes <= DSM_NODES_MAX);
	dsm_assert(config->node < config->nodes);
	dsm_assert(config->page_count <= DSM_PAGE_NUMBERS &&
		   config->first_page <= DSM_PAGE_NUMBERS - config->page_count);
	memset(d, 0, sizeof(*d));
	d->config = *config;
	d->pages = sparse((size_t)config->page_count * sizeof(*d->pages));
	if (!d->pages)
		err = -ENOMEM;
	if (!err && !config->node)
		err = init_directory(d);
	if (err)
		pcn_dsm_deinit(d);
	return err;
}

void pcn_dsm_deinit(struct dsm *d)
{
	if (d->pages)
		munmap(d->pages,
		       (size_t)d->config.page_count * sizeof(*d->pages));
	if (d->added)
		munmap(d->added, added_size(d));
	free(d->requests);
	free(d->works);
	d->pages = NULL;
	d->added = NULL;
	d->requests = NULL;
	d->works = NULL;
}

void dsm_send(struct dsm *d, unsigned node, const struct dsm_message *m,
	      const unsigned char *data)
{
	DSM_OP(d, send, node, m, data);
}

/* --- Faults --------------------------------------------------------------- */

bool pcn_dsm_room(const struct dsm *d)
{
	/* One fault makes one demand at most. */
	return d->faults < DSM_FAULTS_MAX;
}

/* The page, and as many behind it, these perhaps to be written as well. */
static void ask(struct dsm *d, uint32_t page, bool write, uint32_t ahead,
		bool write_ahead)
{
	struct dsm_message m = {.type = write ? DSM_WRITE : DSM_READ,
				.flags = ahead && write_ahead ? DSM_FOR_WRITE
							      : 0,
				.page = page,
				.count = ahead};

	dsm_page_of(d, page)->flags |= write ? DSM_WRITE_ASKED : DSM_READ_ASKED;
	d->faults++;
	if (d->config.node) {
		dsm_send(d, 0, &m, NULL);
		return;
	}
	dsm_request(d, 0, page, write);
	if (ahead)
		dsm_request_ahead(d, 0, page + 1, ahead, write_ahead);
}

static void fault_read(struct dsm *d, uint32_t page, struct dsm_page *p)
{
	bool write = false;
	uint32_t ahead;

	d->counters.read_faults++;
	if (p->flags & (DSM_READ_ASKED | DSM_WRITE_ASKED | DSM_AHEAD_WAITED))
		return; /* what is on its way serves this one, too */
	if (p->flags & DSM_AHEAD_ASKED) {
		p->flags |= DSM_AHEAD_WAITED;
		d->faults++;
		return;
	}
	ahead = dsm_ahead_fault(d, page, &write);
	ask(d, page, false, ahead, write);
}

static void fault_write(struct dsm *d, uint32_t page, struct dsm_page *p)
{
	uint32_t ahead = 0;
	bool write = true;

	d->counters.write_faults++;
	/* A READ on its way does not hold it up: the origin serves both in the
	 * order they were sent in. */
	if (p->flags & DSM_WRITE_ASKED)
		return;
	if (p->right)
		ahead = dsm_ahead_upgrade(d, page);
	else if (!(p->flags & (DSM_READ_ASKED | DSM_AHEAD_ASKED)))
		ahead = dsm_ahead_fault(d, page, &write);
	ask(d, page, true, ahead, write);
}

void pcn_dsm_fault(struct dsm *d, uint32_t page, bool write)
{
	struct dsm_page *p;

	dsm_assert(pcn_dsm_room(d));
	if (!dsm_in_window(d, page, 1)) {
		DSM_OP(d, refused, page, false);
		return;
	}
	p = dsm_page_of(d, page);
	if (p->right == DSM_WRITABLE || (p->right == DSM_READABLE && !write)) {
		/* Granted since the fault; or its contents are in memory but
		 * not mapped. */
		d->counters.stale_faults++;
		if (p->right == DSM_WRITABLE && (p->flags & DSM_MARKER))
			DSM_OP(d, upgrade, page, 1); /* see upgrade_runs() */
		DSM_OP(d, wake, page, p->right);
		if (p->flags & DSM_MARKER)
			dsm_ahead_marker(d, page);
		return;
	}
	if (write)
		fault_write(d, page, p);
	else
		fault_read(d, page, p);
}

/* --- Grants --------------------------------------------------------------- */

static void answered(struct dsm *d, struct dsm_page *p, unsigned flags)
{
	flags &= p->flags;
	d->faults -= (uint32_t)__builtin_popcount(
		flags & (DSM_READ_ASKED | DSM_WRITE_ASKED | DSM_AHEAD_WAITED));
	p->flags &= (uint8_t)~flags;
}

static void install(struct dsm *d, uint32_t page, uint32_t count,
		    const unsigned char *data, enum dsm_right right)
{
	struct dsm_page *p = dsm_page_of(d, page);
	bool map = !(p->flags & DSM_MARKER) ||
		   (p->flags &
		    (DSM_AHEAD_WAITED | DSM_READ_ASKED | DSM_WRITE_ASKED));

	for (uint32_t i = 0; i < count; i++)
		p[i].right = (uint8_t)right;
	d->counters.granted += count;
	if (!data)
		d->counters.zero += count;
	DSM_OP(d, install, page, count, data, right, map);
	if (map && (p->flags & DSM_MARKER))
		dsm_ahead_marker(d, page);
}

/* Installs runs that are all zero or all data, a marker for itself. */
static void install_runs(struct dsm *d, const struct dsm_message *m,
			 const unsigned char *data, enum dsm_right right)
{
	uint32_t at = 0, length;

	for (; dsm_next_run(m->mask, &at, &length); at += length) {
		uint64_t bits =
			length == 64 ? ~(uint64_t)0 : dsm_bit(length) - 1;
		uint64_t zero = m->zero >> at & bits;
		struct dsm_page *p = dsm_page_of(d, m->page + at);
		uint32_t same = length;

		if (p->flags & DSM_MARKER)
			same = 1;
		else if ((zero & 1) && (~zero & bits))
			same = (uint32_t)__builtin_ctzll(~zero & bits);
		else if (!(zero & 1) && zero)
			same = (uint32_t)__builtin_ctzll(zero);
		for (uint32_t i = 1; i < same; i++)
			if (p[i].flags & DSM_MARKER)
				same = i;
		length = same;
		install(d, m->page + at, length, zero & 1 ? NULL : data, right);
		if (!(zero & 1))
			data += (size_t)length * DSM_PAGE_SIZE;
	}
}

/* The origin did not grant it ahead; if somebody waits, ask in earnest. */
static void left_out(struct dsm *d, uint32_t page)
{
	struct dsm_page *p = dsm_page_of(d, page);
	bool waited = p->flags & DSM_AHEAD_WAITED;

	if (!(p->flags & DSM_AHEAD_ASKED))
		return;
	d->counters.ahead_left++;
	answered(d, p, DSM_AHEAD_ASKED | DSM_AHEAD_WAITED);
	p->flags &= (uint8_t)~DSM_MARKER;
	if (!waited)
		return;
	if (p->right)
		DSM_OP(d, wake, page, p->right);
	else if (!(p->flags & (DSM_READ_ASKED | DSM_WRITE_ASKED)))
		ask(d, page, false, 0, false);
}

/* Pages of mask have come that were asked for so, or ahead; some did not. */
static void granted(struct dsm *d, const struct dsm_message *m, unsigned asked)
{
	uint32_t at = 0, length;

	if (m->flags & DSM_UNASKED)
		asked = DSM_AHEAD_ASKED | DSM_AHEAD_WAITED;
	for (; dsm_next_run(m->mask, &at, &length); at += length)
		for (uint32_t i = at; i < at + length; i++)
			answered(d, dsm_page_of(d, m->page + i), asked);
	for (at = 0; dsm_next_run(m->left, &at, &length); at += length)
		for (uint32_t i = at; i < at + length; i++)
			left_out(d, m->page + i);
}

void dsm_granted_read(struct dsm *d, const struct dsm_message *m,
		      const unsigned char *data)
{
	/* Without contents: we have it, or have given it up since. */
	if (!(m->flags & DSM_WITH_DATA) && !m->zero) {
		if (m->mask)
			DSM_OP(d, wake, m->page,
			       dsm_page_of(d, m->page)->right);
	} else {
		install_runs(d, m, data, DSM_READABLE);
	}
	granted(d, m, DSM_READ_ASKED);
}

/* Readable pages become writable; a marker, when it is written. */
static void upgrade_runs(struct dsm *d, const struct dsm_message *m)
{
	uint32_t at = 0, length;

	for (; dsm_next_run(m->mask, &at, &length); at += length) {
		struct dsm_page *p = dsm_page_of(d, m->page + at);
		uint32_t same = 1;

		while (same < length &&
		       !((p->flags | p[same].flags) & DSM_MARKER))
			same++;
		length = same;
		for (uint32_t i = 0; i < length; i++)
			p[i].right = DSM_WRITABLE;
		d->counters.upgrades += length;
		if (!(p->flags & DSM_MARKER))
			DSM_OP(d, upgrade, m->page + at, length);
	}
}

void dsm_granted_write(struct dsm *d, const struct dsm_message *m,
		       const unsigned char *data)
{
	struct dsm_page *p = dsm_page_of(d, m->page);

	if (m->flags & DSM_UNASKED)
		d->counters.ahead_to_write +=
			(uint64_t)__builtin_popcountll(m->mask);
	if (m->flags & DSM_HAVE) {
		upgrade_runs(d, m);
	} else if (data || m->zero || (m->flags & DSM_UNASKED)) {
		install_runs(d, m, data, DSM_WRITABLE);
	} else if (p->right == DSM_READABLE) {
		d->counters.upgrades++;
		p->right = DSM_WRITABLE;
		if (p->flags & DSM_MARKER) {
			p->flags &= (uint8_t)~DSM_MARKER;
			DSM_OP(d, upgrade, m->page, 1);
			DSM_OP(d, wake, m->page, DSM_WRITABLE);
		} else {
			DSM_OP(d, upgrade, m->page, 1);
		}
	} else {
		/* We have it, or have given it up since. */
		DSM_OP(d, wake, m->page, p->right);
	}
	granted(d, m, DSM_WRITE_ASKED);
}

void dsm_refused(struct dsm *d, const struct dsm_message *m)
{
	answered(d, dsm_page_of(d, m->page),
		 m->flags & DSM_FOR_WRITE ? DSM_WRITE_ASKED : DSM_READ_ASKED);
	DSM_OP(d, refused, m->page, m->flags & DSM_IS_LOST);
}

/* --- Recalls -------------------------------------------------------------- */

/* Pages that are held with the same right. */
void dsm_take_here(struct dsm *d, uint32_t page, uint32_t count,
		   unsigned char *data)
{
	struct dsm_page *p = dsm_page_of(d, page);

	dsm_assert(p->right);
	d->counters.taken += count;
	DSM_OP(d, take, page, count, data, p->right);
	for (uint32_t i = 0; i < count; i++) {
		p[i].right = DSM_ABSENT;
		if (!(p[i].flags & DSM_AHEAD_ASKED))
			p[i].flags &= (uint8_t)~DSM_MARKER;
	}
}

void dsm_drop_here(struct dsm *d, uint32_t page, uint32_t count)
{
	struct dsm_page *p = dsm_page_of(d, page);

	for (uint32_t i = 0; i < count; i++) {
		if (!p[i].right)
			continue;
		p[i].right = DSM_ABSENT;
		if (!(p[i].flags & DSM_AHEAD_ASKED))
			p[i].flags &= (uint8_t)~DSM_MARKER;
	}
	DSM_OP(d, take, page, count, NULL, DSM_READABLE);
}

/* Pages of mask as ACK: those given up meanwhile are said to be so. */
static int downgrade(struct dsm *d, const struct dsm_message *m)
{
	struct dsm_message ack = {.type = DSM_ACK,
				  .flags = DSM_WITH_DATA,
				  .page = m->page,
				  .mask = m->mask};
	unsigned char *data = d->buffer;
	uint32_t at = 0, length;

	for (; dsm_next_run(m->mask, &at, &length); at += length)
		for (uint32_t i = at; i < at + length; i++) {
			struct dsm_page *p = dsm_page_of(d, m->page + i);

			if (p->right == DSM_READABLE)
				return -EPROTO;
			if (!p->right)
				ack.left |= dsm_bit(i);
		}
	for (at = 0; dsm_next_run(m->mask & ~ack.left, &at, &length);
	     at += length) {
		DSM_OP(d, protect, m->page + at, length);
		DSM_OP(d, copy_out, m->page + at, length, data);
		data += (size_t)length * DSM_PAGE_SIZE;
		for (uint32_t i = at; i < at + length; i++)
			dsm_page_of(d, m->page + i)->right = DSM_READABLE;
	}
	dsm_send(d, 0, &ack, data == d->buffer ? NULL : d->buffer);
	return 0;
}

static void invalidate(struct dsm *d, const struct dsm_message *m)
{
	struct dsm_message ack = {.type = DSM_ACK,
				  .flags = m->flags & DSM_WITH_DATA,
				  .page = m->page,
				  .mask = m->mask};
	unsigned char *data = d->buffer;
	uint32_t at = 0, length;

	for (; dsm_next_run(m->mask, &at, &length); at += length) {
		struct dsm_page *p = dsm_page_of(d, m->page + at);

		length = dsm_same_right(p, length);
		if (!p->right) {
			for (uint32_t i = at; i < at + length; i++)
				ack.left |= dsm_bit(i);
			continue;
		}
		dsm_take_here(d, m->page + at, length, ack.flags ? data : NULL);
		data += (size_t)length * DSM_PAGE_SIZE;
	}
	dsm_send(d, 0, &ack, dsm_message_data(&ack) ? d->buffer : NULL);
}

static int given(struct dsm *d, const struct dsm_message *m,
		 const unsigned char *data)
{
	for (uint32_t i = 0; i < m->count; i++) {
		if (!dsm_in_window(d, m->list[i], 1) ||
		    dsm_page_of(d, m->list[i])->right)
			return -EPROTO;
		install(d, m->list[i], 1, data + (size_t)i * DSM_PAGE_SIZE,
			DSM_WRITABLE);
	}
	return 0;
}

/* --- Messages ------------------------------------------------------------- */

/* Grants name pages that are absent here, but for those without contents. */
static bool fits_here(struct dsm *d, const struct dsm_message *m)
{
	uint64_t both = m->mask | m->left;
	uint32_t at = 0, length, count = m->count;

	if (m->type == DSM_GRANT_READ || m->type == DSM_GRANT_WRITE ||
	    m->type == DSM_DOWNGRADE || m->type == DSM_INVALIDATE)
		count = 64 - (uint32_t)__builtin_clzll(both);
	else if (m->type != DSM_DROP)
		count = 1;
	if (m->type == DSM_GIVE || m->type == DSM_DONE)
		return true;
	if (!dsm_in_window(d, m->page, count))
		return false;
	if (m->type != DSM_GRANT_READ && m->type != DSM_GRANT_WRITE)
		return true;
	if (!(m->flags & (DSM_WITH_DATA | DSM_UNASKED)) && !m->zero)
		return true;
	for (; dsm_next_run(m->mask, &at, &length); at += length)
		for (uint32_t i = at; i < at + length; i++)
			if (dsm_page_of(d, m->page + i)->right !=
			    (m->flags & DSM_HAVE ? DSM_READABLE : DSM_ABSENT))
				return false;
	return true;
}

static int receive_here(struct dsm *d, const struct dsm_message *m,
			const unsigned char *data)
{
	if (!fits_here(d, m))
		return -EPROTO;
	switch (m->type) {
	case DSM_GRANT_READ:
		dsm_granted_read(d, m, data);
		return 0;
	case DSM_GRANT_WRITE:
		dsm_granted_write(d, m, data);
		return 0;
	case DSM_REFUSED:
		dsm_refused(d, m);
		return 0;
	case DSM_DOWNGRADE:
		return downgrade(d, m);
	case DSM_INVALIDATE:
		invalidate(d, m);
		return 0;
	case DSM_GIVE:
		return given(d, m, data);
	case DSM_DROP:
		dsm_drop_here(d, m->page, m->count);
		dsm_send(d, 0,
			 &(struct dsm_message){.type = DSM_DROPPED,
					       .cookie = m->cookie},
			 NULL);
		return 0;
	case DSM_DONE:
		DSM_OP(d, done, m->cookie, -(int)m->count);
		return 0;
	default:
		return -EPROTO;
	}
}

static int receive_request(struct dsm *d, unsigned from,
			   const struct dsm_message *m)
{
	if (!dsm_in_window(d, m->page, 1) ||
	    d->requested[from] >= DSM_FAULTS_MAX)
		return -EPROTO;
	if (m->count && !dsm_in_window(d, m->page, m->count + 1))
		return -EPROTO;
	dsm_request(d, from, m->page, m->type == DSM_WRITE);
	if (m->count)
		dsm_request_ahead(d, from, m->page + 1, m->count,
				  m->flags & DSM_FOR_WRITE);
	return 0;
}

static int receive_at_origin(struct dsm *d, unsigned from,
			     const struct dsm_message *m,
			     const unsigned char *data)
{
	switch (m->type) {
	case DSM_READ:
	case DSM_WRITE:
		return receive_request(d, from, m);
	case DSM_AHEAD:
		if (!dsm_in_window(d, m->page, m->count))
			return -EPROTO;
		dsm_request_ahead(d, from, m->page, m->count,
				  m->flags & DSM_FOR_WRITE);
		return 0;
	case DSM_ACK:
		return dsm_acknowledged(d, from, m, data);
	case DSM_PUSH:
		return dsm_pushed(d, from, m, data);
	case DSM_ADD:
		dsm_range_add(d, from, m->page, m->count, false, m->cookie);
		return 0;
	case DSM_REMOVE:
		dsm_range_remove(d, from, m->page, m->count,
				 m->flags & DSM_KEEP, m->cookie);
		return 0;
	case DSM_DROPPED:
		return dsm_range_dropped(d, from, m->cookie);
	default:
		return -EPROTO;
	}
}

int pcn_dsm_receive(struct dsm *d, unsigned from, const struct dsm_message *m,
		    const unsigned char *data)
{
	dsm_assert(from < d->config.nodes && from != d->config.node);
	if (d->config.node)
		return receive_here(d, m, data);
	/* What was on its way when the node was given up. */
	if (!dsm_is_alive(d, from))
		return 0;
	return receive_at_origin(d, from, m, data);
}

/* --- Pushing -------------------------------------------------------------- */

static bool may_push(struct dsm *d, uint32_t page)
{
	struct dsm_page *p;

	if (!dsm_in_window(d, page, 1))
		return false;
	p = dsm_page_of(d, page);
	return p->right == DSM_WRITABLE &&
	       !(p->flags & (DSM_BUSY | DSM_REMOVING));
}

uint32_t pcn_dsm_push(struct dsm *d, unsigned node, const uint32_t *pages,
		      uint32_t count)
{
	uint32_t list[DSM_RUN_MAX], pushed = 0, i = 0;

	dsm_assert(node < d->config.nodes && node != d->config.node);
	if (!d->config.node && !dsm_is_alive(d, node))
		return 0;
	while (i < count) {
		struct dsm_message m = {.type = d->config.node ? DSM_PUSH
							       : DSM_GIVE,
					.node = (uint16_t)node,
					.list = list};

		for (; i < count && m.count < DSM_RUN_MAX; i++) {
			if (!may_push(d, pages[i]))
				continue;
			dsm_take_here(d, pages[i], 1,
				      d->buffer +
					      (size_t)m.count * DSM_PAGE_SIZE);
			if (!d->config.node)
				dsm_page_of(d, pages[i])->owner = (uint8_t)node;
			list[m.count++] = pages[i];
		}
		if (m.count)
			dsm_send(d, d->config.node ? 0 : node, &m, d->buffer);
		pushed += m.count;
	}
	d->counters.pushed += pushed;
	return pushed;
}
