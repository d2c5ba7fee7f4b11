/*
 * protocol.h - who may read and write which page: a state machine without I/O.
 *
 * Pages of 4,096 bytes; many readers or one writer.  Node 0 is the origin and
 * keeps the directory; all messages go between it and one other node, over
 * links that are reliable and in order each (nothing is assumed of one link
 * relative to another).  Because the origin writes down a grant when it sends
 * it, and everything it sends to a node arrives in that order, a recall always
 * finds the page where the directory says it is, but for pages that their
 * holder has pushed away meanwhile.  A write is granted when every other copy
 * is known to be gone: memory is sequentially consistent.
 *
 * protocol.c: faults, grants and recalls as a node sees them
 * directory.c: the origin's requests and transactions
 * directory_ahead.c: those of more than one page
 * range.c: ranges that come and go, nodes that are lost
 * ahead.c: sequential faults
 *
 * The names of states are those of model/dsm.pml.  Everything is deterministic
 * and allocates in pcn_dsm_init() only.  Not reentrant: operations must not
 * call back.
 */
#ifndef PCN_DSM_PROTOCOL_H
#define PCN_DSM_PROTOCOL_H

#include "message.h"

/* What a node may do with a page. */
enum dsm_right { DSM_ABSENT = 0, DSM_READABLE, DSM_WRITABLE };

/* Where the directory says the contents are. */
enum dsm_state {
	DSM_ZERO = 0,  /* nowhere: all zero; readers may hold copies */
	DSM_SHARED,    /* at the origin, and readers hold copies */
	DSM_EXCLUSIVE, /* at owner, who may write */
	DSM_GONE,      /* with a node that is lost */
};

/* In struct dsm_page.flags. */
enum dsm_page_flag {
	/* As a node sees it. */
	DSM_READ_ASKED = 1,   /* READ is on its way */
	DSM_WRITE_ASKED = 2,  /* WRITE is on its way */
	DSM_AHEAD_ASKED = 4,  /* part of an AHEAD on its way */
	DSM_AHEAD_WAITED = 8, /* and somebody waits for it */
	DSM_MARKER = 16,      /* not mapped: its first use asks for more */
	/* As the directory sees it. */
	DSM_BUSY = 32,	   /* an answer is awaited; requests queue */
	DSM_REMOVING = 64, /* no new requests are served */
};

struct dsm_page {
	uint64_t readers; /* with a copy in SHARED, ZERO; bit 0: origin */
	uint32_t work;	  /* index of its transaction, 0: none */
	uint8_t owner;
	uint8_t state; /* enum dsm_state */
	uint8_t right; /* enum dsm_right, this node's */
	uint8_t flags; /* enum dsm_page_flag */
};

/*
 * What the protocol does to this node's memory and to the world.  Runs are
 * consecutive pages.  None may fail: whoever implements them ends the program
 * when memory is out or a link is broken.
 */
struct dsm_ops {
	/* Absent pages get their contents (NULL: zero); maps them and wakes
	 * who waits, or leaves them unmapped, so that their use is a fault. */
	void (*install)(void *context, uint32_t page, uint32_t count,
			const unsigned char *data, enum dsm_right right,
			bool map);
	/* Who waits may look again; what is held is mapped with this right. */
	void (*wake)(void *context, uint32_t page, enum dsm_right right);
	/* From writable to readable; writes under way are done or fault. */
	void (*protect)(void *context, uint32_t page, uint32_t count);
	/* From readable to writable; wakes. */
	void (*upgrade)(void *context, uint32_t page, uint32_t count);
	/* Write-protects (if it was writable), copies out (unless data is
	 * NULL) and makes absent, in this order. */
	void (*take)(void *context, uint32_t page, uint32_t count,
		     unsigned char *data, enum dsm_right right);
	/* Reads what is held and cannot change. */
	void (*copy_out)(void *context, uint32_t page, uint32_t count,
			 unsigned char *data);
	/* data: dsm_message_data(m) bytes, not kept. */
	void (*send)(void *context, unsigned node, const struct dsm_message *m,
		     const unsigned char *data);
	/* A fault on a page of no range (woken, it is the kernel's to judge),
	 * or on one whose contents are lost. */
	void (*refused)(void *context, uint32_t page, bool is_lost);
	/* At the origin: the only copy of this page was on a lost node. */
	void (*lost)(void *context, uint32_t page);
	/* pcn_dsm_add() or pcn_dsm_remove() has come to this: 0 or -errno. */
	void (*done)(void *context, uint64_t cookie, int result);
};

struct dsm_config {
	unsigned node, nodes; /* this one's number; how many there are */
	uint32_t first_page, page_count; /* the window */
	const struct dsm_ops *ops;
	void *context;
	bool alone; /* the origin: other nodes come later */
};

#define DSM_FAULTS_MAX	 256u /* a node's demands on their way */
#define DSM_AHEAD_MAX	 256u /* a node's pages being recalled ahead */
#define DSM_REMOVALS_MAX 64u
#define DSM_STREAMS	 8u

struct dsm_request {
	uint32_t next; /* 0: last */
	uint8_t node;
	bool write;
};

enum dsm_work_kind {
	DSM_WORK_FREE = 0,
	DSM_WORK_PARKED, /* only keeps requests until a removal is done */
	DSM_WORK_READ,
	DSM_WORK_WRITE,
	DSM_WORK_AHEAD,
	DSM_WORK_AHEAD_WRITE,
};

/* A transaction: one page for which the origin awaits answers, and the
 * requests that wait behind it. */
struct dsm_work {
	uint32_t page;
	uint8_t kind;	     /* enum dsm_work_kind */
	uint8_t node;	     /* whose request it is */
	bool home;	     /* the contents have come by a push */
	uint64_t waiting;    /* nodes that have not answered */
	uint32_t head, tail; /* requests, 0: none */
	uint32_t next_free;
};

enum dsm_removal_phase {
	DSM_REMOVAL_FREE = 0,
	DSM_REMOVAL_QUEUED,    /* another one overlaps */
	DSM_REMOVAL_FINISHING, /* transactions of its pages end */
	DSM_REMOVAL_DROPPING,  /* nodes drop their copies */
};

struct dsm_removal {
	uint8_t phase; /* enum dsm_removal_phase */
	uint8_t asker;
	bool keep;
	uint32_t page, count;
	uint32_t busy;	  /* pages */
	uint64_t waiting; /* nodes */
	uint64_t cookie, order;
};

/* Sequential faults: pages low..next-1 have been asked for, by runs, and not
 * been used. */
struct dsm_stream {
	uint32_t low, next, run;
	uint32_t upgraded; /* of its pages, the last to be written as well */
	bool write;	   /* so the next ones will be */
	uint64_t used;
};

struct dsm {
	struct dsm_config config;
	struct dsm_page *pages;
	uint64_t *added; /* origin: bit per page: in a range */
	uint32_t faults; /* this node's demands on their way */
	struct dsm_stream streams[DSM_STREAMS];
	uint64_t clock; /* orders streams and removals */
	bool no_ahead;	/* for tests and measurements */
	/* Origin only. */
	uint64_t alive; /* nodes */
	uint32_t requested[DSM_NODES_MAX], recalled[DSM_NODES_MAX];
	struct dsm_request *requests; /* index 0 is none */
	uint32_t free_request;
	struct dsm_work *works; /* index 0 is none */
	uint32_t free_work, work_count;
	struct dsm_removal removals[DSM_REMOVALS_MAX];
	struct dsm_counters {
		uint64_t read_faults, write_faults, stale_faults;
		uint64_t granted, zero, upgrades, taken, pushed;
		uint64_t ahead_asked, ahead_left, ahead_to_write;
	} counters;
	unsigned char buffer[DSM_DATA_MAX] __attribute__((aligned(4096)));
};

/* 0 or -ENOMEM.  *d is large. */
int pcn_dsm_init(struct dsm *d, const struct dsm_config *config);
void pcn_dsm_deinit(struct dsm *d);

/* Whether a fault can be taken now; if not, leave it with the kernel. */
bool pcn_dsm_room(const struct dsm *d);
/* A thread waits for this page (page numbers are addresses / 4096). */
void pcn_dsm_fault(struct dsm *d, uint32_t page, bool write);

/* A message from this node (0 unless we are the origin).  -EPROTO: it cannot
 * have said this; close the link and say that it is lost. */
int pcn_dsm_receive(struct dsm *d, unsigned from, const struct dsm_message *m,
		    const unsigned char *data);

/*
 * A new range, all zero; or, at the origin, with contents it holds (held). Call
 * done() comes with the cookie, at once or later; -EEXIST: part of it is there.
 * Map it when it is done.
 */
void pcn_dsm_add(struct dsm *d, uint32_t page, uint32_t count, bool held,
		 uint64_t cookie);
/* All nodes drop these pages; the range ends, or stays and is zero (keep).
 * Done when all have. */
void pcn_dsm_remove(struct dsm *d, uint32_t page, uint32_t count, bool keep,
		    uint64_t cookie);

/* Gives up what this node holds exclusively of these pages to another one;
 * returns their number. */
uint32_t pcn_dsm_push(struct dsm *d, unsigned node, const uint32_t *pages,
		      uint32_t count);

/* At the origin: that node has come; it holds nothing. */
void pcn_dsm_node_joined(struct dsm *d, unsigned node);
/* At the origin: that node is no more. */
void pcn_dsm_node_lost(struct dsm *d, unsigned node);

/* --- Between the protocol's files ----------------------------------------- */

static inline struct dsm_page *dsm_page_of(struct dsm *d, uint32_t page)
{
	return &d->pages[page - d->config.first_page];
}

static inline bool dsm_in_window(const struct dsm *d, uint32_t page,
				 uint32_t count)
{
	return page >= d->config.first_page && count <= d->config.page_count &&
	       page - d->config.first_page <= d->config.page_count - count;
}

static inline uint64_t dsm_bit(unsigned i)
{
	return (uint64_t)1 << i;
}

/* The next run of set bits from *at on: its start and length; false: none. */
static inline bool dsm_next_run(uint64_t mask, uint32_t *at, uint32_t *length)
{
	uint64_t rest = *at < 64 ? mask >> *at << *at : 0;

	if (!rest)
		return false;
	*at = (uint32_t)__builtin_ctzll(rest);
	rest = ~(mask >> *at);
	*length = rest ? (uint32_t)__builtin_ctzll(rest) : 64;
	if (*length > 64 - *at)
		*length = 64 - *at;
	return true;
}

/* So many of these pages, at most length, are held with the first one's right.
 */
static inline uint32_t dsm_same_right(const struct dsm_page *p, uint32_t length)
{
	uint32_t same = 1;

	while (same < length && p[same].right == p->right)
		same++;
	return same;
}

static inline bool dsm_is_alive(const struct dsm *d, unsigned node)
{
	return d->alive & dsm_bit(node);
}

/* DSM_OP(d, operation, arguments of it but the context) */
#define DSM_OP(d, name, ...)                                                   \
	((d)->config.ops->name((d)->config.context, ##__VA_ARGS__))

void dsm_send(struct dsm *d, unsigned node, const struct dsm_message *m,
	      const unsigned char *data);

/* protocol.c: what a grant or refusal does here. */
void dsm_granted_read(struct dsm *d, const struct dsm_message *m,
		      const unsigned char *data);
void dsm_granted_write(struct dsm *d, const struct dsm_message *m,
		       const unsigned char *data);
void dsm_refused(struct dsm *d, const struct dsm_message *m);
void dsm_take_here(struct dsm *d, uint32_t page, uint32_t count,
		   unsigned char *data);
void dsm_drop_here(struct dsm *d, uint32_t page, uint32_t count);

/* directory.c */
void dsm_request(struct dsm *d, unsigned node, uint32_t page, bool write);
int dsm_acknowledged(struct dsm *d, unsigned from, const struct dsm_message *m,
		     const unsigned char *data);
int dsm_pushed(struct dsm *d, unsigned from, const struct dsm_message *m,
	       const unsigned char *data);
void dsm_work_node_lost(struct dsm *d, unsigned node);
/* Serves the requests that waited while the page was being removed. */
void dsm_unpark(struct dsm *d, uint32_t work);
/* m has everything but its type; what the origin is granted it has at once. */
void dsm_send_grant(struct dsm *d, unsigned node, bool write,
		    struct dsm_message *m, const unsigned char *data);
/* The page's transaction, of this kind (DSM_WORK_...) and for this node, waits
 * for these nodes. */
void dsm_await(struct dsm *d, uint32_t page, unsigned kind, unsigned node,
	       uint64_t nodes);
/* Asks a node for pages; type: DSM_INVALIDATE or DSM_DOWNGRADE. */
void dsm_recall(struct dsm *d, unsigned from, uint32_t page, unsigned type,
		uint64_t mask, bool data);
void dsm_make_exclusive(struct dsm *d, unsigned node, uint32_t page,
			uint32_t count);

/* directory_ahead.c */
void dsm_request_ahead(struct dsm *d, unsigned node, uint32_t page,
		       uint32_t count, bool write);

/* range.c */
bool dsm_is_added(const struct dsm *d, uint32_t page);
void dsm_range_add(struct dsm *d, unsigned asker, uint32_t page, uint32_t count,
		   bool held, uint64_t cookie);
void dsm_range_remove(struct dsm *d, unsigned asker, uint32_t page,
		      uint32_t count, bool keep, uint64_t cookie);
int dsm_range_dropped(struct dsm *d, unsigned from, uint64_t cookie);
/* A page under removal has no transaction any more. */
void dsm_range_page_finished(struct dsm *d, uint32_t page);
void dsm_range_node_lost(struct dsm *d, unsigned node);

/* ahead.c: a fault here on an absent page; how many pages behind it to ask for,
 * and whether to write them. */
uint32_t dsm_ahead_fault(struct dsm *d, uint32_t page, bool *write);
/* A write here to a readable page; how many pages behind it to ask for. */
uint32_t dsm_ahead_upgrade(struct dsm *d, uint32_t page);
/* The first use of a marker. */
void dsm_ahead_marker(struct dsm *d, uint32_t page);

#endif
