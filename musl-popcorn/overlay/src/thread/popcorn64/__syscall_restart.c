/*
 * Blocking system calls.
 *
 * A request or a signal for the program interrupts a blocked call: it returns
 * -PCN_ERESTART.  The thread then polls, which may move it elsewhere, and
 * issues the call again; a relative timeout is turned into a deadline before
 * the first issue, so that the remaining time is right however often and for
 * however long that happens.
 */
#include <stddef.h>
#include <time.h>
#include "pthread_impl.h"
#include "syscall.h"
#include "restart.h"
#include "pcn/abi.h"

#define SECOND_NS 1000000000

enum unit { NONE, TIMESPEC, MILLISECONDS };

struct timeout {
	int argument; /* which one, from 0 */
	enum unit unit;
};

/* The relative timeout of a call, by its number.  Absolute ones need no
 * conversion. */
static struct timeout timeout_of(long nr, long second)
{
	switch (nr) {
	case SYS_nanosleep:
		return (struct timeout){0, TIMESPEC};
	case SYS_clock_nanosleep:
		if (second & TIMER_ABSTIME) break;
		return (struct timeout){2, TIMESPEC};
	case SYS_ppoll:
	case SYS_rt_sigtimedwait:
		return (struct timeout){2, TIMESPEC};
	case SYS_futex:
		if ((second & ~(FUTEX_PRIVATE|FUTEX_CLOCK_REALTIME)) != FUTEX_WAIT)
			break;
		return (struct timeout){3, TIMESPEC};
	case SYS_semtimedop:
	case SYS_epoll_pwait2:
		return (struct timeout){3, TIMESPEC};
	case SYS_epoll_pwait:
		return (struct timeout){3, MILLISECONDS};
	case SYS_pselect6:
	case SYS_recvmmsg:
	case SYS_io_getevents:
	case SYS_io_pgetevents:
		return (struct timeout){4, TIMESPEC};
	}
	return (struct timeout){0, NONE};
}

/* Between two issues: 0 to go on, or -EINTR when a cancellation is due. */
static int between(const volatile int *cancel)
{
	if (cancel && *cancel) return -EINTR;
	__popcorn_poll();
	if (cancel && *cancel) return -EINTR;
	return 0;
}

static void now(struct timespec *ts)
{
	__popcorn_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, (long)ts, 0, 0, 0, 0);
}

/* a + sign * b */
static struct timespec sum(struct timespec a, int sign, struct timespec b)
{
	a.tv_sec += sign * b.tv_sec;
	a.tv_nsec += sign * b.tv_nsec;
	if (a.tv_nsec < 0) {
		a.tv_nsec += SECOND_NS;
		a.tv_sec--;
	} else if (a.tv_nsec >= SECOND_NS) {
		a.tv_nsec -= SECOND_NS;
		a.tv_sec++;
	}
	return a;
}

/* Adds the timeout to the present; 0 if there is none, it does not block, or
 * the kernel will refuse it. */
static int deadline_of(struct timeout t, const long *arg, struct timespec *deadline)
{
	struct timespec wait;

	if (t.unit == MILLISECONDS) {
		int ms = arg[t.argument];
		if (ms <= 0) return 0;
		wait.tv_sec = ms / 1000;
		wait.tv_nsec = ms % 1000 * 1000000;
	} else {
		if (!arg[t.argument]) return 0;
		wait = *(const struct timespec *)arg[t.argument];
		if (wait.tv_sec < 0 || wait.tv_nsec < 0
		 || wait.tv_nsec >= SECOND_NS || !(wait.tv_sec | wait.tv_nsec))
			return 0;
	}
	now(deadline);
	if (wait.tv_sec > INT64_MAX - 1 - deadline->tv_sec)
		return 0; /* for ever, in effect */
	*deadline = sum(*deadline, 1, wait);
	return 1;
}

static long timed(const volatile int *cancel, struct timeout t, long nr, long a,
	long b, long c, long d, long e, long f)
{
	long arg[6] = { a, b, c, d, e, f };
	struct timespec deadline, before, after, left;
	int bounded = deadline_of(t, arg, &deadline);

	for (;;) {
		long r = __popcorn_syscall(nr, arg[0], arg[1], arg[2], arg[3],
			arg[4], arg[5]);
		if (r != -PCN_ERESTART) return r;
		if (bounded) now(&before);
		if (between(cancel)) return -EINTR;
		if (!bounded) continue;
		now(&after);
		left = sum(after, -1, before);
		/* Another machine's clock: there, no time has passed. */
		if (left.tv_sec < 0) deadline = sum(deadline, 1, left);
		left = sum(deadline, -1, after);
		if (left.tv_sec < 0) left = (struct timespec){0};
		if (t.unit == TIMESPEC)
			arg[t.argument] = (long)&left;
		else
			arg[t.argument] = left.tv_sec * 1000
				+ (left.tv_nsec + 999999) / 1000000;
	}
}

/* cancel, unless null: becomes non-zero when the calling thread is to be
 * cancelled; the call then returns -EINTR. */
long __syscall_restart(const volatile int *cancel, long nr, long a, long b,
	long c, long d, long e, long f)
{
	struct timeout t = timeout_of(nr, b);

	if (t.unit) return timed(cancel, t, nr, a, b, c, d, e, f);
	for (;;) {
		long r = __popcorn_syscall(nr, a, b, c, d, e, f);
		if (r != -PCN_ERESTART) return r;
		/* The descriptor is gone however close ended. */
		if (nr == SYS_close) return 0;
		if (between(cancel)) return -EINTR;
	}
}

/* Blocking, but no cancellation point. */
long (__syscall_wait)(syscall_arg_t nr, syscall_arg_t a, syscall_arg_t b,
	syscall_arg_t c, syscall_arg_t d, syscall_arg_t e, syscall_arg_t f)
{
	return __syscall_restart(0, nr, a, b, c, d, e, f);
}
