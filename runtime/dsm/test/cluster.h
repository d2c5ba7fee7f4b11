/*
 * cluster.h - nodes on this machine for tests: an agent and a program's process
 * each, links of sockets.  Programs share memory at CLUSTER_BASE and nothing
 * else but struct outside, which is ordinary memory of this machine.
 */
#ifndef CLUSTER_H
#define CLUSTER_H

#include "clock.h"
#include "engine.h"

#include <pcn/abi.h>

#define CLUSTER_BASE  PCN_MMAP_BASE
#define CLUSTER_NODES 4
#define CLUSTER_SKIP  77 /* exit status: not possible here */

struct cluster {
	unsigned nodes;
	uint32_t pages;
	bool tcp;	 /* else socket pairs */
	bool no_ahead;	 /* no reading ahead */
	bool held;	 /* the origin holds all pages at first */
	double seconds;	 /* sets outside->end_ns */
	int spin_us;	 /* -1: as the engine likes */
	unsigned pinned; /* 2: node k on processor k mod 2 */
	int lost_node;	 /* > 0: its agent and program die at outside->kill */
	/* Runs in the program's process; 0: as it should be. */
	int (*program)(unsigned node, void *argument);
	void *argument;
};

/* Memory that all processes share without us. */
struct outside {
	uint32_t ready, ended, stop, kill, killed;
	uint32_t lost_pages; /* as the origin says */
	uint32_t barrier[2];
	struct {
		struct dsm_counters dsm;
		struct window_counters window;
	} counters[CLUSTER_NODES];
	uint64_t elapsed_ns, end_ns, operations;
	uint32_t enough;
	/* What programs want of their agents: pages pushed, or made zero. */
	struct {
		uint32_t sequence, done, target, page, count;
		bool remove;
	} wish[CLUSTER_NODES];
	unsigned char results[1 << 22];
};
extern struct outside *outside;

/* 0 or 1; exits with CLUSTER_SKIP and a word if there is no userfaultfd. */
int cluster_run(const struct cluster *c);

/* Between two looks at what another processor will change: after a while it
 * sleeps, since giving up the processor on a busy machine takes much longer. */
void cluster_pause(unsigned turn);
/* All of `count` threads, of whatever node. */
void cluster_barrier(unsigned count);
void cluster_push(unsigned node, unsigned target, uint32_t page,
		  uint32_t count);
/* Every node drops these pages, which stay in their range: they are zero. */
void cluster_remove(unsigned node, uint32_t page, uint32_t count);
uint64_t cluster_random(uint64_t *state);

#endif
