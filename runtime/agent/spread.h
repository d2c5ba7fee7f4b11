/*
 * spread.h - threads on several nodes of this machine, in one shared memory
 * (docs/DISTRIBUTED.md).
 *
 * spread.c: what the program and the `popcorn` command ask for
 * places.c: the nodes' files, engines and processes
 * mails.c: calls and returns of threads that are away
 * maps.c: what is mapped, on every node alike
 */
#ifndef PCN_AGENT_SPREAD_H
#define PCN_AGENT_SPREAD_H

#include "engine.h"
#include "node.h"
#include "packet.h"

#include <pcn/mail.h>

#include <poll.h>

struct agent;
struct process;

#define SPREAD_NODES ((int)PCN_CHANNEL_NODES_MAX)

struct map {
	uint32_t page, count;
	int prot;
	uint32_t type; /* enum pcn_message_type */
};

struct maps {
	struct map *list;
	uint32_t count, room;
};

/* A node's part: memory, mails, doorbell; its process. */
struct place {
	enum place_state {
		PLACE_NONE = 0,
		PLACE_STARTING, /* its process comes up */
		PLACE_MAPPING,	/* and maps what there is */
		PLACE_READY,
	} state;
	struct process *process;
	struct engine *engine;
	struct pcn_mail *mails;
	int mails_fd, bell[2]; /* our end, the process's */
	struct maps answers; /* what its service thread's next ones are about */
};

/* A change of maps that a thread at home waits for; there is one at a time. */
struct change {
	bool under_way;
	bool removing; /* the directory has not said that all have dropped it */
	int result;
};

struct spread {
	int home; /* index of the program's node; -1: nothing is shared */
	struct place places[SPREAD_NODES];
	struct maps maps; /* sorted, not overlapping */
	uint64_t left;	  /* how often a thread went to another node */
	struct change change;
	bool gathering;
	int died_of; /* a signal of a thread's own doing, on another node */
	uint32_t pages_lost;		  /* their only copies, with nodes */
	uint32_t gather_map, gather_page; /* what has been looked at */
	int wisher; /* client whose wish is in the control page; -1 */
	uint64_t wish_ends_ns; /* by then it is taken, or in vain */
	struct process *asker; /* waits for a node's process */
	int asked_node;
	int16_t where[PCN_THREADS_MAX]; /* slots: node, -1: at home */
};

void spread_init(struct spread *s);
void spread_end(struct spread *s);
/* Is memory shared, or about to be? */
bool spread_is_on(const struct spread *s);
/* The message in a->packet is one of these; true: it has been dealt with. */
bool spread_message(struct agent *a, struct process *p);
/* A process has ended, as wait() tells. */
void spread_process_gone(struct agent *a, struct process *p, int status);
/* The process has ended, or has become another program: so have its threads. */
void spread_home_gone(struct agent *a, struct process *p);
/* A client's wish: thread tid, as the program knows it, is to go to that node.
 */
void spread_wish(struct agent *a, int client, int tid, int node);
void spread_client_gone(struct agent *a, int client);
/* What to wait for: at most 2 * SPREAD_NODES; and whatever there is to do. */
int spread_poll(const struct spread *s, struct pollfd *list);
void spread_work(struct agent *a);

/* --- Between the files ------------------------------------------------------
 */

const char *spread_node_name(struct agent *a, int node);
/* The origin is the directory's node 0; the others follow in order. */
unsigned spread_dsm_node(const struct spread *s, int node);
/* Nothing that this program had there can be had any more. */
void spread_lose(struct agent *a, int node, const char *why);
/* All other nodes' processes end, and nothing is shared any more. */
void spread_stop(struct agent *a);

/* places.c: all of a place but its process: 0 or -errno with a->error. */
int place_open(struct agent *a, int node);
void place_close(struct place *p);
/* Its process ends; who waits for it hears so. */
void place_failed(struct agent *a, int node);
/* Memory, mails, doorbell go to its process. */
int place_send_files(struct agent *a, struct place *p,
		     enum pcn_message_type type);
/* Its process has its files: SHARED is in a->packet. */
void place_says_shared(struct agent *a, int node);
void place_look_whether_ready(struct agent *a, int node);
/* To its service thread, whose answer is about *about: 0 or -errno. */
int place_tell(struct place *p, const struct pcn_message *m,
	       const struct map *about);
int place_tell_map(struct place *p, const struct map *map);

/* mails.c: whoever has rung at a node. */
void mails_hear(struct spread *s, int node);
/* The thread does not leave. */
void mails_refuse(struct spread *s, uint32_t slot, int err);

/* maps.c: lists; 0 or -ENOMEM. */
int maps_insert(struct maps *maps, uint32_t at, const struct map *m);
void maps_remove(struct maps *maps, uint32_t first, uint32_t count);
/* The change in a->packet begins; is it done? */
void changes_begin(struct agent *a);
void changes_look(struct agent *a);
/* A node's service thread has done what it was told: ANSWER is in a->packet. */
void place_answers(struct agent *a, int node);
/* All contents are to come home; and on with that. */
void changes_gather_all(struct agent *a);
void changes_gather(struct agent *a);

#endif
