/*
 * System calls go to the run time, which translates them; they never migrate.
 * A blocking one may return -PCN_ERESTART: see src/thread/popcorn64/
 * __syscall_restart.c.
 */
#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)

long __popcorn_syscall(long, long, long, long, long, long, long);

static inline long __syscall0(long n)
{
	return __popcorn_syscall(n, 0, 0, 0, 0, 0, 0);
}

static inline long __syscall1(long n, long a)
{
	return __popcorn_syscall(n, a, 0, 0, 0, 0, 0);
}

static inline long __syscall2(long n, long a, long b)
{
	return __popcorn_syscall(n, a, b, 0, 0, 0, 0);
}

static inline long __syscall3(long n, long a, long b, long c)
{
	return __popcorn_syscall(n, a, b, c, 0, 0, 0);
}

static inline long __syscall4(long n, long a, long b, long c, long d)
{
	return __popcorn_syscall(n, a, b, c, d, 0, 0);
}

static inline long __syscall5(long n, long a, long b, long c, long d, long e)
{
	return __popcorn_syscall(n, a, b, c, d, e, 0);
}

static inline long __syscall6(long n, long a, long b, long c, long d, long e,
			      long f)
{
	return __popcorn_syscall(n, a, b, c, d, e, f);
}

/* No vDSO: its addresses are a node's own.  The run time may use it. */

#define IPC_64 0
