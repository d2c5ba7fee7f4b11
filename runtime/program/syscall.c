/*
 * syscall.c - __popcorn_syscall: from asm-generic numbers to the host's, and
 * what signals make of a call's result.
 */
#include "away.h"
#include "buffers.h"

#define CALL_MAX 451

#define CALL(kind, name, number)
#define OWN(name, number, function)                                            \
	long pcn_call_##function(struct pcn_call *call);
#define AWAY(place, name, number, condition)
#include "syscalls.def"
#undef CALL
#undef OWN
#undef AWAY

static const struct pcn_call_entry table[CALL_MAX] = {
#define CALL(kind, name, number)                                               \
	[number] = {__NR_##name, PCN_CALL_##kind, NULL},
#define OWN(name, number, function)                                            \
	[number] = {__NR_##name, PCN_CALL_OWN, pcn_call_##function},
#define AWAY(place, name, number, condition)
#include "syscalls.def"
#undef CALL
#undef OWN
#undef AWAY
};

enum place { SHADOW, HERE, HOME };

/* Where a call of a thread that is away is made. */
static enum place place_of(const struct pcn_call *call)
{
	const long *a = call->a;

	(void)a;
	switch (call->number) {
#define CALL(kind, name, number)
#define OWN(name, number, function)
#define AWAY(place, name, number, condition)                                   \
	case number:                                                           \
		return condition ? place : SHADOW;
#include "syscalls.def"
#undef CALL
#undef OWN
#undef AWAY
	default:
		return SHADOW;
	}
}

/* Does the call end with EINTR after the handlers of the marked signals? */
static bool ends(const struct pcn_native *native, enum pcn_call_kind kind)
{
	uint64_t ready = pcn_signals_ready(native);

	if (kind != PCN_CALL_BLOCK)
		return true;
	for (; ready; ready &= ready - 1)
		if (!(pcn_process->signals[__builtin_ctzll(ready) + 1].flags &
		      0x10000000 /* SA_RESTART */))
			return true;
	return false;
}

/* Its thread runs the handlers when it has the result. */
static long interrupted_shadow(const struct pcn_native *native,
			       enum pcn_call_kind kind, long result)
{
	return result == -EINTR && pcn_signals_ready(native) &&
			       ends(native, kind)
		       ? -EINTR
		       : -PCN_ERESTART;
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

	if (!pcn_signals_ready(native))
		result = pcn_blocking_syscall(number, a, b, c, d, e, f,
					      &native->interrupt);
	if (result != -EINTR && result != -PCN_ERESTART)
		return result;
	native->interrupt = 0;
	if (native->shadow)
		return interrupted_shadow(native, kind, result);
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

static long forward(struct pcn_call *call)
{
	const long argument[7] = {call->a[0], call->a[1], call->a[2],
				  call->a[3], call->a[4], call->a[5]};
	long result;
	bool unused;

	while ((result = pcn_away_call(call->native, call->number, argument)) ==
	       -PCN_MAIL_AGAIN)
		pcn_signals_deliver(call->native, &unused);
	if (call->number == 134 /* rt_sigaction */ && !result)
		pcn_signals_away_again((int)call->a[0]);
	if (pcn_away_signalled(call->native, true))
		pcn_signals_deliver(call->native, &unused);
	return result;
}

/* Here, by its entry. */
static long make(struct pcn_call *call)
{
	const struct pcn_call_entry *entry = &table[call->number];
	const long *a = call->a;

	switch (entry->kind) {
	case PCN_CALL_PLAIN:
		return call_plain(call, entry->native);
	case PCN_CALL_BLOCK:
	case PCN_CALL_WAIT:
		return pcn_call_blocking(call, entry->kind, entry->native, a[0],
					 a[1], a[2], a[3], a[4], a[5]);
	case PCN_CALL_OWN:
		return entry->own(call);
	default:
		pcn_log(PCN_LOG_INFO, "system call %ld is not offered",
			call->number);
		return -ENOSYS;
	}
}

long __popcorn_syscall(long number, long a, long b, long c, long d, long e,
		       long f)
{
	struct pcn_call call = {pcn_self_native(), number, {a, b, c, d, e, f}};
	enum place place;
	bool unused;
	long result;

	pcn_stack_probe();
	if ((unsigned long)number >= CALL_MAX) {
		pcn_log(PCN_LOG_INFO, "system call %ld is unknown", number);
		return -ENOSYS;
	}
	place = pcn_away ? place_of(&call) : HERE;
	if (place != HERE)
		return place == HOME ? pcn_away_go_home(&call) : forward(&call);
	result = __builtin_expect(pcn_buffered, false)
			 ? pcn_buffers_call(&call, make)
			 : make(&call);
	if (pcn_signals_ready(call.native))
		pcn_signals_deliver(call.native, &unused);
	/* Not behind a look at the clock before that. */
	if (call.native->back >= 0 && result != -PCN_ERESTART &&
	    place_of(&call) == HOME)
		pcn_away_back(call.native);
	return result;
}
