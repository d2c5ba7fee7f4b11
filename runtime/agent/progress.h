/* progress.h - one line on stderr for work that takes long, if a person reads.
 */
#ifndef PCN_AGENT_PROGRESS_H
#define PCN_AGENT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what;
	uint64_t total, start_ns;
	bool shown;
};

/* total 0: not known. */
void progress_begin(struct progress *p, const char *what, uint64_t total);
void progress_show(struct progress *p, uint64_t bytes);
void progress_end(struct progress *p);

#endif
