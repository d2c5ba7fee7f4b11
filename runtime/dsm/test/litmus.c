/*
 * litmus [-n NODES] [-r ROUNDS] [-d SECONDS] [-s] [-T] - the classic litmus
 * tests of sequential consistency, their threads on different nodes.
 *
 * A round has many instances of a test, each with locations of its own, in
 * pages of their own or sharing one (-s), zeroed by a thread of another node
 * each time.  Threads meet before each instance, outside the shared memory.
 * Every outcome is counted; one that no interleaving allows is an error.
 */
#define _GNU_SOURCE
#include "cluster.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INSTANCES 64u
#define THREADS	  4u
#define REGISTERS 4u

static unsigned node_count = 2;
static uint64_t rounds = 20;
static double seconds = 1e6; /* for one test, then it is enough */
static bool same_page;

typedef volatile uint64_t location;

static uint64_t load(location *at)
{
	return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}

static void store(location *at, uint64_t value)
{
	__atomic_store_n(at, value, __ATOMIC_SEQ_CST);
}

/* --- Store buffering: not both 0 --- */

static void sb(unsigned thread, location *x, location *y, uint64_t *r)
{
	if (thread == 0) {
		store(x, 1);
		r[0] = load(y);
	} else {
		store(y, 1);
		r[1] = load(x);
	}
}

static bool sb_bad(const uint64_t *r)
{
	return !r[0] && !r[1];
}

/* --- Message passing: the flag without the message --- */

static void mp(unsigned thread, location *x, location *y, uint64_t *r)
{
	if (thread == 0) {
		store(x, 1);
		store(y, 1);
	} else {
		r[0] = load(y);
		r[1] = load(x);
	}
}

static bool mp_bad(const uint64_t *r)
{
	return r[0] && !r[1];
}

/* --- Load buffering: both see what is written later --- */

static void lb(unsigned thread, location *x, location *y, uint64_t *r)
{
	if (thread == 0) {
		r[0] = load(x);
		store(y, 1);
	} else {
		r[1] = load(y);
		store(x, 1);
	}
}

static bool lb_bad(const uint64_t *r)
{
	return r[0] && r[1];
}

/* --- Independent reads of independent writes: two orders --- */

static void iriw(unsigned thread, location *x, location *y, uint64_t *r)
{
	if (thread == 0) {
		store(x, 1);
	} else if (thread == 1) {
		store(y, 1);
	} else if (thread == 2) {
		r[0] = load(x);
		r[1] = load(y);
	} else {
		r[2] = load(y);
		r[3] = load(x);
	}
}

static bool iriw_bad(const uint64_t *r)
{
	return r[0] && !r[1] && r[2] && !r[3];
}

/* --- Coherence of reads: back to the old value --- */

static void corr(unsigned thread, location *x, location *y, uint64_t *r)
{
	(void)y;
	if (thread == 0) {
		store(x, 1);
		store(x, 2);
	} else {
		r[(thread - 1) * 2] = load(x);
		r[(thread - 1) * 2 + 1] = load(x);
	}
}

static bool corr_bad(const uint64_t *r)
{
	return r[1] < r[0] || r[3] < r[2];
}

/* --- Two plus two writes: both first ones are last; r is read afterwards ---
 */

static void ww(unsigned thread, location *x, location *y, uint64_t *r)
{
	(void)r;
	if (thread == 0) {
		store(x, 1);
		store(y, 2);
	} else {
		store(y, 1);
		store(x, 2);
	}
}

static bool ww_bad(const uint64_t *r)
{
	return r[0] == 1 && r[1] == 1;
}

static const struct test {
	const char *name;
	void (*run)(unsigned thread, location *x, location *y, uint64_t *r);
	bool (*bad)(const uint64_t *r);
	unsigned threads;
	bool final; /* x and y are read at the end */
} tests[] = {
	{"SB", sb, sb_bad, 2, false},	    {"MP", mp, mp_bad, 2, false},
	{"LB", lb, lb_bad, 2, false},	    {"IRIW", iriw, iriw_bad, 4, false},
	{"CoRR", corr, corr_bad, 3, false}, {"2+2W", ww, ww_bad, 2, true},
};

static location *place(unsigned instance, unsigned which)
{
	uint64_t page = same_page ? instance : instance * 2 + which;

	return (location *)(CLUSTER_BASE + page * DSM_PAGE_SIZE + which * 64);
}

/* In memory all processes have. */
static uint64_t *registers(unsigned instance)
{
	return (uint64_t *)outside->results + (size_t)instance * REGISTERS;
}

static uint32_t *meeting(unsigned instance)
{
	return (uint32_t *)(outside->results + (1 << 20)) + instance;
}

/* The last to come lets all go; a short wait of random length spreads them. */
static void meet(const struct test *t, unsigned instance, uint64_t *random)
{
	uint32_t *m = meeting(instance);

	__atomic_add_fetch(m, 1, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; __atomic_load_n(m, __ATOMIC_SEQ_CST) < t->threads;
	     i++)
		cluster_pause(i);
	for (uint64_t n = cluster_random(random) % 4096; n; n--)
		__asm__ volatile("");
}

static void prepare(void)
{
	memset(outside->results, 0, 1 << 21);
	for (unsigned i = 0; i < INSTANCES; i++) {
		store(place(i, 0), 0);
		store(place(i, 1), 0);
	}
}

static unsigned judge(const struct test *t, uint64_t *outcomes)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < INSTANCES; i++) {
		uint64_t *r = registers(i);

		if (t->final) {
			r[0] = load(place(i, 0));
			r[1] = load(place(i, 1));
		}
		bad += t->bad(r);
		outcomes[(r[0] % 3) + 3 * (r[1] % 3) + 9 * (r[2] % 3) +
			 27 * (r[3] % 3)]++;
	}
	return bad;
}

struct worker {
	unsigned number;
	unsigned bad;
	pthread_t thread;
};

static void *work(void *argument)
{
	struct worker *w = argument;
	uint64_t random = (w->number + 1) * 0x9e3779b97f4a7c15u;

	for (size_t k = 0; k < sizeof(tests) / sizeof(*tests); k++) {
		const struct test *t = &tests[k];
		uint64_t outcomes[81] = {0};
		unsigned kinds = 0, bad = 0;

		uint64_t start = pcn_now_ns(), round = 0;

		for (outside->enough = 0; round < rounds && !outside->enough;
		     round++) {
			/* Not always on the same nodes. */
			unsigned role = (unsigned)(w->number + round) % THREADS;

			if (w->number == round % THREADS)
				prepare();
			cluster_barrier(THREADS);
			for (unsigned i = 0; role < t->threads && i < INSTANCES;
			     i++) {
				meet(t, i, &random);
				t->run(role, place(i, 0), place(i, 1),
				       registers(i));
			}
			cluster_barrier(THREADS);
			if (w->number == 0) {
				bad += judge(t, outcomes);
				outside->enough = pcn_now_ns() - start >
						  (uint64_t)(seconds * 1e9);
			}
			cluster_barrier(THREADS);
		}
		cluster_barrier(THREADS);
		if (w->number)
			continue;
		for (unsigned i = 0; i < 81; i++)
			kinds += !!outcomes[i];
		printf("%-5s %llu instances, %u outcomes, %u forbidden\n",
		       t->name, (unsigned long long)round * INSTANCES, kinds,
		       bad);
		w->bad += bad;
	}
	return NULL;
}

static int program(unsigned node, void *argument)
{
	struct worker workers[THREADS];
	unsigned bad = 0;

	(void)argument;
	for (unsigned i = node; i < THREADS; i += node_count) {
		workers[i] = (struct worker){.number = i};
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			return 1;
	}
	for (unsigned i = node; i < THREADS; i += node_count) {
		pthread_join(workers[i].thread, NULL);
		bad += workers[i].bad;
	}
	fflush(stdout);
	return bad ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct cluster c = {.spin_us = -1, .program = program};
	uint64_t faults = 0;
	int option, result;

	while ((option = getopt(argc, argv, "n:r:d:sT")) != -1) {
		if (option == 'n')
			node_count = (unsigned)atoi(optarg);
		else if (option == 'r')
			rounds = strtoull(optarg, NULL, 10);
		else if (option == 'd')
			seconds = strtod(optarg, NULL);
		else if (option == 's')
			same_page = true;
		else if (option == 'T')
			c.tcp = true;
		else
			return 2;
	}
	if (node_count < 2 || node_count > CLUSTER_NODES)
		return 2;
	c.nodes = node_count;
	c.pages = 2 * INSTANCES;
	result = cluster_run(&c);
	for (unsigned i = 0; i < node_count; i++)
		faults += outside->counters[i].dsm.read_faults +
			  outside->counters[i].dsm.write_faults;
	printf("%u nodes, %s: %.1f s, %llu faults\n", node_count,
	       same_page ? "one page" : "two pages",
	       (double)outside->elapsed_ns / 1e9, (unsigned long long)faults);
	return result;
}
