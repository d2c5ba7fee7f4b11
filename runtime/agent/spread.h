/*
 * spread.h - threads on several nodes, in one shared memory
 * (docs/DISTRIBUTED.md).
 *
 * spread.c: what the program and the `popcorn` command ask for
 * places.c: the nodes' files, engines and processes
 * mails.c: calls and returns of threads that are away
 * maps.c: what is mapped, on every node alike
 * outpost.c: a node's part in the agent of another machine than the program's
 *
 * The origin's agent has the parts of all nodes of its machine.  A place on
 * another machine is far: what it has is there, and the two agents speak over
 * their link (wire.h).
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
struct pcn_frame;
struct pcn_link;

#define SPREAD_NODES ((int)PCN_CHANNEL_NODES_MAX)

/* Mapped by one or several maps. */
struct map_file {
	int fd;
	uint32_t maps;
};

struct map {
	uint32_t page, count;
	int prot;
	uint32_t type; /* enum pcn_message_type */
	uint64_t offset;
	struct map_file *file; /* MAP_FILE, in struct spread's list; else NULL
				*/
};

struct maps {
	struct map *list;
	uint32_t count, room;
};

/* A node's part: memory, mails, doorbell, unless it is far; its process. */
struct place {
	enum place_state {
		PLACE_NONE = 0,
		PLACE_STARTING, /* its process comes up */
		PLACE_MAPPING,	/* and maps what there is */
		PLACE_READY,
	} state;
	bool far;
	struct pcn_link *link; /* if far; at an outpost: to the origin */
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
	int outpost;			/* in a guest's agent: its node */
};

void spread_init(struct spread *s);
void spread_end(struct spread *s);
/* Is memory shared, or about to be? */
bool spread_is_on(const struct spread *s);
/* The message in a->packet is one of these; true: it has been dealt with. */
bool spread_message(struct agent *a, struct process *p);
/* A process has ended, as wait() tells. */
void spread_process_gone(struct agent *a, struct process *p, int status);
/* ... or its link has. */
void spread_link_gone(struct agent *a, struct process *p, const char *why);
/* A process on another machine is to say something soon. */
bool spread_awaits(const struct spread *s, const struct process *p);
/* WIRE_PAGES or WIRE_MAIL of a process's link: 0 or -errno, the link's end. */
int spread_frame(struct agent *a, struct process *p, const struct pcn_frame *f,
		 struct error *error);
/* Its link has sent what was queued. */
void spread_link_has_room(struct agent *a, struct process *p);
/* The process has ended, or has become another program: so have its threads. */
void spread_home_gone(struct agent *a, struct process *p);
/* A client's wish: thread tid, as the program knows it, is to go to that node.
 */
void spread_wish(struct agent *a, int client, int tid, int node);
void spread_client_gone(struct agent *a, int client);
/* What to wait for: at most 2 * SPREAD_NODES; and whatever there is to do. */
int spread_poll(const struct spread *s, struct pollfd *list);
void spread_work(struct agent *a);
/* Is there something to do at once? */
bool spread_has_work(const struct spread *s);

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
/* Is there room for words on its link? */
bool place_has_room(const struct place *p);
/* Its process ends; who waits for it gets err, which is -errno. */
void place_failed(struct agent *a, int node, int err);
/* Memory, mails, doorbell go to its process. */
int place_send_files(struct agent *a, struct place *p,
		     enum pcn_message_type type);
/* The userfaultfd that came with SHARED, in a->packet: 0 or -errno with
 * a->error. */
int place_attach(struct agent *a, int node);
/* The engine speaks over the link. */
int place_link_way(struct engine *e, unsigned dsm_node, struct place *p,
		   struct error *error);
/* Its process has its files: SHARED is in a->packet. */
void place_says_shared(struct agent *a, int node);
void place_look_whether_ready(struct agent *a, int node);
/* To its service thread, whose answer is about *about: 0 or -errno. */
int place_tell(struct place *p, const struct pcn_message *m,
	       const struct map *about);
int place_tell_map(struct place *p, const struct map *map);

/* mails.c: who has rung at this place: numbers of slots, at most count. */
int place_rung(struct place *p, uint32_t *slots, int count);
/* The mail of a thread that has rung. */
void place_read_mail(struct place *p, uint32_t slot, struct pcn_mail *m);
/* THREAD for its process.  1: the thread is there; 0: that will be answered; or
 * -errno. */
int place_bring(struct place *p, const struct pcn_message *m);
/* A thread that is there has a result (word RESULT), is recalled, or both. */
void place_tell_thread(struct place *p, uint32_t slot,
		       const struct pcn_mail *m);
/* Pages for another node go before its thread. */
void place_push(struct place *from, unsigned dsm_node,
		const struct pcn_mail *m);
/* Whoever has rung at a node of this machine. */
void mails_hear(struct spread *s, int node);
/* The mail of a thread that is there. */
void mails_hear_thread(struct spread *s, int node, uint32_t slot,
		       const struct pcn_mail *m);
/* The thread does not leave. */
void mails_refuse(struct spread *s, uint32_t slot, int err);

/* maps.c: lists; 0 or -ENOMEM. */
int maps_insert(struct maps *maps, uint32_t at, const struct map *m);
void maps_remove(struct maps *maps, uint32_t first, uint32_t count);
/* Of struct spread's: of no use any more. */
void maps_free(struct maps *maps);
/* Does the program share the pages of a file? */
bool maps_have_file(const struct maps *maps);
/* The change in a->packet begins; is it done? */
void changes_begin(struct agent *a);
void changes_look(struct agent *a);
/* The memory that a message speaks of; false: there is none such. */
bool map_of_message(const struct pcn_message *m, struct map *map);
/* A node's service thread has done what it was told: ANSWER is in a->packet. */
void place_answers(struct agent *a, int node);
/* What it was about, and what came of it: 0, the program's -errno, or -EPROTO:
 * nobody has asked. */
int place_take_answer(struct agent *a, struct place *p, struct map *about);
/* All contents are to come home; and on with that. */
void changes_gather_all(struct agent *a);
void changes_gather(struct agent *a);

/* --- outpost.c, in the agent of a guest (guest.c) ---------------------------
 */

/* The node's place, for a process that has been started in role NODE. */
int outpost_begin(struct agent *a, int node, int home, struct pcn_link *link);
/* The process has said what is in a->packet.  1: all stands, and the origin has
 * heard so; 0; or -errno with a->error: give up.  So everywhere. */
int outpost_hear(struct agent *a);
/* The origin has sent this to the process; or a frame. */
int outpost_packet(struct agent *a, const struct pcn_message *m);
int outpost_frame(struct agent *a, const struct pcn_frame *f);
/* What to wait for: at most 2; and whatever there is to do. */
int outpost_poll(const struct agent *a, struct pollfd *list);
int outpost_work(struct agent *a);

#endif
