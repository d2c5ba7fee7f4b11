/*
 * syscall.c - __popcorn_syscall: from asm-generic numbers to the host's, and
 * what signals make of a call's result.
 */
#include "native.h"

#define CALL_MAX 451

#define CALL(kind, name, number)
#define OWN(name, number, function)                                            \
	long pcn_call_##function(struct pcn_call *call);
#include "syscalls.def"
#undef CALL
#undef OWN

static const struct pcn_call_entry table[CALL_MAX] = {
#define CALL(kind, name, number)                                               \
	[number] = {__NR_##name, PCN_CALL_##kind, NULL},
#define OWN(name, number, function)                                            \
	[number] = {__NR_##name, PCN_CALL_OWN, pcn_call_##function},
#include "syscalls.def"
#undef CALL
#undef OWN
};

static bool signals_ready(struct pcn_native *native)
{
	return __atomic_load_n(&native->marked, __ATOMIC_RELAXED) &
	       ~native->thread->signal_mask;
}

/*
 * A signal that came before the kernel was asked is as one before the call: its
 * handler runs, and the call has not begun.  Only a call that let the signal in
 * by its own mask ends with it.
 */
long pcn_call_blocking(struct pcn_call *call, enum pcn_call_kind kind,
		       long number, long a, long b, long c, long d, long e,
		       long f)
{
	struct pcn_native *native = call->native;
	long result = -PCN_ERESTART;
	bool no_restart;
	int ran;

	if (!signals_ready(native))
		result = pcn_blocking_syscall(number, a, b, c, d, e, f,
					      &native->interrupt);
	if (result != -EINTR && result != -PCN_ERESTART)
		return result;
	native->interrupt = 0;
	ran = pcn_signals_deliver(native, &no_restart);
	if (ran &&
	    (kind == PCN_CALL_SUSPEND ||
	     (result == -EINTR && (kind == PCN_CALL_WAIT || no_restart))))
		return -EINTR;
	return -PCN_ERESTART;
}

/* A call nobody expects to be interrupted: a signal without a handler of the
 * program's must not show. */
static long call_plain(struct pcn_call *call, long number)
{
	const long *a = call->a;

	for (;;) {
		long result = pcn_native_syscall(number, a[0], a[1], a[2], a[3],
						 a[4], a[5]);
		bool no_restart;

		if (result != -EINTR)
			return result;
		if (pcn_signals_deliver(call->native, &no_restart) &&
		    no_restart)
			return -EINTR;
	}
}

long pcn_call_native(struct pcn_call *call)
{
	return call_plain(call, table[call->number].native);
}

long __popcorn_syscall(long number, long a, long b, long c, long d, long e,
		       long f)
{
	struct pcn_call call = {pcn_self_native(), number, {a, b, c, d, e, f}};
	const struct pcn_call_entry *entry = &table[number];
	bool unused;
	long result;

	if ((unsigned long)number >= CALL_MAX) {
		pcn_log(PCN_LOG_INFO, "system call %ld is unknown", number);
		return -ENOSYS;
	}
	switch (entry->kind) {
	case PCN_CALL_PLAIN:
		result = call_plain(&call, entry->native);
		break;
	case PCN_CALL_BLOCK:
	case PCN_CALL_WAIT:
		result = pcn_call_blocking(&call, entry->kind, entry->native, a,
					   b, c, d, e, f);
		break;
	case PCN_CALL_OWN:
		result = entry->own(&call);
		break;
	default:
		pcn_log(PCN_LOG_INFO, "system call %ld is not offered", number);
		return -ENOSYS;
	}
	if (signals_ready(call.native))
		pcn_signals_deliver(call.native, &unused);
	return result;
}
