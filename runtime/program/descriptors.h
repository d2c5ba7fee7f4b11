/*
 * descriptors.h - the process's descriptors: listed for a stream, handed to
 * another process, taken over from one.
 */
#ifndef PCN_PROGRAM_DESCRIPTORS_H
#define PCN_PROGRAM_DESCRIPTORS_H

#include <pcn/stream.h> /* before program.h, which shortens pcn_process */

#include "program.h"

/* Growing list of strings for a stream; offset 0 is "". */
struct pcn_strings {
	char *text; /* pcn_private_map'ped: room bytes */
	uint32_t size, room;
};
int pcn_strings_init(struct pcn_strings *s, uint64_t room);
uint32_t pcn_strings_add(struct pcn_strings *s, const char *text);

struct pcn_descriptors {
	struct pcn_stream_descriptor *list;
	uint32_t count;
	uint64_t room_bytes;
};
/* The run time's own, at most 2: not to be listed. */
void pcn_descriptors_hide(const int *fds, uint32_t count);
/* Lists all but the channel and the hidden ones, sorted by number; named: with
 * paths and what else a file needs, not only numbers.  0 or -errno. */
int pcn_descriptors_list(struct pcn_descriptors *d, struct pcn_strings *strings,
			 bool named);
void pcn_descriptors_free(struct pcn_descriptors *d);
/* Calls each with every name in a folder of /proc that has one for each
 * descriptor, and the folder's own descriptor, until it returns other than 0:
 * that, 0 or -errno. */
int pcn_descriptors_each(const char *path,
			 int (*each)(void *context, int directory,
				     const char *name),
			 void *context);

/* Sends them all and the working directory over a transfer socket. */
int pcn_descriptors_send(const struct pcn_descriptors *d, int transfer);

/*
 * Receives what pcn_descriptors_send sent: `count` descriptors, to their
 * numbers; then the working directory.  Before: closes all others.  keep:
 * descriptors of the run time's own, which are moved out of the way; their new
 * numbers are stored.
 */
int pcn_descriptors_receive(uint32_t count, int *transfer, int *const *keep,
			    uint32_t keep_count);

#endif
