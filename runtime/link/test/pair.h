/* pair.h - what tests of links have in common: two ends in one process. */
#ifndef PCN_LINK_TEST_PAIR_H
#define PCN_LINK_TEST_PAIR_H

#include "clock.h"
#include "link.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define SECOND 1000000000ull
#define must(x)                                                                \
	do                                                                     \
		if (!(x)) {                                                    \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,     \
				#x);                                           \
			abort();                                               \
		}                                                              \
	while (0)

struct pair {
	struct pcn_link *a, *b; /* who connects, who listens */
};

/* A frame of `of` within that time, as pcn_link_receive() says; meanwhile
 * `with`, its other end or NULL, is kept going. */
static inline int receive_within(struct pcn_link *of, struct pcn_link *with,
				 struct pcn_frame *f, uint64_t ns)
{
	uint64_t until = pcn_now_ns() + ns;
	struct pcn_frame unused;
	int n;

	while (!(n = pcn_link_receive(of, f)) && pcn_now_ns() < until) {
		struct pollfd p[2] = {
			{pcn_link_fd(of), pcn_link_events(of, true), 0},
			{with ? pcn_link_fd(with) : -1,
			 with ? pcn_link_events(with, false) : 0, 0}};

		if (with && !pcn_link_up(with))
			must(pcn_link_receive(with, &unused) <= 0);
		if (with)
			pcn_link_flush(with);
		poll(p, 2, 10);
	}
	return n;
}

#endif
