/*
 * late.h - the memory of a program that moves over a link, page by page: as it
 * comes (late.c), and as it goes (supply.c).
 *
 * Some pages come first: without them the program cannot begin.  It need not
 * wait for the others: where it meets one that has not come, a userfaultfd has
 * its thread wait, and the other side, told of it, sends that page next.
 */
#ifndef PCN_AGENT_LATE_H
#define PCN_AGENT_LATE_H

#include "error.h"
#include "guard.h"
#include "packet.h"
#include "wire.h"

#include <pcn/stream.h>

#include <stdbool.h>
#include <stdint.h>

struct process;
struct saved;

/* Sets of pages, a bit for each. */
static inline bool late_bit(const uint8_t *bits, uint64_t page)
{
	return bits[page / 8] >> page % 8 & 1;
}

static inline void late_set_bit(uint8_t *bits, uint64_t page)
{
	bits[page / 8] |= (uint8_t)(1u << page % 8);
}

/* --- late.c: it comes ----------------------------------------------------- */

struct late_span { /* memory whose absent pages are ours to bring */
	uint64_t start, end;
};

struct late {
	struct pcn_link *link; /* over which it comes */
	int file; /* a memfd, the whole state when all has come; -1: nothing */
	uint64_t size;
	uint64_t missing, early; /* pages that have not come; of these, first */
	uint8_t *have, *asked;	 /* a bit for each page */

	/* For a program that goes on before. */
	struct process *process; /* NULL: none does */
	void *map;
	struct pcn_stream stream;
	struct late_span *spans;
	uint32_t span_count;
	int uffd;   /* -1: the program has not sent it, or has none */
	bool waits; /* ... so it waits for everything */
	struct guard guard;
	uint64_t runs_ns; /* since when it goes on; 0: not yet */
};

void late_init(struct late *l);
void late_end(struct late *l);
/* A state of that size is to come over the link. */
int late_begin(struct late *l, const struct wire_state *head,
	       struct pcn_link *link, struct error *error);
/* A MEMORY: 1: with it, all have come that the program cannot begin without;
 * 0, or -errno. */
int late_take(struct late *l, const struct pcn_frame *f, struct error *error);
/* A descriptor of the file, or -1. */
int late_file(const struct late *l);
bool late_is_whole(const struct late *l);
/* The state, checked, has been handed to that process, which begins. */
int late_serve(struct late *l, const struct saved *saved, struct process *p,
	       struct error *error);
/* Its LATE: answers it, now or, with a DEMAND for it, when all has come. */
int late_attach(struct late *l, struct packet *packet, struct error *error);
bool late_is_serving(const struct late *l);
/* ... with what comes over this link. */
bool late_comes_over(const struct late *l, const struct pcn_link *link);
/* To be polled for reading, or -1. */
int late_fd(const struct late *l);
/* Threads that wait now: DEMANDs go over the link. */
int late_work(struct late *l, struct error *error);

/* --- supply.c: it goes ---------------------------------------------------- */

#define SUPPLY_DEMANDS 64u

struct supply {
	const uint8_t *map; /* NULL: nothing is to go */
	uint64_t size;
	uint64_t pages, left, early; /* to go; of these, first ones */
	uint64_t cursor;
	uint8_t *first, *gone; /* a bit for each page; first NULL: all are */
	uint64_t demands[SUPPLY_DEMANDS];
	uint32_t demand_count;
	bool runs; /* the program goes on there, or cannot before it has all:
		    * the others may go, too */
};

/* A copy of what is in the file, which may be closed.  eager: everything goes
 * first. */
int supply_begin(struct supply *s, const struct saved *saved, bool eager,
		 struct error *error);
void supply_end(struct supply *s);
/* A DEMAND. */
int supply_demand(struct supply *s, const struct pcn_frame *f,
		  struct error *error);
/* Would supply_work send something now? */
bool supply_has_work(const struct supply *s, const struct pcn_link *link);
/* Sends some of what the link takes: has anything gone? */
bool supply_work(struct supply *s, struct pcn_link *link);

#endif
