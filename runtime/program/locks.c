/*
 * locks.c - record locks (fcntl's F_SETLK, lockf) belong to the process that
 * took them: no other can be given them, and one that took them anew might come
 * too late.  So a process that holds some stays where it is until it has given
 * them up, which in most programs is soon; then it leaves at the next poll.
 */
#include "descriptors.h"
#include "lines.h"
#include "native.h"

/* Of whatever may take or give up such a lock. */
static uint32_t changes = 1;
/* What a look at the kernel's list has found: at which change, and bit 0: there
 * are some. */
static uint64_t known;

void pcn_locks_changed(void)
{
	__atomic_fetch_add(&changes, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&__popcorn_control.request, __ATOMIC_SEQ_CST) !=
	    PCN_REQUEST_NONE)
		pcn_poll_raise();
}

/* Is it "lock: ... POSIX ..."? */
static bool is_record_lock(void *unused, const char *line)
{
	static const char word[] = " POSIX ";

	(void)unused;
	while (*line && !pcn_strprefix(line, word))
		line++;
	return *line;
}

static int is_locked(void *unused, int directory, const char *descriptor)
{
	return pcn_lines_find(directory, descriptor, is_record_lock, unused);
}

bool pcn_locks_held(void)
{
	uint64_t now = __atomic_load_n(&changes, __ATOMIC_SEQ_CST);
	uint64_t last = __atomic_load_n(&known, __ATOMIC_SEQ_CST);

	if (last >> 1 != now) {
		last = now << 1 |
		       (pcn_descriptors_each("/proc/thread-self/fdinfo",
					     is_locked, NULL) > 0);
		__atomic_store_n(&known, last, __ATOMIC_SEQ_CST);
	}
	return last & 1;
}
