/* saved.h - a saved process in a file, checked whole before anything is done.
 */
#ifndef PCN_AGENT_SAVED_H
#define PCN_AGENT_SAVED_H

#include "error.h"

#include <pcn/stream.h>

#include <stdbool.h>
#include <stdint.h>

/* What a process that comes over a link finds instead of what its path leads
 * to, in order of number. */
struct saved_given {
	int32_t number;
	int fd;	       /* this one, copied; -1: the path's file, if it has */
	uint64_t size; /* ... this size */
};

struct saved {
	int fd;
	const char *path;
	void *map; /* the whole file, read-only */
	uint64_t size, head_size;
	struct pcn_stream stream;
	struct pcn_process *process; /* put together from the segments */
	int *fds;     /* reopened descriptors, one for each of the stream's */
	bool travels; /* over a link: nothing is the restorer's own */
	bool is_late; /* not all of its memory has come (late.h) */
	const struct saved_given *given;
	uint32_t given_count;
};

/* Opens and checks; nothing of the system is changed. */
int saved_open(struct saved *s, const char *path, struct error *error);
/* The same of a file without a name; takes fd over. */
int saved_open_fd(struct saved *s, int fd, const char *name,
		  struct error *error);
void saved_close(struct saved *s);
/* Can what this descriptor is be opened by its path on another machine? */
bool saved_can_travel(const struct saved *s,
		      const struct pcn_stream_descriptor *d);
const char *saved_kind_name(uint32_t kind);
/* size bytes of the process's memory at address, from the file or zero; false
 * if they are not mapped. */
bool saved_memory(const struct saved *s, uint64_t address, void *to,
		  uint64_t size);
/* The path of a shared mapping's file, or NULL. */
const char *saved_path(const struct saved *s, int32_t slot,
		       char path[PCN_PATH_MAX]);
/* Reopens the descriptors, or names all that cannot be: one line each.
 * drop_lost: the program finds those closed instead. */
int saved_reopen(struct saved *s, bool drop_lost, struct error *error);
/* Sends state, descriptors and working directory over a transfer socket. */
int saved_send(struct saved *s, int transfer, struct error *error);

#endif
