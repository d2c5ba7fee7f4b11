/* check.h - what a test of the agent's parts says is true, or it ends. */
#ifndef PCN_AGENT_TEST_CHECK_H
#define PCN_AGENT_TEST_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define check(x)                                                               \
	do {                                                                   \
		if (!(x)) {                                                    \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,     \
				#x);                                           \
			exit(1);                                               \
		}                                                              \
	} while (0)

#endif
