/*
 * popcorn-dsm-bench [-1 | -2] [-n SAMPLES] [-m MIB] - what shared pages cost,
 * over loopback TCP, against what the same TCP costs bare, in the same run.
 *
 * One line per measure: median (and the 10th and 90th percentile) in us, and
 * the ratio to the bare round trip of 8 bytes for 4 KiB; for what streams, the
 * median of five rounds and the best.  -1: all on one processor; -2: node k on
 * processor k mod 2; else where the kernel likes.
 */
#define _GNU_SOURCE
#include "cluster.h"

#include <errno.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAMPLES_MAX 20000u
#define ROUNDS	    5u
#define BLOCK	    ((size_t)1 << 18)

static uint32_t samples = 2000, scan_mib = 256;
static double bare_us, link_mib_s;
static unsigned pinned; /* 1: on one processor; 2: on two by turns */

static volatile uint64_t *word(uint32_t page)
{
	return (uint64_t *)(CLUSTER_BASE + (uint64_t)page * DSM_PAGE_SIZE);
}

/* Waiting must not take processor time from those we measure. */
static void step_wait(uint32_t step)
{
	uint32_t now;

	while ((now = __atomic_load_n(&outside->barrier[0], __ATOMIC_SEQ_CST)) <
	       step)
		syscall(SYS_futex, &outside->barrier[0], FUTEX_WAIT, now, NULL,
			NULL, 0);
}

static void step_done(uint32_t step)
{
	__atomic_store_n(&outside->barrier[0], step, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &outside->barrier[0], FUTEX_WAKE, 100, NULL, NULL,
		0);
	usleep(2000); /* the others are asleep again */
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double line(const char *what, uint64_t *ns, uint32_t count)
{
	uint32_t middle = count / 2, low = count / 10;
	double median;

	qsort(ns, count, sizeof(*ns), compare);
	median = (double)ns[middle] / 1e3;
	printf("%-34s %8.2f us (%.2f to %.2f)", what, median,
	       (double)ns[low] / 1e3, (double)ns[count - 1 - low] / 1e3);
	if (bare_us > 0)
		printf("  %5.2f x", median / bare_us);
	printf("\n");
	fflush(stdout);
	return median;
}

static void pin(unsigned processor)
{
	cpu_set_t set;

	if (!pinned)
		return;
	CPU_ZERO(&set);
	CPU_SET(pinned == 1 ? 0 : processor % 2, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		exit(2);
}

/* --- The link, bare ------------------------------------------------------- */

static void tcp_pair(int ends[2])
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr =
					      htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	int room = 1 << 20;

	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (listener < 0 || ends[0] < 0 ||
	    bind(listener, (void *)&address, sizeof(address)) ||
	    listen(listener, 1) ||
	    getsockname(listener, (void *)&address, &size) ||
	    connect(ends[0], (void *)&address, sizeof(address)))
		exit(2);
	ends[1] = accept(listener, NULL, NULL);
	if (ends[1] < 0)
		exit(2);
	close(listener);
	for (int i = 0; i < 2; i++) {
		setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, &one,
			   sizeof(one));
		setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
		setsockopt(ends[i], SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	}
}

static void transfer(int fd, unsigned char *bytes, size_t size, bool out)
{
	while (size) {
		ssize_t n = out ? send(fd, bytes, size, 0)
				: recv(fd, bytes, size, 0);

		if (n <= 0)
			_exit(2);
		bytes += n;
		size -= (size_t)n;
	}
}

static void rates(const char *what, double *mib_s, double link)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		for (unsigned k = i + 1; k < ROUNDS; k++)
			if (mib_s[k] < mib_s[i]) {
				double t = mib_s[i];

				mib_s[i] = mib_s[k];
				mib_s[k] = t;
			}
	printf("%-34s %8.0f MiB/s (best %.0f)", what, mib_s[ROUNDS / 2],
	       mib_s[ROUNDS - 1]);
	if (link > 0)
		printf("  %3.0f %% of the link",
		       100 * mib_s[ROUNDS / 2] / link);
	printf("\n");
	fflush(stdout);
}

static double mib_per_s(uint64_t start)
{
	return scan_mib / ((double)(pcn_now_ns() - start) / 1e9);
}

/* In blocks of 256 KiB; step 0: always the same one, which stays in the caches.
 */
static void stream_bare(int fd, unsigned char *memory, size_t step, bool out)
{
	for (uint32_t i = 0; i < scan_mib * 4; i++)
		transfer(fd, memory + i * step, BLOCK, out);
}

static void measure_bare(void)
{
	static unsigned char page[DSM_PAGE_SIZE];
	static uint64_t ns[SAMPLES_MAX];
	unsigned char *memory = malloc((size_t)scan_mib << 20);
	double cached[ROUNDS], whole[ROUNDS];
	int ends[2];

	if (!memory)
		exit(2);
	tcp_pair(ends);
	if (!fork()) {
		pin(1);
		memset(memory, 1, (size_t)scan_mib << 20);
		for (uint32_t i = 0; i < samples; i++) {
			transfer(ends[1], page, 8, false);
			transfer(ends[1], page, sizeof(page), true);
		}
		for (unsigned i = 0; i < 2 * ROUNDS; i++) {
			transfer(ends[1], page, 8, false);
			stream_bare(ends[1], memory, i % 2 * BLOCK, true);
		}
		_exit(0);
	}
	pin(0);
	memset(memory, 1, (size_t)scan_mib << 20);
	for (uint32_t i = 0; i < samples; i++) {
		uint64_t start = pcn_now_ns();

		transfer(ends[0], page, 8, true);
		transfer(ends[0], page, sizeof(page), false);
		ns[i] = pcn_now_ns() - start;
	}
	bare_us = line("TCP, 8 bytes for 4 KiB", ns, samples);
	for (unsigned i = 0; i < 2 * ROUNDS; i++) {
		uint64_t start = pcn_now_ns();

		transfer(ends[0], page, 8, true);
		stream_bare(ends[0], memory, i % 2 * BLOCK, false);
		*(i % 2 ? &whole[i / 2] : &cached[i / 2]) = mib_per_s(start);
	}
	rates("TCP, one way, in caches", cached, 0);
	rates("TCP, one way, memory to memory", whole, 0);
	link_mib_s = whole[ROUNDS / 2];
	wait(NULL);
	close(ends[0]);
	close(ends[1]);
	free(memory);
}

/* --- Faults --------------------------------------------------------------- */

/* Every page once, far apart, so that nothing looks sequential. */
static uint32_t shuffled(uint32_t i)
{
	return (uint32_t)((uint64_t)i * 7919 % samples);
}

static void touch_all(uint32_t first, uint64_t value)
{
	for (uint32_t i = 0; i < samples; i++)
		*word(first + i) = value;
}

static void sample(const char *what, uint32_t first, bool write)
{
	static uint64_t ns[SAMPLES_MAX];
	volatile uint64_t sum = 0;

	for (uint32_t i = 0; i < samples; i++) {
		volatile uint64_t *at = word(first + shuffled(i));
		uint64_t start = pcn_now_ns();

		if (write)
			*at = i;
		else
			sum += *at;
		ns[i] = pcn_now_ns() - start;
	}
	line(what, ns, samples);
}

static int faults(unsigned node, void *argument)
{
	bool third = *(unsigned *)argument == 3;

	/* The origin fills the pages; node 1 takes them; the origin takes them
	 * back.  With three nodes, node 2 takes them from node 1. */
	if (node == 0) {
		if (!third)
			sample("zero page, at the origin, no link", samples,
			       true);
		touch_all(0, 1);
		step_done(1);
		step_wait(2);
		if (!third) {
			sample("read fault at the origin", 0, false);
			touch_all(0, 2);
			step_done(3);
			step_wait(4);
			sample("write fault at the origin", 0, true);
			touch_all(0, 3);
		}
		step_done(5);
		return 0;
	}
	step_wait(1);
	if (node == 1) {
		if (third) {
			touch_all(0, 2);
			step_done(2);
			step_wait(6);
			return 0;
		}
		sample("read fault", 0, false);
		sample("write upgrade", 0, true);
		sample("zero page", 2 * samples, true);
		step_done(2);
		step_wait(3);
		sample("write fault", 0, true);
		step_done(4);
		return 0;
	}
	step_wait(5);
	sample("read fault, page at a third node", 0, false);
	sample("write upgrade, three copies", 0, true);
	step_done(6);
	return 0;
}

/* --- Scan ----------------------------------------------------------------- */

static void fill(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		*word(i) = i + 1;
}

static double read_all(uint32_t count)
{
	uint64_t start = pcn_now_ns();
	volatile uint64_t sum = 0;
	double rate;

	for (uint32_t i = 0; i < count; i++)
		sum += *word(i);
	rate = mib_per_s(start);
	if (sum != (uint64_t)count * (count + 1) / 2)
		printf("WRONG SUM\n");
	return rate;
}

/* The origin fills, node 1 reads; node 1 fills, the origin reads. */
static int scan(unsigned node, void *argument)
{
	uint32_t count = scan_mib * 256, step = 0;
	double rate[ROUNDS];

	for (unsigned i = 0; i < ROUNDS; i++) {
		if (node == 0) {
			fill(count);
			step_done(++step);
			step_wait(++step);
			rate[i] = read_all(count);
			step_done(++step);
		} else {
			step_wait(++step);
			rate[i] = read_all(count);
			fill(count);
			step_done(++step);
			step_wait(++step);
		}
	}
	if (node == 0)
		rates("scan by the origin", rate, link_mib_s);
	else
		rates(*(bool *)argument ? "scan by a node, no reading ahead"
					: "scan by a node",
		      rate, link_mib_s);
	return 0;
}

int main(int argc, char **argv)
{
	struct cluster c = {.nodes = 2, .tcp = true, .spin_us = -1};
	unsigned nodes = 2;
	bool no_ahead = false;
	int option;

	while ((option = getopt(argc, argv, "12n:m:s:")) != -1) {
		if (option == '1' || option == '2')
			pinned = (unsigned)(option - '0');
		else if (option == 'n')
			samples = (uint32_t)atoi(optarg);
		else if (option == 'm')
			scan_mib = (uint32_t)atoi(optarg);
		else if (option == 's')
			c.spin_us = atoi(optarg);
		else
			return 2;
	}
	if (!samples || samples > SAMPLES_MAX || samples % 7919 == 0 ||
	    !scan_mib || scan_mib > 4096)
		return 2;
	pin(0);
	measure_bare();
	c.pages = 4 * samples;
	c.pinned = pinned;
	c.program = faults;
	c.argument = &nodes;
	c.no_ahead = true;
	if (cluster_run(&c))
		return 1;
	c.nodes = nodes = 3;
	if (cluster_run(&c))
		return 1;
	c.nodes = 2;
	c.pages = scan_mib * 256;
	c.program = scan;
	c.argument = &no_ahead;
	c.no_ahead = false;
	if (cluster_run(&c))
		return 1;
	c.no_ahead = no_ahead = true;
	return cluster_run(&c);
}
