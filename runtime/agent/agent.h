/*
 * agent.h - the agent of one program: starts it, moves it, saves it, forks it.
 *
 * One thread, one event loop (agent.c); at most one operation at a time
 * (operation.c, steps.c).  process.c is what all nodes' processes have in
 * common, local.c those of this machine; socket.c serves the `popcorn` command,
 * signal.c passes signals on, trace.c writes the timeline.
 */
#ifndef PCN_AGENT_AGENT_H
#define PCN_AGENT_AGENT_H

#include "error.h"
#include "executable.h"
#include "late.h"
#include "node.h"
#include "packet.h"
#include "progress.h"
#include "relay.h"
#include "saved.h"
#include "spread.h"
#include "tls.h"
#include "transit.h"

#include <pcn/abi.h>

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define AGENT_PROCESSES 64
#define AGENT_CLIENTS	16
#define AGENT_PLANS	64
#define AGENT_ORPHANS	256
#define AGENT_IGNORED	2 /* signals */
#define AGENT_RESERVE	3 /* descriptors */

#define EXIT_AGENT 125 /* popcorn-run's own failures */
#define EXIT_SAVED 75  /* checkpoint without --leave-running */
#define EXIT_LINK  76  /* the link was cut while the program was away */

struct agent;
struct process;
struct remote;

/* What the agent does with a process, wherever it runs. */
struct process_kind {
	/* A message of the channel without descriptors: 0 or -errno. */
	int (*send)(struct process *p, const struct pcn_message *m,
		    const void *text);
	bool (*in_reach)(const struct process *p);
	void (*request)(struct process *p, enum pcn_request request);
	void (*interrupt)(struct agent *a, struct process *p);
	void (*signal)(struct agent *a, struct process *p, int signal,
		       const siginfo_t *info);
	bool (*is_dying)(const struct process *p);
	/* GO to a source whose state does not go straight to the target: it
	 * arrives in a->transit. */
	int (*save)(struct agent *a, struct process *p,
		    const struct pcn_message *go);
	/* The target gets the state that is in a->transit. */
	int (*take)(struct agent *a, struct process *p);
	void (*drop)(struct agent *a, struct process *p, bool kill_it);
};

extern const struct process_kind process_local, process_remote;

/* An emulator makes them before its program begins, for that cannot. */
struct userfaults {
	bool emulated;
	int socket;	     /* with both; -1: they have come */
	int late, shared;    /* for memory that comes late, for memory that
			      * threads share; or -errno */
	bool user_mode_only; /* the kernel's own accesses do not wait */
};

struct process {
	const struct process_kind *kind;
	bool used;
	bool leaving; /* the program has gone on; this is its old process */
	bool left;    /* ... which has said all */
	bool reaped;  /* its number may be another's by now */
	bool forked;  /* a copy made by popcorn_fork: its parent waits for it */
	pid_t pid;    /* 0: not known yet */
	int channel;  /* -1: gone */
	uint64_t channel_gone_ns;
	int transfer; /* our copy of the sender's end, until it is handed on */
	struct userfaults userfaults;
	int node;
	uint32_t moves;
	struct pcn_control *control;
	struct remote *remote; /* if it is on another machine */
};

enum phase {
	PHASE_NONE = 0,
	PHASE_STARTING, /* target's process comes up */
	PHASE_STOPPING, /* program stops its world */
	PHASE_SAVING,	/* stream is written, read */
};

struct operation {
	enum phase phase;
	enum pcn_request kind;
	int node;
	struct process *target;
	struct process *asker; /* the program itself asked; else NULL */
	bool answered;	       /* asker has its ANSWER */
	int client;	       /* index, -1: none waits */
	int file;	       /* checkpoint */
	bool leave_running;
	bool restoring; /* from a file: there is no program yet */
	bool saved, restored;
	bool through;	  /* the state comes to us, in a->transit */
	bool handed;	  /* ... and has gone on from here */
	bool late;	  /* ... before all of its memory has come */
	bool raised;	  /* the program has been asked to stop */
	int fork_channel; /* the child's end, until it is handed on */
	uint64_t started_ns, stopped_ns, stop_ns, deadline_ns;
	uint64_t bytes;
	uint32_t threads, frames;
	int64_t save_ns;
	pid_t child;
	struct progress progress;
};

struct client {
	int fd;
	bool used;
};

/* Moves to come, from --at and --hop. */
struct plan {
	uint64_t at_ns; /* since the start */
	int node;
};

struct hops {
	uint32_t left;
	uint64_t min_ns, max_ns;
	uint64_t random;
	uint64_t next_ns; /* 0: not planned */
};

struct orphan { /* a child of the program's earlier process that has ended */
	pid_t pid;
	int status;
};

struct options {
	struct nodes nodes;
	int start_node;
	char **argv;	     /* program and arguments */
	struct saved *saved; /* restore this instead of starting argv */
	const char *trace;
	struct plan plans[AGENT_PLANS];
	int plan_count;
	struct hops hops;
	uint64_t timeout_ns;
	bool quiet;
	struct pcn_tls_files keys;
	bool plain; /* no TLS, on loopback only: for benchmarks */
	bool eager; /* no program runs before all its memory has come */
};

struct agent {
	struct options *options;
	struct executable executable;
	struct process processes[AGENT_PROCESSES];
	struct process *current;      /* NULL: not yet, or ended */
	pid_t stale[AGENT_PROCESSES]; /* killed by us, not reaped yet */
	struct operation op;
	struct client clients[AGENT_CLIENTS];
	struct orphan orphans[AGENT_ORPHANS];
	int orphan_count;
	struct hops hops;
	int next_plan;
	int listener, signals;
	int reserve[AGENT_RESERVE], reserved;
	char socket_path[108];
	sigset_t old_mask;
	struct sigaction old_actions[AGENT_IGNORED];
	uint64_t start_ns;
	uint64_t held_signals; /* arrived while the program was between nodes */
	FILE *trace;
	int trace_error; /* the first one */
	pid_t first_pid; /* what the program calls itself */
	struct transit transit;
	struct late late;
	struct relay relay;
	struct spread spread;
	struct pcn_tls *tls; /* NULL: no node needs it */
	bool hosts_guest;    /* this is popcornd's: no process outlives it */
	uint32_t moves, moves_failed;
	bool ended, restore_failed;
	bool lost; /* a part of the program was elsewhere, and is gone */
	struct error why_lost;
	int exit_status;
	struct error error;
	struct packet packet;
};

uint64_t now_ns(void);

/* --- agent.c --- */

/* Runs the program to its end; returns its exit status, or -errno. */
int agent_run(struct options *options, const char *program,
	      struct error *error);

/* --- process.c --- */

/* A free one; NULL with a->error. */
struct process *process_new(struct agent *a, int node,
			    const struct process_kind *kind);
/* Starts a process of the node that waits for its state (RESTORE), or the
 * program itself (START).  NULL with a->error. */
struct process *process_start(struct agent *a, int node,
			      enum pcn_channel_role role);
/* Ends it if it still runs, and forgets it. */
void process_drop(struct agent *a, struct process *p, bool kill_it);
int process_send(struct process *p, const struct pcn_message *m,
		 const void *text);
/* p: NULL if that process has ended. */
int process_tell(struct process *p, enum pcn_message_type type, int64_t value);
/* Can it be spoken to?  Not if it has become another program. */
bool process_in_reach(const struct process *p);
/* Raises a request, or takes it back (NONE). */
void process_request(struct process *p, enum pcn_request request);
/* Makes every thread of it look at its request. */
void process_interrupt(struct agent *a, struct process *p);
/* signal: as programs number them; info: NULL, or what came with it. */
void process_signal(struct agent *a, struct process *p, int signal,
		    const siginfo_t *info);
bool process_is_dying(struct agent *a, const struct process *p);
int process_save(struct agent *a, struct process *p,
		 const struct pcn_message *go);
int process_take(struct agent *a, struct process *p);

/* --- remote.c --- */

/* What --key and friends say; 0 if no node needs them. */
int remote_prepare(struct agent *a);
struct process *remote_start(struct agent *a, int node,
			     enum pcn_channel_role role);
struct pcn_link *remote_link(const struct process *p);
/* The program goes on there. */
void remote_runs(struct process *p);
/* Memory is to go that could go now. */
bool remote_has_work(const struct process *p);
/* Takes what the link has, sends what can be sent; p may be gone afterwards. */
void remote_work(struct agent *a, struct process *p);

/* --- userfaults.c --- */

/* What the process's emulator has made, p's; whoever takes a descriptor leaves
 * an error number. */
struct userfaults *process_userfaults(struct process *p);

/* --- local.c --- */

struct process *local_start(struct agent *a, int node,
			    enum pcn_channel_role role);
/* The same without a process: for the program to start by itself.  *channel is
 * the child's end, argv_text its command, each word with its NUL. */
struct process *local_prepare_fork(struct agent *a, int node, int *channel,
				   char *argv_text, uint32_t *argv_size);
/* Closes what the program has inherited through us. */
void local_release_inherited(void);

/* --- reserve.c --- */

/* Gives the reserved descriptors for use, and takes them back: false if some
 * are in use still. */
void reserve_give(struct agent *a);
bool reserve_take(struct agent *a);

/* --- operation.c --- */

/* Begins; 0 or -errno with a->error.  client: index or -1. */
int operation_move(struct agent *a, int node, int client);
int operation_checkpoint(struct agent *a, int file, bool leave_running,
			 int client);
int operation_restore(struct agent *a);
/* Time passes: interrupts blocked threads, gives up. */
void operation_tick(struct agent *a);
/* The process has ended. */
void operation_process_gone(struct agent *a, struct process *p);
/* ... or the program has left it: drops it, or waits until none of the
 * program's memory is to come from there. */
void operation_process_left(struct agent *a, struct process *p);
/* The `popcorn` command has the file on disk (true), or gave up. */
void operation_client_says(struct agent *a, int client, bool commit);
void operation_client_gone(struct agent *a, int client);

/* --- steps.c --- */

/* A message of a process has arrived in a->packet. */
void operation_message(struct agent *a, struct process *p);
/* Something has come for a->transit, or gone from a->relay. */
void operation_state(struct agent *a);

/* --- orphans.c --- */

/* A child that is no process of ours has ended. */
void orphans_keep(struct agent *a, pid_t pid, int status);
/* Answers the WAIT in a->packet. */
void orphans_wait(struct agent *a, struct process *p);

/* --- socket.c --- */

int socket_listen(struct agent *a);
void socket_accept(struct agent *a);
void socket_request(struct agent *a, int client);
void socket_reply(struct agent *a, int client, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void socket_close(struct agent *a);

/* --- signal.c --- */

int signals_start(struct agent *a);
/* In the program's process, before exec: what we ignore it need not. */
void signals_for_program(const struct agent *a);
void signals_read(struct agent *a);
void signals_release_held(struct agent *a);
/* The SIGNAL in a->packet: sent to the process that the program has left. */
void signals_send_on(struct agent *a);
/* ended: wait status of the program's last process */
int signals_exit_status(int status);

/* --- trace.c --- */

int trace_open(struct agent *a);
/* Says so if something could not be written. */
void trace_close(struct agent *a);
/* from, to: nodes' indexes or -1. */
void trace_event(struct agent *a, const char *event, int from, int to,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
