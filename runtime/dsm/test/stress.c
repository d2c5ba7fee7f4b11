/*
 * stress [-n NODES] [-t THREADS] [-s SECONDS] [-p PAGES] [-T] TEST - real
 * processes race on shared pages; the totals must be exact.
 *
 * increments: atomic additions to counters that share pages
 * locks: spin locks in shared memory over plain data of several pages
 * mixed: words of one writer each, side by side in pages; readers see them grow
 * push: two nodes hand pages to one another and increment what they get
 * remove: nodes by turns have all others drop the pages, which those read
 * death: a node dies; the others go on with what it did not hold
 */
#define _GNU_SOURCE
#include "cluster.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned node_count = 2, thread_count = 2, pages = 16;
static double seconds = 1;

typedef int (*test_function)(unsigned node, unsigned thread);
struct worker {
	test_function test;
	unsigned node, thread;
	int result;
};

static uint64_t *word(uint32_t page, uint32_t i)
{
	return (uint64_t *)(CLUSTER_BASE + (uint64_t)page * DSM_PAGE_SIZE) + i;
}

static unsigned all_threads(void)
{
	return node_count * thread_count;
}

static uint64_t seed_of(unsigned node, unsigned thread)
{
	return (node * 64 + thread + 1) * 0x9e3779b97f4a7c15u;
}

/* The test's time is not over; others get their turn. */
static bool more(uint64_t i)
{
	if (i % 8 == 0)
		sched_yield();
	return i % 8 || pcn_now_ns() < outside->end_ns;
}

/* How often this thread has done it, and all have. */
static uint64_t total(uint64_t done)
{
	__atomic_add_fetch(&outside->operations, done, __ATOMIC_SEQ_CST);
	cluster_barrier(all_threads());
	return outside->operations;
}

static int increments(unsigned node, unsigned thread)
{
	uint64_t random = seed_of(node, thread), sum = 0, i, all;

	cluster_barrier(all_threads());
	for (i = 0; more(i); i++) {
		uint64_t r = cluster_random(&random);

		__atomic_add_fetch(word((uint32_t)(r % pages), r / pages % 512),
				   1, __ATOMIC_SEQ_CST);
	}
	all = total(i);
	for (uint32_t p = 0; p < pages; p++)
		for (uint32_t k = 0; k < 512; k++)
			sum += *word(p, k);
	if (sum == all)
		return 0;
	fprintf(stderr, "increments: %llu of %llu\n", (unsigned long long)sum,
		(unsigned long long)all);
	return 1;
}

/* Lock k lies in page k; what it guards in three pages that locks share. */
#define LOCKS 4u

static int locks(unsigned node, unsigned thread)
{
	uint64_t random = seed_of(node, thread), sum = 0, i, all;
	int result = 0;

	cluster_barrier(all_threads());
	for (i = 0; more(i); i++) {
		uint32_t k = (uint32_t)(cluster_random(&random) % LOCKS);
		uint64_t *lock = word(k, 3);

		while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
			sched_yield();
		/* Plain accesses, a page boundary apart each. */
		if (*word(LOCKS, k) != *word(LOCKS + 1, k) ||
		    *word(LOCKS, k) != *word(LOCKS + 2, k))
			result = 1;
		for (uint32_t p = 0; p < 3; p++)
			++*word(LOCKS + p, k);
		__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
	}
	all = total(i);
	for (uint32_t k = 0; k < LOCKS; k++)
		sum += *word(LOCKS, k);
	if (sum == all && !result)
		return 0;
	fprintf(stderr, "locks: %llu of %llu, %d\n", (unsigned long long)sum,
		(unsigned long long)all, result);
	return 1;
}

static int mixed(unsigned node, unsigned thread)
{
	uint64_t random = seed_of(node, thread), seen[64][16] = {{0}};
	unsigned self = node * thread_count + thread;
	uint64_t mine[64] = {0}, i;

	cluster_barrier(all_threads());
	for (i = 0; more(i); i++) {
		uint64_t r = cluster_random(&random);
		uint32_t p = (uint32_t)(r % pages) % 64, value;
		uint32_t other = (uint32_t)(r / 64) % all_threads() % 16;
		/* Every thread's words are 32 bits wide, side by side. */
		volatile uint32_t *of = (uint32_t *)word(p, 0);

		if (r / 4096 % 3) {
			value = of[other];
			if (value < seen[p][other]) {
				fprintf(stderr, "mixed: %u after %llu\n", value,
					(unsigned long long)seen[p][other]);
				return 1;
			}
			seen[p][other] = value;
			continue;
		}
		if (of[self] != mine[p]) {
			fprintf(stderr, "mixed: own %u, not %llu\n", of[self],
				(unsigned long long)mine[p]);
			return 1;
		}
		of[self] = (uint32_t)++mine[p];
	}
	total(i);
	return 0;
}

/* Nodes take turns; false: that was the last one. */
static bool await_turn(const uint64_t *turn, uint64_t round)
{
	for (unsigned i = 0; __atomic_load_n(turn, __ATOMIC_SEQ_CST) != round &&
			     !outside->enough;
	     i++)
		cluster_pause(i);
	return !outside->enough;
}

static void end_turn(uint64_t *turn, uint64_t round)
{
	if (pcn_now_ns() > outside->end_ns)
		outside->enough = 1;
	__atomic_store_n(turn, round + 1, __ATOMIC_SEQ_CST);
}

/* Thread 0 of node k holds pages 0..; hands them on with a turn. */
static int push(unsigned node, unsigned thread)
{
	uint64_t *turn = (uint64_t *)outside->results;
	uint32_t count = pages < 200 ? pages : 200;

	if (thread)
		return 0;
	for (uint64_t round = node;; round += node_count) {
		if (!await_turn(turn, round))
			return 0;
		for (uint32_t p = 0; p < count; p++) {
			if (*word(p, 5) != round) {
				fprintf(stderr, "push: %llu in round %llu\n",
					(unsigned long long)*word(p, 5),
					(unsigned long long)round);
				return 1;
			}
			++*word(p, 5);
			outside->operations++;
		}
		cluster_push(node, (node + 1) % node_count, 0, count);
		end_turn(turn, round);
	}
}

static int wrong(const char *what, uint64_t value, uint64_t wanted)
{
	fprintf(stderr, "%s: %llu, not %llu\n", what, (unsigned long long)value,
		(unsigned long long)wanted);
	return 1;
}

/* Whose turn it is sees what the one before wrote, makes it zero, sees that,
 * and writes anew; other threads read on, and see nothing that was never there.
 */
static int make_zero(unsigned node, unsigned thread)
{
	uint64_t *turn = (uint64_t *)outside->results;
	uint64_t random = seed_of(node, thread);

	while (thread && !outside->enough) {
		uint64_t r = cluster_random(&random);
		uint64_t value = __atomic_load_n(word((uint32_t)(r % pages), 7),
						 __ATOMIC_SEQ_CST);

		if (value > __atomic_load_n(turn, __ATOMIC_SEQ_CST) + 1)
			return wrong("remove, read", value, *turn);
	}
	for (uint64_t round = node; !thread; round += node_count) {
		if (!await_turn(turn, round))
			return 0;
		for (uint32_t p = 0; p < pages; p++)
			if (*word(p, 7) != round)
				return wrong("remove, before", *word(p, 7),
					     round);
		cluster_remove(node, 0, pages);
		for (uint32_t p = 0; p < pages; p++) {
			if (*word(p, 7))
				return wrong("remove, after", *word(p, 7), 0);
			*word(p, 7) = round + 1;
			outside->operations++;
		}
		end_turn(turn, round);
	}
	return 0;
}

/* The last node takes half of the pages for itself and dies; the others use the
 * other half, where it may have held copies and waited. */
static int death(unsigned node, unsigned thread)
{
	uint64_t random = seed_of(node, thread);
	uint32_t half = pages / 2;
	volatile uint64_t sum = 0;
	unsigned after = 0;

	cluster_barrier(all_threads());
	for (uint64_t i = 0;; i++) {
		uint64_t r = cluster_random(&random);

		if (node == node_count - 1) {
			*word(half + (uint32_t)(r % half), 0) = i;
			sum += *word((uint32_t)(r / 64 % half), 0);
			if (!more(i))
				outside->kill = 1;
			continue;
		}
		__atomic_add_fetch(word((uint32_t)(r % half), 0), 1,
				   __ATOMIC_SEQ_CST);
		if (outside->killed && !(i % 1000) && ++after == 20) {
			__atomic_add_fetch(&outside->operations, i,
					   __ATOMIC_SEQ_CST);
			return 0;
		}
	}
}

static void *work(void *argument)
{
	struct worker *w = argument;

	w->result = w->test(w->node, w->thread);
	if (w->result)
		_exit(1);
	return NULL;
}

static int program(unsigned node, void *argument)
{
	struct worker workers[16];
	pthread_t threads[16];

	for (unsigned i = 0; i < thread_count; i++) {
		workers[i] =
			(struct worker){*(test_function *)argument, node, i, 0};
		if (pthread_create(&threads[i], NULL, work, &workers[i]))
			return 1;
	}
	for (unsigned i = 0; i < thread_count; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

static const struct {
	const char *name;
	test_function test;
} tests[] = {
	{"increments", increments}, {"locks", locks},
	{"mixed", mixed},	    {"push", push},
	{"remove", make_zero},	    {"death", death},
};

static void report(const char *name, const struct cluster *c)
{
	uint64_t taken = 0, faults = 0, stale = 0, pushed = 0;
	double s = (double)outside->elapsed_ns / 1e9;

	for (unsigned i = 0; i < c->nodes; i++) {
		taken += outside->counters[i].dsm.taken +
			 outside->counters[i].window.protects;
		faults += outside->counters[i].dsm.read_faults +
			  outside->counters[i].dsm.write_faults;
		stale += outside->counters[i].dsm.stale_faults;
		pushed += outside->counters[i].dsm.pushed;
	}
	printf("%s: %u nodes, %u threads each, %s: %.2f s, %llu faults (%llu "
	       "stale), %llu recalls and invalidations (%.0f/s), %llu pushed, "
	       "%.0f operations/s\n",
	       name, c->nodes, thread_count, c->tcp ? "TCP" : "socket pairs", s,
	       (unsigned long long)faults, (unsigned long long)stale,
	       (unsigned long long)taken, (double)taken / s,
	       (unsigned long long)pushed, (double)outside->operations / s);
}

int main(int argc, char **argv)
{
	struct cluster c = {.spin_us = -1, .program = program};
	const char *name;
	int option, result = 2;

	while ((option = getopt(argc, argv, "n:t:s:p:T")) != -1) {
		const char *text = optarg ? optarg : "0";
		unsigned long long value = strtoull(text, NULL, 10);

		if (option == 'n')
			node_count = (unsigned)value;
		else if (option == 't')
			thread_count = (unsigned)value;
		else if (option == 's')
			seconds = strtod(text, NULL);
		else if (option == 'p')
			pages = (unsigned)value;
		else if (option == 'T')
			c.tcp = true;
		else
			return 2;
	}
	if (node_count < 2 || node_count > CLUSTER_NODES || !thread_count ||
	    thread_count > 4 || pages < 8)
		return 2;
	c.nodes = node_count;
	c.pages = pages;
	c.seconds = seconds;
	name = argv[optind];
	if (!name)
		return 2;
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		test_function test = tests[i].test;

		if (strcmp(name, tests[i].name))
			continue;
		c.argument = &test;
		if (test == death)
			c.lost_node = (int)node_count - 1;
		result = cluster_run(&c);
		report(name, &c);
		if (test == death) {
			printf("death: %u pages lost\n", outside->lost_pages);
			result |= outside->lost_pages != pages - pages / 2;
		}
	}
	return result;
}
