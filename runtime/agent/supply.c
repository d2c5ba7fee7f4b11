/* supply.c - a state's pages as they go over a link. */
#define _GNU_SOURCE
#include "late.h"
#include "saved.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define RUN  (WIRE_CHUNK / PCN_PAGE_SIZE)
#define RUNS 8 /* at a time */
/* So much that nobody waits for may be in the queue, before what somebody waits
 * for. */
#define BACKGROUND (2u * WIRE_CHUNK)

void supply_end(struct supply *s)
{
	if (s->map)
		munmap((void *)s->map, s->size);
	free(s->first);
	free(s->gone);
	memset(s, 0, sizeof(*s));
}

/* --- Which go first ------------------------------------------------------- */

static void first_bytes(struct supply *s, uint64_t offset, uint64_t size)
{
	for (uint64_t at = offset / PCN_PAGE_SIZE;
	     size && at <= (offset + size - 1) / PCN_PAGE_SIZE; at++)
		late_set_bit(s->first, at);
}

static void first_memory(struct supply *s, const struct saved *saved,
			 uint64_t address, uint64_t size)
{
	uint64_t page = address / PCN_PAGE_SIZE,
		 last = (address + size - 1) / PCN_PAGE_SIZE;

	for (; page <= last; page++) {
		uint64_t offset = pcn_stream_find(
			&saved->stream, page * PCN_PAGE_SIZE, PCN_PAGE_SIZE);

		if (offset)
			late_set_bit(s->first, offset / PCN_PAGE_SIZE);
	}
}

/* What the other side looks at before it lets the program begin. */
static void mark_first(struct supply *s, const struct saved *saved)
{
	const struct pcn_stream *t = &saved->stream;

	first_bytes(s, 0, saved->head_size);
	for (uint32_t i = 0; i < t->segment_count; i++)
		if (!pcn_stream_is_late(&t->segments[i]))
			first_bytes(s, t->segments[i].offset,
				    t->segments[i].filesz);
	for (uint32_t i = 0; i < t->thread_count; i++) {
		uint64_t at = t->threads[i].chain;
		struct pcn_record r;

		first_memory(s, saved, t->threads[i].address,
			     sizeof(struct pcn_thread));
		for (uint32_t n = t->threads[i].frames; n; n--) {
			if (!saved_memory(saved, at, &r, sizeof(r)))
				break;
			first_memory(s, saved, at, sizeof(r));
			at = (uint64_t)r.inner;
		}
	}
}

int supply_begin(struct supply *s, const struct saved *saved, bool eager,
		 struct error *error)
{
	void *map =
		mmap(NULL, saved->size, PROT_READ, MAP_SHARED, saved->fd, 0);

	supply_end(s);
	if (map == MAP_FAILED)
		return pcn_fail(error, -errno, "mmap: %s", strerror(errno));
	s->map = map;
	s->size = saved->size;
	s->pages = s->left = s->early = wire_pages(s->size);
	s->gone = calloc(1, s->pages / 8 + 1);
	if (!eager)
		s->first = calloc(1, s->pages / 8 + 1);
	if (!s->gone || (!eager && !s->first)) {
		supply_end(s);
		return pcn_fail(error, -ENOMEM, "out of memory");
	}
	if (eager)
		return 0;
	mark_first(s, saved);
	s->early = 0;
	for (uint64_t page = 0; page < s->pages; page++)
		s->early += late_bit(s->first, page);
	return 0;
}

/* --- Going ---------------------------------------------------------------- */

int supply_demand(struct supply *s, const struct pcn_frame *f,
		  struct error *error)
{
	uint64_t offset;
	int err;

	if (!s->map) /* it is under way already */
		return 0;
	if (!f->size) {
		s->runs = true;
		return 0;
	}
	err = wire_read_memory(&offset, f, s->size, error);
	if (err)
		return err;
	/* One too many comes in its turn. */
	if (s->demand_count < SUPPLY_DEMANDS)
		s->demands[s->demand_count++] = offset / PCN_PAGE_SIZE;
	return 0;
}

static bool is_next(const struct supply *s, uint64_t page)
{
	return page < s->pages && !late_bit(s->gone, page) &&
	       (!s->early || !s->first || late_bit(s->first, page));
}

static bool send_run(struct supply *s, uint64_t page, struct pcn_link *link)
{
	uint64_t offset = page * PCN_PAGE_SIZE, count = 0, size;

	while (count < RUN && is_next(s, page + count))
		count++;
	size = count * PCN_PAGE_SIZE;
	if (size > s->size - offset)
		size = s->size - offset;
	if (wire_send(link, WIRE_MEMORY, &offset, sizeof(offset),
		      s->map + offset, size))
		return false;
	for (uint64_t i = 0; i < count; i++)
		late_set_bit(s->gone, page + i);
	s->left -= count;
	s->early -= s->early ? count : 0;
	s->cursor = page + count;
	return true;
}

static uint64_t next_page(struct supply *s)
{
	while (!is_next(s, s->cursor))
		s->cursor = s->cursor < s->pages ? s->cursor + 1 : 0;
	return s->cursor;
}

bool supply_has_work(const struct supply *s, const struct pcn_link *link)
{
	uint64_t room = s->left ? pcn_link_room(link) : 0;

	return room > WIRE_RESERVE &&
	       (s->early || s->demand_count ||
		(s->runs && room >= WIRE_QUEUE - BACKGROUND));
}

bool supply_work(struct supply *s, struct pcn_link *link)
{
	int runs = 0;

	while (runs < RUNS && supply_has_work(s, link)) {
		uint64_t page;

		if (!s->early && s->demand_count) {
			page = s->demands[--s->demand_count];
			if (late_bit(s->gone, page))
				continue;
		} else {
			page = next_page(s);
		}
		if (!send_run(s, page, link))
			break;
		runs++;
	}
	if (s->map && !s->left)
		supply_end(s);
	return runs > 0;
}
