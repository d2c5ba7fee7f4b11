/*
 * signal.c - the program's signals.
 *
 * The native handler of a signal that the program handles only marks it and
 * raises the poll flag; the program's handler runs at the next poll or at the
 * end of the system call.  A marked signal stays blocked in the kernel until
 * then, so that the kernel queues what follows, and one slot per signal is
 * enough. Faults are the exception: their handler runs at once, inside the
 * native one.
 *
 * Two masks: thread->signal_mask is what the program set; the kernel's is that
 * and the marked signals, never PCN_SIGNAL_INTERRUPT.
 */
#include "away.h"

#define SIG_DEFAULT 0
#define SIG_IGNORE  1
#define SIG_BLOCK   0
#define SIG_UNBLOCK 1
#define SIG_SET	    2

#define FLAG_NOCLDSTOP 0x00000001u
#define FLAG_NOCLDWAIT 0x00000002u
#define FLAG_SIGINFO   0x00000004u
#define FLAG_ONSTACK   0x08000000u
#define FLAG_RESTART   0x10000000u
#define FLAG_NODEFER   0x40000000u
#define FLAG_RESETHAND 0x80000000u

#define SIDE_GAP                                                               \
	512 /* a frame being made may already store below the pointer */
#define STACK_ON      1u /* SS_ONSTACK, SS_DISABLE, SS_AUTODISARM, MINSIGSTKSZ */
#define STACK_NONE    2u
#define STACK_DISARMS 0x80000000u
#define STACK_LEAST   2048
#define MASK_SIZE     8
#define BIT(signal)   (1ull << ((signal) - 1))
#define UNBLOCKABLE   (BIT(SIGKILL) | BIT(SIGSTOP))
#define FAULTS                                                                 \
	(BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL) | BIT(SIGTRAP))

typedef void (*user_handler)(int, void *, void *);

struct frame { /* on the side stack: what a handler may look at */
	uint8_t info[PCN_SIGINFO_SIZE];
	struct pcn_generic_ucontext context;
};

uint32_t pcn_signals_attention;

static void native_handler(int signal, void *info, void *context);

/* --- masks --- */

static void native_set_mask(uint64_t mask)
{
	pcn_sys(__NR_rt_sigprocmask, SIG_SET, &mask, NULL, MASK_SIZE);
}

void pcn_signals_apply_mask(struct pcn_native *native)
{
	uint64_t marked;

	if (pcn_away) { /* a handler of a fault may have jumped out */
		native_set_mask(~FAULTS);
		pcn_away_call(native, PCN_MAIL_MASK, (long[7]){0});
		return;
	}
	do {
		marked = __atomic_load_n(&native->marked, __ATOMIC_SEQ_CST);
		native_set_mask((native->thread->signal_mask | marked) &
				~BIT(PCN_SIGNAL_INTERRUPT));
	} while (marked != __atomic_load_n(&native->marked, __ATOMIC_SEQ_CST));
}

void pcn_signals_block_all(void)
{
	native_set_mask(~0ull);
}

/* --- delivering --- */

/* The signal's disposition changed to the default since it was marked. */
static void reraise(struct pcn_native *native, int signal)
{
	pcn_sys(__NR_tgkill, pcn_real_pid(), native->tid, signal);
	pcn_signals_apply_mask(native);
}

/* --- alternate stacks --- */

/* Locals of handlers are there; the machine's frames are on the thread's stack
 * or, if a fault may have come because that is full, on native->signal_stack.
 */
static bool has_altstack(const struct pcn_thread *thread,
			 const struct pcn_sigaction *action)
{
	return (action->flags & FLAG_ONSTACK) && thread->altstack_size;
}

/* One that disarms itself may be left by other means than returning. */
static bool on_altstack(const struct pcn_thread *thread)
{
	return !(thread->altstack_flags & STACK_DISARMS) &&
	       (uint64_t)__popcorn_side_sp - thread->altstack <
		       thread->altstack_size;
}

static struct pcn_stack get_altstack(const struct pcn_thread *thread)
{
	uint32_t flags = thread->altstack_flags;

	if (!thread->altstack_size)
		flags |= STACK_NONE;
	return (struct pcn_stack){.sp = thread->altstack,
				  .flags = (int32_t)flags,
				  .size = thread->altstack_size};
}

static void set_altstack(struct pcn_thread *thread,
			 const struct pcn_stack *stack)
{
	bool none = stack->flags & STACK_NONE;

	thread->altstack = none ? 0 : stack->sp;
	thread->altstack_size = none ? 0 : stack->size;
	thread->altstack_flags = (uint32_t)stack->flags & STACK_DISARMS;
}

/* Calls the program's handler as if it had interrupted the program here. */
static void call_handler(struct pcn_native *native, int signal,
			 const struct pcn_sigaction *action,
			 const uint8_t *info)
{
	struct pcn_delivery delivery = {native->delivery, signal,
					native->bounce_used};
	struct pcn_thread *thread = native->thread;
	uint32_t fp_state = __popcorn_fp_get();
	void *side = __popcorn_side_sp;
	uint64_t top = (uint64_t)side - SIDE_GAP;
	struct pcn_stack stack = get_altstack(thread);
	struct frame *frame;

	if (has_altstack(thread, action) && !on_altstack(thread))
		top = thread->altstack + thread->altstack_size;
	frame = (struct frame *)PCN_ALIGN_DOWN(top - sizeof *frame, 16);

	memcpy(frame->info, info, PCN_SIGINFO_SIZE);
	memset(&frame->context, 0, sizeof frame->context);
	frame->context.stack = stack;
	frame->context.mask = thread->signal_mask;
	if (thread->altstack_flags & STACK_DISARMS)
		set_altstack(thread, &(struct pcn_stack){.flags = STACK_NONE});
	thread->signal_mask |= action->mask & ~UNBLOCKABLE;
	if (!(action->flags & FLAG_NODEFER))
		thread->signal_mask |= BIT(signal);
	pcn_signals_apply_mask(native);
	__popcorn_side_sp = frame;
	native->delivery = &delivery;
	((user_handler)action->handler)(signal, frame->info, &frame->context);
	native->delivery = delivery.outer;
	__popcorn_side_sp = side;
	__popcorn_fp_set(fp_state);
	thread->signal_mask = frame->context.mask & ~UNBLOCKABLE;
	set_altstack(thread, &frame->context.stack);
	pcn_signals_apply_mask(native);
}

static struct pcn_sigaction take_action(int signal)
{
	struct pcn_sigaction *slot = &pcn_process->signals[signal],
			     action = *slot;

	if (action.handler > SIG_IGNORE && (action.flags & FLAG_RESETHAND)) {
		struct pcn_native_sigaction none = {0};

		slot->handler = SIG_DEFAULT;
		pcn_sys(__NR_rt_sigaction, signal, &none, NULL, MASK_SIZE);
	}
	return action;
}

void pcn_signals_look(struct pcn_native *native)
{
	if (!native->attention)
		return;
	native->attention = 0;
	__atomic_fetch_sub(&pcn_signals_attention, 1, __ATOMIC_SEQ_CST);
}

/* The lowest that waits and is not blocked, or 0. */
static int next_ready(const struct pcn_native *native)
{
	uint64_t ready = pcn_signals_ready(native);

	return ready ? __builtin_ctzll(ready) + 1 : 0;
}

int pcn_signals_take(struct pcn_native *native, struct pcn_taken_signal *to)
{
	int signal;

	pcn_signals_look(native);
	while ((signal = next_ready(native))) {
		memcpy(to->info, native->info[signal], PCN_SIGINFO_SIZE);
		__atomic_fetch_and(&native->marked, ~BIT(signal),
				   __ATOMIC_SEQ_CST);
		to->action = take_action(signal);
		if (to->action.handler > SIG_IGNORE)
			return signal;
		if (to->action.handler == SIG_DEFAULT)
			reraise(native, signal);
		else
			pcn_signals_apply_mask(native);
	}
	return 0;
}

/* Where the shadow can write and nothing of the program's lies: below the side
 * stack, and below what call_handler() takes of it. */
static int deliver_away(struct pcn_native *native, bool *no_restart)
{
	struct pcn_taken_signal taken,
		*there = (void *)PCN_ALIGN_DOWN(
			(uint64_t)__popcorn_side_sp - SIDE_GAP -
				sizeof(struct frame) - sizeof taken,
			64);
	int signal, ran = 0;

	while ((signal = (int)pcn_away_call(native, PCN_MAIL_TAKE,
					    (long[7]){(long)there}))) {
		taken = *there;
		call_handler(native, signal, &taken.action, taken.info);
		*no_restart |= !(taken.action.flags & FLAG_RESTART);
		ran++;
	}
	return ran;
}

int pcn_signals_deliver(struct pcn_native *native, bool *no_restart)
{
	struct pcn_taken_signal taken;
	int signal, ran = 0;

	*no_restart = false;
	if (native->shadow) /* its thread takes them */
		return 0;
	if (pcn_away)
		return deliver_away(native, no_restart);
	while ((signal = pcn_signals_take(native, &taken))) {
		call_handler(native, signal, &taken.action, taken.info);
		*no_restart |= !(taken.action.flags & FLAG_RESTART);
		ran++;
	}
	return ran;
}

bool pcn_signals_first(struct pcn_native *native)
{
	bool unused;

	if (native->shadow)
		return !next_ready(native);
	if (native->marked)
		pcn_signals_deliver(native, &unused);
	return true;
}

/* --- stack overflow --- */

/* The guard of either stack, and a page more for frames that reach over it. */
static bool below(uint64_t address, uint64_t start)
{
	return address < start &&
	       start - address <= (64ul << 10) + PCN_PAGE_SIZE;
}

enum overflow { NO_OVERFLOW, OF_CALLS, OF_LOCALS };

static enum overflow overflow(const struct pcn_native *native,
			      const siginfo_t *fault)
{
	const struct pcn_thread *thread = native->thread;
	uint64_t address = (uint64_t)fault->si_addr;
	uint64_t side = (uint64_t)__popcorn_side_sp;
	/* Then locals may be on another stack. */
	bool in_handler = native->delivery;

	/* The main thread's guard lies below its mapping, libc's inside. */
	if (below(address, native->stack_start))
		return OF_CALLS;
	if (below(address, thread->side_base) ||
	    (fault->si_code == SEGV_ACCERR &&
	     address - thread->side_base < thread->side_size) ||
	    (side < thread->side_base && !in_handler))
		return OF_LOCALS;
	return NO_OVERFLOW;
}

static void report_overflow(const struct pcn_native *native,
			    const siginfo_t *fault)
{
	const struct pcn_thread *thread = native->thread;
	enum overflow of = overflow(native, fault);
	bool locals = of == OF_LOCALS;
	uint64_t size = locals ? thread->side_size
			       : (uint64_t)native - native->stack_start;

	if (of == NO_OVERFLOW)
		return;
	pcn_log(PCN_LOG_ERROR,
		"stack overflow in thread %d: %s fill %lu KiB (%s)",
		thread->tid, locals ? "local variables" : "calls", size / 1024,
		thread == pcn_process->main_thread
			? "ulimit -s"
			: "pthread_attr_setstacksize");
}

/* The default action of SIGSEGV, with a word about a stack overflow: the fault
 * or, if somebody sent it, the signal comes again and ends the process. */
static void default_handler(int signal, void *info, void *context)
{
	struct pcn_native *native = pcn_self_native();
	struct pcn_native_sigaction none = {0};
	const siginfo_t *fault = info;

	(void)context;
	if (fault->si_code > 0)
		report_overflow(native, fault);
	pcn_sys(__NR_rt_sigaction, signal, &none, NULL, MASK_SIZE);
	if (fault->si_code <= 0)
		pcn_sys(__NR_tgkill, pcn_real_pid(), native->tid, signal);
}

/* --- the native handler --- */

static bool is_fault(int signal, const siginfo_t *info)
{
	return info->si_code > 0 &&
	       (signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE ||
		signal == SIGILL || signal == SIGTRAP);
}

void pcn_signals_mark(struct pcn_native *native, int signal, const void *info)
{
	if (!(native->marked & BIT(signal))) {
		memcpy(native->info[signal], info, PCN_SIGINFO_SIZE);
		pcn_timer_name(native->info[signal]);
		pcn_name_sender(native->info[signal]);
	}
	__atomic_fetch_or(&native->marked, BIT(signal), __ATOMIC_SEQ_CST);
	native->interrupt = 1;
	if (!native->attention) {
		native->attention = 1;
		__atomic_fetch_add(&pcn_signals_attention, 1, __ATOMIC_SEQ_CST);
	}
	pcn_poll_raise();
}

/* False if it would have to run on a stack that is full. */
static bool run_fault_handler(struct pcn_native *native, int signal,
			      const siginfo_t *info)
{
	struct pcn_sigaction action = take_action(signal);
	bool lent = false;

	if (action.handler <= SIG_IGNORE)
		pcn_die("signal %d has lost its handler", signal);
	if (signal == SIGSEGV && overflow(native, info)) {
		if (!has_altstack(native->thread, &action))
			return false;
		lent = pcn_guard_lend(native);
	}
	call_handler(native, signal, &action, (const uint8_t *)info);
	if (lent)
		pcn_guard_restore(native);
	return true;
}

/* Runs with all signals blocked. */
static void native_handler(int signal, void *info, void *context)
{
	struct pcn_native *native = pcn_self_native();
	struct pcn_ucontext *interrupted = context;
	uint64_t *pc = pcn_arch_pc(interrupted);

	if (is_fault(signal, info)) {
		if (!run_fault_handler(native, signal, info))
			default_handler(signal, info, context);
		else
			interrupted->mask =
				(native->thread->signal_mask | native->marked) &
				~BIT(PCN_SIGNAL_INTERRUPT);
		return;
	}
	if (signal == PCN_SIGNAL_INTERRUPT) {
		if (!pcn_world_wanted() && !pcn_away_wished(native))
			return;
		native->interrupt = 1;
	} else {
		pcn_signals_mark(native, signal, info);
		interrupted->mask |= BIT(signal);
	}
	if (*pc >= (uint64_t)pcn_blocking_begin &&
	    *pc < (uint64_t)pcn_blocking_end)
		*pc = (uint64_t)pcn_blocking_interrupted;
}

void pcn_signals_take_stack(const struct pcn_native *native)
{
	struct pcn_stack stack = {.sp = native->signal_stack,
				  .size = PCN_SIGNAL_STACK_SIZE};

	pcn_sys(__NR_sigaltstack, &stack, NULL);
}

static long install(int signal, const struct pcn_sigaction *action)
{
	struct pcn_native_sigaction native = {0};

	if (action->handler == SIG_IGNORE) {
		native.handler = (void (*)(int, void *, void *))SIG_IGNORE;
	} else if (action->handler != SIG_DEFAULT) {
		native.handler = native_handler;
		native.mask = ~0ull;
		if (signal == SIGSEGV)
			native.flags = action->flags & FLAG_ONSTACK;
	} else if (signal == SIGSEGV) {
		native.handler = default_handler;
		native.mask = ~0ull;
		native.flags = FLAG_ONSTACK;
	}
	native.flags |= FLAG_SIGINFO | PCN_ARCH_SA_RESTORER |
			(action->flags & (FLAG_NOCLDSTOP | FLAG_NOCLDWAIT));
	native.restorer = PCN_ARCH_RESTORER;
	return pcn_sys(__NR_rt_sigaction, signal, &native, NULL, MASK_SIZE);
}

void pcn_signals_hear_interrupts(bool hear)
{
	const struct pcn_sigaction action = {.handler = hear ? 2 : SIG_IGNORE};

	install(PCN_SIGNAL_INTERRUPT, &action);
}

/* From now on the agent may interrupt: before, that would have killed. */
static void listen(void)
{
	pcn_signals_hear_interrupts(true);
	__atomic_store_n(&__popcorn_control.listening, 1, __ATOMIC_RELEASE);
}

/* A fresh program inherits what is ignored, and the mask; that interrupts are,
 * is the doing of the one that executed it. */
void pcn_signals_start(void)
{
	struct pcn_thread *self = pcn_arch_self();
	struct pcn_native_sigaction old;

	for (int signal = 1; signal < (int)PCN_SIGNALS; signal++)
		if (signal != PCN_SIGNAL_INTERRUPT &&
		    !pcn_sys(__NR_rt_sigaction, signal, NULL, &old,
			     MASK_SIZE) &&
		    old.handler == (void (*)(int, void *, void *))SIG_IGNORE)
			pcn_process->signals[signal].handler = SIG_IGNORE;
	pcn_sys(__NR_rt_sigprocmask, SIG_SET, NULL, &self->signal_mask,
		MASK_SIZE);
	listen();
	if (pcn_process->signals[SIGSEGV].handler == SIG_DEFAULT)
		install(SIGSEGV, &pcn_process->signals[SIGSEGV]);
	pcn_signals_apply_mask(pcn_native_of(self));
}

/* A restored one brings its own; until each thread has its mask, all is
 * blocked. */
int pcn_signals_adopt(void)
{
	pcn_signals_block_all();
	for (int signal = 1; signal < (int)PCN_SIGNALS; signal++)
		if (signal != SIGKILL && signal != SIGSTOP &&
		    signal != PCN_SIGNAL_INTERRUPT)
			install(signal, &pcn_process->signals[signal]);
	listen();
	return 0;
}

void pcn_signals_away(void)
{
	for (int signal = 1; signal < (int)PCN_SIGNALS; signal++)
		pcn_signals_away_again(signal);
	native_set_mask(~FAULTS);
}

void pcn_signals_away_again(int signal)
{
	if (signal > 0 && signal < (int)PCN_SIGNALS && (FAULTS & BIT(signal)))
		install(signal, &pcn_process->signals[signal]);
}

void pcn_signals_forked(struct pcn_native *native)
{
	native->marked = 0;
	native->attention = 0;
	native->interrupt = 0;
	pcn_signals_attention = 0;
}

/* --- system calls --- */

long pcn_call_sigaction(struct pcn_call *call)
{
	const struct pcn_sigaction *asked = (void *)call->a[1];
	struct pcn_sigaction *old = (void *)call->a[2], before, new = {0};
	uint64_t signal = call->a[0];
	long result = 0;

	if (!signal || signal >= PCN_SIGNALS || call->a[3] != MASK_SIZE ||
	    (asked && (signal == SIGKILL || signal == SIGSTOP)))
		return -EINVAL;
	if (asked)
		new = *asked; /* before the lock: it may fault */
	pcn_lock(&pcn_process->lock);
	before = pcn_process->signals[signal];
	if (asked) {
		pcn_process->signals[signal] = new;
		if (signal != PCN_SIGNAL_INTERRUPT)
			result = install(signal, &new);
		if (result)
			pcn_process->signals[signal] = before;
	}
	pcn_unlock(&pcn_process->lock);
	if (!result && old)
		*old = before;
	return result;
}

long pcn_call_sigprocmask(struct pcn_call *call)
{
	const uint64_t *new = (void *)call->a[1];
	uint64_t *old = (void *)call->a[2],
		 before = call->native->thread->signal_mask, mask;

	if (call->a[3] != MASK_SIZE)
		return -EINVAL;
	if (new) {
		/* What came before it is blocked is not held up by that. */
		if (!pcn_signals_first(call->native))
			return -PCN_MAIL_AGAIN;
		before = call->native->thread->signal_mask;
		switch (call->a[0]) {
		case SIG_BLOCK:
			mask = before | *new;
			break;
		case SIG_UNBLOCK:
			mask = before & ~*new;
			break;
		case SIG_SET:
			mask = *new;
			break;
		default:
			return -EINVAL;
		}
		mask &= ~UNBLOCKABLE;
		if (mask != before) {
			call->native->thread->signal_mask = mask;
			pcn_signals_apply_mask(call->native);
		}
	}
	if (old)
		*old = before;
	return 0;
}

long pcn_call_sigpending(struct pcn_call *call)
{
	uint64_t pending = 0;
	long result = pcn_sys(__NR_rt_sigpending, &pending, call->a[1]);

	if (!result)
		*(uint64_t *)call->a[0] = (pending | call->native->marked) &
					  call->native->thread->signal_mask;
	return result;
}

long pcn_call_sigaltstack(struct pcn_call *call)
{
	const struct pcn_stack *asked = (void *)call->a[0];
	struct pcn_stack *old = (void *)call->a[1], new;
	struct pcn_thread *thread = call->native->thread;
	struct pcn_stack before = get_altstack(thread);

	if (on_altstack(thread))
		before.flags |= STACK_ON;
	if (asked) {
		uint32_t mode;

		new = *asked;
		mode = (uint32_t)new.flags & ~STACK_DISARMS;
		if (on_altstack(thread))
			return -EPERM;
		if (mode != 0 && mode != STACK_ON && mode != STACK_NONE)
			return -EINVAL;
		if (mode != STACK_NONE && new.size < STACK_LEAST)
			return -ENOMEM;
		set_altstack(thread, &new);
	}
	if (old)
		*old = before;
	return 0;
}

long pcn_call_sigsuspend(struct pcn_call *call)
{
	struct pcn_native *native = call->native;
	struct pcn_thread *thread = native->thread;
	uint64_t before = thread->signal_mask;
	long result;

	if (call->a[1] != MASK_SIZE)
		return -EINVAL;
	thread->signal_mask = *(uint64_t *)call->a[0] & ~UNBLOCKABLE;
	pcn_signals_apply_mask(native);
	result = pcn_call_blocking(call, PCN_CALL_SUSPEND, __NR_ppoll, 0, 0, 0,
				   0, 0, 0);
	thread->signal_mask = before;
	pcn_signals_apply_mask(native);
	return result;
}

/* A waited-for signal may be marked already, or still be the kernel's. */
long pcn_call_sigtimedwait(struct pcn_call *call)
{
	struct pcn_native *native = call->native;
	uint64_t set = *(uint64_t *)call->a[0] & ~BIT(PCN_SIGNAL_INTERRUPT);
	uint64_t ready = native->marked & set;
	_Alignas(8) uint8_t info[PCN_SIGINFO_SIZE];
	long signal;

	if (ready) {
		signal = __builtin_ctzll(ready) + 1;
		memcpy(info, native->info[signal], sizeof info);
		__atomic_fetch_and(&native->marked, ~BIT(signal),
				   __ATOMIC_SEQ_CST);
		pcn_signals_apply_mask(native);
	} else {
		signal = pcn_call_timed(
			call, PCN_CALL_WAIT, __NR_rt_sigtimedwait, 2,
			(long)&set, (long)info, call->a[2], MASK_SIZE, 0, 0);
		if (signal > 0) {
			pcn_timer_name(info);
			pcn_name_sender(info);
		}
	}
	if (signal > 0 && call->a[1])
		memcpy((void *)call->a[1], info, sizeof info);
	return signal;
}
