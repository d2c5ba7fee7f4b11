/*
 * engine.h - protocol, window and links in one event loop: what an agent uses.
 *
 *     pcn_engine_create()       node n of so many, the window's pages
 *     pcn_engine_link()         the origin: to every other node; a node: to 0
 *     pcn_engine_attach()       the program's userfaultfd
 *     pcn_engine_register()     pages as the program has mapped them
 *     pcn_engine_run()          for ever, or whenever pcn_engine_fd() is
 * readable
 *
 * The rest is the protocol's (protocol.h), on &engine->dsm, between two runs or
 * from a callback's caller; callbacks themselves only take note.  One thread.
 */
#ifndef PCN_DSM_ENGINE_H
#define PCN_DSM_ENGINE_H

#include "peer.h"
#include "protocol.h"
#include "window.h"

struct engine_callbacks {
	/* All as in struct dsm_ops, and optional. */
	void (*refused)(void *context, uint32_t page, bool is_lost);
	void (*lost)(void *context, uint32_t page);
	void (*done)(void *context, uint64_t cookie, int result);
	/* A link has ended; its pages have been reported already.  At a node:
	 * the origin is gone, and with it the program. */
	void (*node_lost)(void *context, unsigned node);
	bool alone; /* the origin: nodes come by pcn_engine_link() */
};

/* Where what an engine says to another one of the same loop goes. */
struct engine_end {
	struct engine *to;
	unsigned from; /* the node that it is from, there */
};

struct engine {
	struct dsm dsm;
	struct window window;
	struct peer peers[DSM_NODES_MAX];
	struct engine_end ends[DSM_NODES_MAX];
	uint64_t arrived;  /* from such others, and not looked at */
	uint64_t broken;   /* links to be given up, when it is safe */
	uint64_t watching; /* links whose socket was full */
	int epoll;
	bool faults_paused;
	bool worked;	  /* the last run found something to do */
	uint32_t spin_ns; /* how long to look before sleeping */
	struct engine_callbacks callbacks;
	void *context;
	struct error error; /* of pcn_engine_run() */
};

/* 0 or -errno.  *e is large: allocate it. */
int pcn_engine_create(struct engine *e, unsigned node, unsigned nodes,
		      uint32_t first_page, uint32_t page_count,
		      const struct engine_callbacks *callbacks, void *context,
		      struct error *error);
void pcn_engine_close(struct engine *e);
/* A connected stream socket to that node; it belongs to the engine. */
int pcn_engine_link(struct engine *e, unsigned node, int socket,
		    struct error *error);
/* The same, but bytes go and come in a way of the caller's. */
int pcn_engine_link_way(struct engine *e, unsigned node,
			const struct peer_way *way, struct error *error);
/* Two engines of one loop, each of which runs whenever the other one has
 * worked.  Unlink one before the other one is closed. */
int pcn_engine_link_pair(struct engine *origin, struct engine *node,
			 struct error *error);
/* They have come from there (at most DSM_MESSAGE_MAX): 0; -EPROTO: nonsense,
 * -EPIPE: it has been given up: the link is of no use. */
int pcn_engine_take(struct engine *e, unsigned node, const void *bytes,
		    size_t size);
/* There is room again. */
void pcn_engine_flush(struct engine *e, unsigned node);
/* At the origin: nothing comes from that node any more. */
void pcn_engine_unlink(struct engine *e, unsigned node);
int pcn_engine_attach(struct engine *e, int uffd, struct error *error);
int pcn_engine_register(struct engine *e, uint32_t page, uint32_t count,
			struct error *error);
/* Readable when there is something to do; for the agent's own loop. */
int pcn_engine_fd(const struct engine *e);
/* Is there something to do that does not make it readable? */
static inline bool pcn_engine_has_work(const struct engine *e)
{
	return e->arrived;
}
/*
 * Does what there is to do; waits for something up to timeout_ms (0: does not,
 * -1: for ever).  0, or -errno with e->error when memory is not what it should
 * be: end the program.
 */
int pcn_engine_run(struct engine *e, int timeout_ms);

#endif
