/*
 * Reading and writing ahead.  Faults on consecutive pages make a stream; each
 * further one asks for a run twice as long behind its own page.  The first page
 * of a run is installed but not mapped: it is the marker whose use tells that
 * the reader has come so far, and further runs are asked for while it reads
 * this one.  Where pages of a stream turn out to be written, one after the
 * other, the next ones are asked for to be written.
 */
#include "protocol.h"

#include <string.h>

#define RUN_FIRST  4u
#define RUN_MAX	   32u /* the origin reads one while the next is installed */
#define RUNS_AHEAD 4u
_Static_assert(RUN_MAX <= DSM_RUN_MAX, "a run is one message");

static struct dsm_stream *find(struct dsm *d, uint32_t page)
{
	struct dsm_stream *oldest = d->streams;

	for (uint32_t i = 0; i < DSM_STREAMS; i++) {
		struct dsm_stream *s = &d->streams[i];

		/* Also a page that was left out, or was taken since. */
		if (s->used && page >= s->low && page <= s->next)
			return s;
		if (s->used < oldest->used)
			oldest = s;
	}
	*oldest = (struct dsm_stream){.low = page, .next = page};
	return oldest;
}

/* The stream's next run begins at `page`: its length; marks its pages. */
static uint32_t next_run(struct dsm *d, struct dsm_stream *s, uint32_t page)
{
	uint32_t end = d->config.first_page + d->config.page_count;
	uint32_t run = s->run ? s->run * 2 : RUN_FIRST;
	enum dsm_right wanted = s->write ? DSM_WRITABLE : DSM_READABLE;

	if (run > RUN_MAX)
		run = RUN_MAX;
	s->run = run;
	if (run > end - page)
		run = end - page;
	for (uint32_t i = 0; i < run; i++) {
		struct dsm_page *p = dsm_page_of(d, page + i);

		/* What is here or on its way ends the run. */
		if (p->right >= wanted ||
		    (p->flags &
		     (DSM_READ_ASKED | DSM_WRITE_ASKED | DSM_AHEAD_ASKED))) {
			run = i;
			break;
		}
		p->flags |= DSM_AHEAD_ASKED;
	}
	s->next = page + run;
	if (run)
		dsm_page_of(d, page)->flags |= DSM_MARKER;
	d->counters.ahead_asked += run;
	return run;
}

uint32_t dsm_ahead_fault(struct dsm *d, uint32_t page, bool *write)
{
	struct dsm_stream *s;
	bool fresh;

	if (d->no_ahead)
		return 0;
	s = find(d, page);
	fresh = !s->used;
	s->used = ++d->clock;
	s->write |= *write;
	*write = s->write;
	if (fresh || page < s->next) {
		if (page + 1 > s->next)
			s->next = page + 1;
		return 0;
	}
	/* The page itself is asked for in earnest. */
	if (page + 1 == d->config.first_page + d->config.page_count)
		return 0;
	s->low = s->next = page + 1;
	return next_run(d, s, page + 1);
}

/* Asks until enough is on its way or not used yet. */
static void ask_more(struct dsm *d, struct dsm_stream *s)
{
	uint32_t end = d->config.first_page + d->config.page_count;

	while (s->next < end && s->next - s->low < RUNS_AHEAD * s->run) {
		uint32_t first = s->next, run = next_run(d, s, first);

		if (!run)
			return;
		if (d->config.node)
			dsm_send(d, 0,
				 &(struct dsm_message){
					 .type = DSM_AHEAD,
					 .flags = s->write ? DSM_FOR_WRITE : 0,
					 .page = first,
					 .count = run},
				 NULL);
		else
			dsm_request_ahead(d, 0, first, run, s->write);
	}
}

uint32_t dsm_ahead_upgrade(struct dsm *d, uint32_t page)
{
	bool write = true;

	for (uint32_t i = 0; i < DSM_STREAMS; i++) {
		struct dsm_stream *s = &d->streams[i];

		/* It may be a little behind what is read. */
		if (!s->used || page + RUN_MAX < s->low || page >= s->next)
			continue;
		s->write |= page == s->upgraded + 1;
		s->upgraded = page;
		return 0;
	}
	return dsm_ahead_fault(d, page, &write);
}

void dsm_ahead_marker(struct dsm *d, uint32_t page)
{
	dsm_page_of(d, page)->flags &= (uint8_t)~DSM_MARKER;
	for (uint32_t i = 0; i < DSM_STREAMS; i++) {
		struct dsm_stream *s = &d->streams[i];

		if (!s->used || page < s->low || page >= s->next)
			continue;
		s->used = ++d->clock;
		s->low = page;
		ask_more(d, s);
		return;
	}
}
