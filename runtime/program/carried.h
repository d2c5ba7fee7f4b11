/*
 * carried.h - what the run time takes along for the kernel's side of a process:
 * signals that wait, and POSIX timers.  Portable memory, in the state window
 * behind struct pcn_process; saved and restored with it.
 */
#ifndef PCN_CARRIED_H
#define PCN_CARRIED_H

#include "pcn/abi.h"

/*
 * A signal that waits while the process moves: queued by the kernel, or, when
 * it is marked, let go by the kernel and waiting for a poll of its thread.
 */
struct pcn_pending {
	struct pcn_thread *thread; /* it is for; NULL: for the process */
	uint16_t signal;
	uint8_t marked, taken; /* taken: put back already */
	uint32_t reserved;
	uint8_t info[128]; /* siginfo_t, asm-generic */
};
#define PCN_PENDING_MAX 4096u

/* A POSIX timer; the program's number for it is its index. */
struct pcn_timer {
	uint32_t used;
	int32_t clock, notify, signal, tid; /* with the program's own tids */
	int32_t overrun;		    /* of the signal taken last */
	uint64_t value;			    /* union sigval */
	int64_t interval_s, interval_ns, left_s, left_ns; /* as it stopped */
	uint64_t owes; /* it is to go off once, and its signal has not come */
};
#define PCN_TIMERS_MAX 1024u

struct pcn_carry {
	uint32_t pending_count;
	uint32_t timer_count; /* highest used one + 1 */
	struct pcn_pending pending[PCN_PENDING_MAX];
	struct pcn_timer timers[PCN_TIMERS_MAX];
};

_Static_assert(sizeof(struct pcn_process) <= PCN_STATE_SIZE / 4 &&
		       sizeof(struct pcn_carry) <= PCN_STATE_SIZE / 4,
	       "the state window");

#define PCN_CARRIED_BASE (PCN_STATE_BASE + PCN_STATE_SIZE / 4)
#define pcn_carried	 ((struct pcn_carry *)PCN_CARRIED_BASE)

#endif
