/*
 * wait.c - calls that wait for a time or with another signal mask.  An
 * interrupted one is issued again by libc, which works out what time is left.
 */
#include "away.h"
#include "buffers.h"

#include <linux/futex.h>
#include <linux/time.h>

#define NS	    1000000000l
#define LONGEST_S   4000000000l
#define UNBLOCKABLE ((1ull << 8) | (1ull << 18)) /* SIGKILL, SIGSTOP */

/*
 * arguments[index] points to a relative timespec, or is NULL.  *left: the time
 * left of an interrupted call.
 */
static long timed(struct pcn_call *call, enum pcn_call_kind kind, long number,
		  unsigned index, const long *arguments,
		  struct pcn_timespec *left)
{
	const struct pcn_timespec *asked = (const void *)arguments[index];
	struct pcn_timespec local;
	uint64_t ns, start, passed;
	long a[6], result;

	memcpy(a, arguments, sizeof a);
	if (!asked || asked->s < 0 || asked->s > LONGEST_S || asked->ns < 0 ||
	    asked->ns >= NS)
		return pcn_call_blocking(call, kind, number, a[0], a[1], a[2],
					 a[3], a[4], a[5]);
	local = *asked; /* the kernel may write to it, and libc counts by its
			   own clock */
	ns = local.s * NS + local.ns;
	a[index] = (long)&local;
	start = left ? pcn_time_ns() : 0;
	result = pcn_call_blocking(call, kind, number, a[0], a[1], a[2], a[3],
				   a[4], a[5]);
	if (left) {
		passed = pcn_time_ns() - start;
		ns = passed < ns ? ns - passed : 0;
		*left = (struct pcn_timespec){ns / NS, ns % NS};
	}
	return result;
}

long pcn_call_timed(struct pcn_call *call, enum pcn_call_kind kind, long number,
		    unsigned index, long a, long b, long c, long d, long e,
		    long f)
{
	return timed(call, kind, number, index, (long[6]){a, b, c, d, e, f},
		     NULL);
}

static long sleep(struct pcn_call *call, const long *arguments)
{
	struct pcn_timespec *rest = (void *)call->a[3], left;
	long result = timed(call, PCN_CALL_WAIT, __NR_clock_nanosleep, 2,
			    arguments, &left);

	if (result == -EINTR && rest)
		*rest = left;
	return result;
}

long pcn_call_clock_nanosleep(struct pcn_call *call)
{
	const long *a = call->a;

	if (a[1] & TIMER_ABSTIME)
		return pcn_call_blocking(call, PCN_CALL_WAIT,
					 __NR_clock_nanosleep, a[0], a[1], a[2],
					 0, 0, 0);
	return sleep(call, (long[6]){a[0], a[1], a[2], 0, 0, 0});
}

long pcn_call_nanosleep(struct pcn_call *call)
{
	call->a[3] = call->a[1];
	return sleep(call, (long[6]){1 /* CLOCK_MONOTONIC */, 0, call->a[0], 0,
				     0, 0});
}

static long futex(struct pcn_call *call)
{
	const long *a = call->a;

	switch (a[1] & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
		return timed(call, PCN_CALL_BLOCK, __NR_futex, 3, a, NULL);
	case FUTEX_WAIT_BITSET: /* absolute */
		return pcn_call_blocking(call, PCN_CALL_BLOCK, __NR_futex, a[0],
					 a[1], a[2], a[3], a[4], a[5]);
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
	case FUTEX_WAKE_OP:
		return pcn_native_syscall(__NR_futex, a[0], a[1], a[2], a[3],
					  a[4], a[5]);
	default:
		return -ENOSYS; /* priority inheritance knows the kernel's tids
				 */
	}
}

/*
 * The words stay where they are.  That the kernel does not find one is known
 * before the call has done anything.  For FUTEX_WAKE_OP's second one it waits
 * for nobody.
 */
static bool touch_words(const struct pcn_call *call)
{
	int command = call->a[1] & FUTEX_CMD_MASK;

	if (command == FUTEX_REQUEUE || command == FUTEX_CMP_REQUEUE ||
	    command == FUTEX_WAKE_OP)
		if (!pcn_bounce_touch(call->a[4], command == FUTEX_WAKE_OP))
			return false;
	return pcn_bounce_touch(call->a[0], false);
}

long pcn_call_futex(struct pcn_call *call)
{
	int command = call->a[1] & FUTEX_CMD_MASK;
	struct pcn_timespec time;
	long result;

	if (!pcn_shared && !pcn_buffered)
		return futex(call);
	if ((command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET) &&
	    pcn_bounce_mapped(call->a[3], sizeof time, false) == sizeof time) {
		time = *(const struct pcn_timespec *)call->a[3];
		call->a[3] = (long)&time;
	}
	do
		result = futex(call);
	while (result == -EFAULT && touch_words(call));
	return result;
}

long pcn_call_semtimedop(struct pcn_call *call)
{
	return timed(call, PCN_CALL_WAIT, __NR_semtimedop, 3, call->a, NULL);
}

/* --- with a mask --- */

struct masked {
	enum pcn_call_kind kind;
	uint64_t before;
};

static struct masked mask_begin(struct pcn_call *call, const uint64_t *mask)
{
	struct pcn_thread *thread = call->native->thread;
	struct masked m = {mask ? PCN_CALL_SUSPEND : PCN_CALL_WAIT,
			   thread->signal_mask};

	if (mask) {
		thread->signal_mask = *mask & ~UNBLOCKABLE;
		pcn_signals_apply_mask(call->native);
	}
	return m;
}

static void mask_end(struct pcn_call *call, struct masked m)
{
	if (m.kind == PCN_CALL_SUSPEND) {
		call->native->thread->signal_mask = m.before;
		pcn_signals_apply_mask(call->native);
	}
}

long pcn_call_ppoll(struct pcn_call *call)
{
	long a[6] = {call->a[0], call->a[1], call->a[2], 0, 0, 0};
	struct masked m = mask_begin(call, (const uint64_t *)call->a[3]);
	long result = timed(call, m.kind, __NR_ppoll, 2, a, NULL);

	mask_end(call, m);
	return result;
}

long pcn_call_pselect6(struct pcn_call *call)
{
	const uint64_t *const *mask = (const uint64_t *const *)call->a[5];
	long a[6] = {call->a[0], call->a[1], call->a[2],
		     call->a[3], call->a[4], 0};
	struct masked m = mask_begin(call, mask ? mask[0] : NULL);
	long result = timed(call, m.kind, __NR_pselect6, 4, a, NULL);

	mask_end(call, m);
	return result;
}

#define EPOLL_BATCH 128

long pcn_call_epoll_pwait(struct pcn_call *call)
{
	struct pcn_generic_epoll_event *out = (void *)call->a[1];
	struct pcn_native_epoll_event events[EPOLL_BATCH];
	long max = (int)call->a[2], n;
	struct masked m = mask_begin(call, (const uint64_t *)call->a[4]);

	n = pcn_call_blocking(
		call, m.kind, __NR_epoll_pwait, call->a[0], (long)events,
		max > EPOLL_BATCH ? EPOLL_BATCH : max, call->a[3], 0, 8);
	for (long i = 0; i < n; i++) {
		out[i].events = events[i].events;
		out[i].data = events[i].data;
	}
	mask_end(call, m);
	return n;
}

long pcn_call_epoll_ctl(struct pcn_call *call)
{
	const struct pcn_generic_epoll_event *in = (const void *)call->a[3];
	struct pcn_native_epoll_event event = {0};

	if (in) {
		event.events = in->events;
		event.data = in->data;
	}
	return pcn_sys(__NR_epoll_ctl, call->a[0], call->a[1], call->a[2],
		       in ? &event : NULL);
}
