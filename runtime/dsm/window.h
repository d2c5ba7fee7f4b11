/*
 * window.h - this node's part of the shared memory.
 *
 * The agent owns a memfd; the program maps it MAP_SHARED at the pages' own
 * addresses, makes a userfaultfd and sends it (that one system call is all that
 * must happen in the program).  Everything else is done here: registering,
 * installing, protecting, taking away.  The agent does not map the memory, so
 * that it cannot allocate a page by looking at it: pread() of a page that is
 * not there is zero and leaves it so.
 *
 * A page of the memfd is there iff the protocol's right is not DSM_ABSENT, but
 * that pages which were never touched need not be.  What is readable is
 * write-protected wherever it is mapped.
 */
#ifndef PCN_DSM_WINDOW_H
#define PCN_DSM_WINDOW_H

#include "error.h"
#include "protocol.h"

struct window {
	int memfd, uffd; /* -1: none */
	uint32_t first_page, page_count;
	bool old_kernel; /* UFFDIO_CONTINUE cannot write-protect */
	int failed;	 /* 0 or the first -errno that leaves memory wrong */
	struct error error;
	struct window_counters {
		uint64_t installs, wakes, protects, upgrades, takes;
	} counters;
};

struct window_fault {
	uint32_t page;
	bool write;
};

/* All three: 0 or -errno. */
int pcn_window_create(struct window *w, uint32_t first_page,
		      uint32_t page_count, struct error *error);
void pcn_window_close(struct window *w);
/*
 * The program's userfaultfd, fresh from the system call; it belongs to the
 * window now.  -ENOSYS with a clear message if this kernel cannot write-protect
 * shared memory (Linux 5.19 on x86_64, 6.7 on AArch64).
 */
int pcn_window_attach(struct window *w, int uffd, struct error *error);
/* Pages that the program has mapped; their faults come here from now on. */
int pcn_window_register(struct window *w, uint32_t page, uint32_t count,
			struct error *error);

/* Faults that wait, never blocks; their number, at most count, or -errno.
 * -ESRCH: the program is gone. */
int pcn_window_faults(struct window *w, struct window_fault *faults,
		      unsigned count);

/* The protocol's operations (struct dsm_ops). */
void pcn_window_install(struct window *w, uint32_t page, uint32_t count,
			const unsigned char *data, enum dsm_right right,
			bool map);
void pcn_window_wake(struct window *w, uint32_t page, enum dsm_right right);
void pcn_window_protect(struct window *w, uint32_t page, uint32_t count);
void pcn_window_upgrade(struct window *w, uint32_t page, uint32_t count);
void pcn_window_take(struct window *w, uint32_t page, uint32_t count,
		     unsigned char *data, enum dsm_right right);
void pcn_window_copy_out(struct window *w, uint32_t page, uint32_t count,
			 unsigned char *data);
/* Initial contents, before the program runs; for what add() says is held. */
int pcn_window_fill(struct window *w, uint32_t page, uint32_t count,
		    const unsigned char *data);

#endif
