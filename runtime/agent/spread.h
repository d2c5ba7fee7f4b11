/*
 * spread.h - threads on several nodes of this machine, in one shared memory
 * (docs/DISTRIBUTED.md).
 *
 * spread.c: the nodes' processes, calls and returns of threads that are away
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
	int emulated_uffd;     /* where the emulator sends it; -1: none */
	uint32_t unanswered;   /* messages to its service thread */
	struct map *answers;   /* what the next answers are about */
	uint32_t answer_count, answer_room;
};

struct map {
	uint32_t page, count;
	int prot;
	uint32_t type; /* enum pcn_message_type */
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
	struct map *maps; /* sorted, not overlapping */
	uint32_t map_count, map_room;
	uint64_t left; /* how often a thread went to another node */
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

/* --- maps.c --- */

/* 0 or -ENOMEM. */
int maps_change(struct spread *s, const struct map *change);

#endif
