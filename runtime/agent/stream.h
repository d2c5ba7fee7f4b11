/* stream.h - one of the program's standard streams, as an agent has it. */
#ifndef PCN_AGENT_STREAM_H
#define PCN_AGENT_STREAM_H

#include "queue.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct stream {
	int fd;	      /* ours: read from if it sends, else written to; -1 */
	int original; /* origin: as the program had it; guest: its pipe's end,
		       * until it is handed over; -1 */
	bool socket;  /* must be told not to block */
	bool ended;   /* sends: the last bytes have been read.  Receives: the
		       * last are in the queue */
	uint32_t credit;
	dev_t device; /* of the pipe that the program has */
	ino_t inode;
	struct queue queue; /* sends: goes first; receives: to be written */
};

void stream_close_fd(int *fd);
void stream_end(struct stream *s);
/* Origin: takes a copy of what the program had; reads: from it, else to it. */
void stream_adopt(struct stream *s, int fd, bool reads);
/* The program's descriptor is this pipe. */
void stream_remember(struct stream *s, int fd);
bool stream_is_pipe(const struct stream *s, int fd);
/* What is still in the pipe whose copy fd is; the program does not run. */
bool stream_read_rest(int fd, struct queue *rest);

/* Neither blocks.  Bytes, 0 at the end, -errno.  *not_ours: the terminal is
 * another job's now. */
ssize_t stream_read(struct stream *s, void *to, size_t size, bool *not_ours);
ssize_t stream_write(int fd, bool socket, const struct queue *q);

#endif
