/*
 * snapshot.h - all that a stream says of the process, put together while the
 * world stands still, and written.
 */
#ifndef PCN_PROGRAM_SNAPSHOT_H
#define PCN_PROGRAM_SNAPSHOT_H

#include "descriptors.h" /* before program.h, which shortens pcn_process */
#include "memory_scan.h"

struct pcn_snapshot {
	struct pcn_stream_info info;
	struct pcn_strings strings;
	struct pcn_descriptors descriptors;
	struct pcn_memory_list memory;
	struct pcn_stream_thread *threads;
	struct pcn_stream_frame *frames;
	uint32_t thread_count, frame_count;
	uint64_t threads_room, frames_room;
	bool named;	 /* for a file: paths and names matter */
	const char *why; /* of a failure, where errno does not tell */
};

/*
 * Fills in a zeroed snapshot.  Before: named, and info.forked for a copy of one
 * thread.  Nothing of the process changes but that memory is readable until
 * pcn_snapshot_discard, which is due on failure too.  0 or -errno.
 */
int pcn_snapshot_take(struct pcn_snapshot *s);
void pcn_snapshot_discard(struct pcn_snapshot *s);
/* The head alone, or all, to fd at its offset 0; *file_size: of all; sealed:
 * with a checksum. */
int pcn_snapshot_write_head(struct pcn_snapshot *s, int fd,
			    uint64_t *file_size);
int pcn_snapshot_write(struct pcn_snapshot *s, int fd, uint64_t *file_size,
		       bool sealed);

#endif
