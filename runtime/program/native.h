/*
 * native.h - a thread's node-private part, and what the files of this folder
 * and of stack-transform/ share beyond program.h.
 */
#ifndef PCN_NATIVE_H
#define PCN_NATIVE_H

#include "program.h"

#include "arch.h"
#include "convert.h"

#include <asm/siginfo.h>

#include <asm/unistd.h>
#include <unwind.h>

#define PCN_SIGINFO_SIZE      128
#define PCN_SIGNAL_STACK_SIZE (128ul << 10)

struct pcn_stream_timer;
struct pcn_taken_signal;

enum pcn_unwind_mode {
	PCN_UNWIND_NONE = 0,
	PCN_UNWIND_CAPTURE =
		1,	     /* pads keep their frames, up to the base frame */
	PCN_UNWIND_JUMP = 2, /* pads look for a longjmp's activation */
};

/* A user handler that runs; lies on the machine stack. */
struct pcn_delivery {
	struct pcn_delivery *outer;
	int signal;
	uint64_t bounce_used; /* by the call that it interrupts */
};

enum { PCN_TARGET_NONE = -1, PCN_TARGET_HOME = -2 };

struct pcn_native {
	struct pcn_thread *thread;
	struct pcn_native *next; /* of exited threads' stacks */
	uint32_t slot;		 /* the thread's */
	int32_t tid;		 /* as the kernel says */
	bool kernel_is_robust;	 /* it has thread->robust_list (robust.c) */
	uint32_t alive; /* CLONE_CHILD_CLEARTID: 0 when off its stack */
	uint64_t stack, stack_size; /* mapping of the machine stack */
	uint64_t stack_start;	    /* below it is a guard */
	uint64_t signal_stack; /* PCN_SIGNAL_STACK_SIZE bytes, below that guard:
				  frames there are younger than all others */
	uint64_t base_sp;      /* names the base frame; see pcn_base_call */
	bool guard_is_lent;    /* pcn_guard_lend() */
	bool fresh; /* restored: signals and masks still to be set up */
	bool parked;
	uint32_t taken; /* round of taking signals it has answered (world.c) */

	/* capture and longjmp (stack-transform/) */
	enum pcn_unwind_mode mode;
	struct pcn_record *last;	/* record of the frame passed last */
	uint32_t frames, frames_before; /* records kept; before this pad */
	struct pcn_record *enclosing;	/* innermost resumed one not passed */
	struct pcn_record anchor;	/* its inner is what a frame calls */
	bool short_of_memory;		/* enter no further pad */
	uint64_t *jump_buffer;
	int32_t jump_value;
	void *scratch;
	uint64_t scratch_size;
	int32_t *parent_tid; /* CLONE_PARENT_SETTID, until the tid is given */
	uint64_t capture_start; /* ns, with POPCORN_TRACE */
	uint64_t self_left;	/* polls until the next self-migration */
	uint64_t self_random;
	uint64_t roam_left; /* polls until it takes the program along */
	struct _Unwind_Exception exception;

	/* signals (signal.c) */
	uint32_t interrupt; /* keeps a blocking call from beginning */
	uint32_t attention; /* counted in the poll flag's reasons */
	uint64_t marked;    /* bit n-1: signal n waits in info[n] */
	uint64_t listed; /* those of marked that are in the list (pending.c) */
	struct pcn_delivery *delivery; /* innermost running user handler */
	uint8_t info[PCN_SIGNALS][PCN_SIGINFO_SIZE];

	/* what the thread asks for (world.c) */
	struct pcn_request_info ask;

	/* threads away from home (away.c) */
	int32_t target; /* node to go to, or PCN_TARGET_* */
	bool asked;	/* for it, and waits for an answer */
	uint64_t spread_left, spread_random; /* as self_left, self_random */
	bool shadow;			     /* runs no code of the program's */
	uint32_t recalled; /* PCN_RECALL_*: what its thread has been told */
	int32_t back; /* where to go behind the call under way; PCN_TARGET_NONE
		       */
	bool holds_private; /* about to fork */
	bool stays_shared;  /* memory could not be made private */
	uint64_t shadow_block;

	/* memory for the kernel's sake (bounce.c); 0: none yet */
	uint64_t bounce, bounce_used;
};

/* What calls of the run time take of a machine stack at the most. */
#define PCN_STACK_ROOM (16ul << 10)

/* Where that is not left, the fault comes here, while the thread holds nothing
 * that its handler might jump away from. */
static inline void pcn_stack_probe(void)
{
	(void)*((volatile char *)__builtin_frame_address(0) - PCN_STACK_ROOM);
}

/* By slot; 0 is a restored program's first thread until it knows which one it
 * is. */
extern struct pcn_native *pcn_natives[PCN_THREADS_MAX];

/* NULL: not here, or not yet. */
static inline struct pcn_native *pcn_native_of(const struct pcn_thread *thread)
{
	return pcn_natives[thread->slot];
}

/* The next of a sequence of random numbers; *state is never 0. */
static inline uint64_t pcn_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline struct pcn_native *pcn_self_native(void)
{
	return pcn_native_of(pcn_arch_self());
}

/* The program's thread-local: top of the calling thread's side stack in use. */
extern _Thread_local void *__popcorn_side_sp;

/* --- settings from the environment (start.c) --- */

extern uint64_t pcn_self_interval;   /* POPCORN_SELF, 0: off */
extern uint64_t pcn_self_seed;	     /* POPCORN_SELF_SEED, 0: fixed intervals */
extern uint64_t pcn_self_pause_us;   /* POPCORN_SELF_PAUSE, slept at each one */
extern uint64_t pcn_spread_interval; /* POPCORN_SPREAD, 0: off */
extern uint64_t pcn_roam_interval;   /* POPCORN_ROAM, 0: off */
extern bool pcn_check;		     /* POPCORN_CHECK */
extern bool pcn_trace;		     /* POPCORN_TRACE */
extern int pcn_log_limit;	     /* POPCORN_LOG */

/* --- arch/<isa>/ --- */

long pcn_blocking_syscall(long number, long a, long b, long c, long d, long e,
			  long f, const uint32_t *interrupt);
extern char pcn_blocking_begin[], pcn_blocking_end[],
	pcn_blocking_interrupted[];
long pcn_native_clone(unsigned long flags, uint64_t stack_top,
		      int32_t *parent_tid, uint32_t *child_tid, uint64_t tls,
		      void (*f)(void *), void *argument);
_Noreturn void pcn_stack_switch(uint64_t top, void (*f)(void *),
				void *argument);
uint64_t pcn_base_call(uint64_t (*f)(void *), void *argument, uint64_t *sp);
_Noreturn void pcn_base_leave(uint64_t sp, uint64_t value);
extern char pcn_base_return[];
/* Does the code at address do nothing but return to its caller? */
bool pcn_arch_returns(uint64_t address);

/* --- stack-transform/ --- */

struct pcn_frame;
/* Captures the calling thread from its poll's frame outward; control goes on
 * where pcn_base_call was called, with thread->chain set.  Without memory for
 * the records, or with machine code of the program's own making on the stack,
 * whoever wants the world is refused, and control goes on behind the poll: it
 * returns, or frames that were passed are resumed on those that were not. */
void pcn_capture_stack(struct pcn_native *native, struct pcn_frame *frame);
/* Frees the thread's records. */
void pcn_capture_free(struct pcn_thread *thread);
/* A landing longjmp left every frame and handler below sp. */
uint32_t pcn_jump_caught(void *activation, uint64_t sp);
/* NULL: no memory. */
struct pcn_record *pcn_pool_get(struct pcn_pool *pool, uint64_t size);
/* Gives it memory, which becomes its own. */
void pcn_pool_add(struct pcn_pool *pool, uint64_t memory, uint64_t size);
void pcn_pool_put(struct pcn_pool *pool, struct pcn_record *record,
		  uint64_t size);
void pcn_pool_free(struct pcn_pool *pool);
/* Prints what POPCORN_TRACE counts. */
void pcn_capture_report(void);
void pcn_capture_count(uint32_t frames, uint64_t capture_ns,
		       uint64_t resume_ns);

/* --- poll.c --- */

/* poll_flag := is there any reason to poll? */
void pcn_poll_settle(void);

/* --- world.c --- */

bool pcn_world_wanted(void);
/* From the base frame with the thread captured: waits until the request that
 * wants the world is served. */
void pcn_world_park(struct pcn_native *native);
/* The calling thread, which runs on, cannot be captured: what is wanted fails
 * with err. */
void pcn_world_refuse(struct pcn_native *native, int err);
/* All parked threads take their signals; from pcn_request_serve. */
void pcn_world_take_signals(void);
/* The thread, about to poll, wants memory to be shared. */
void pcn_world_ask_share(struct pcn_native *native);
void pcn_world_ask_private(struct pcn_native *native);
/* The same for a thread in a signal handler, which cannot be captured: now,
 * while it stands where it is.  If the others cannot stop, memory stays shared.
 */
void pcn_world_make_private(struct pcn_native *native);
void pcn_world_forked(void);
void pcn_world_begin_stopped(void);
void pcn_world_release(void);

/* --- signal.c --- */

void pcn_signals_start(void);
/* Where a signal of the calling thread goes that finds its stack full. */
void pcn_signals_take_stack(const struct pcn_native *native);
int pcn_signals_adopt(void);
/* Whether the agent's interrupts have a handler or are ignored, which an execve
 * keeps; for the whole process. */
void pcn_signals_hear_interrupts(bool hear);
/* Threads with signals that no poll has looked at. */
extern uint32_t pcn_signals_attention;
/* The calling thread has been told of its signals. */
void pcn_signals_look(struct pcn_native *native);
/* Runs user handlers of unblocked pending signals.  Returns how many ran;
 * *no_restart says whether one of them lacked SA_RESTART. */
int pcn_signals_deliver(struct pcn_native *native, bool *no_restart);
/* Handlers of what has come run before the call that is under way; false: the
 * shadow's thread has to run them, and the call is to be PCN_MAIL_AGAIN. */
bool pcn_signals_first(struct pcn_native *native);
/* A shadow's, for its thread: a signal's number, or 0. */
int pcn_signals_take(struct pcn_native *native, struct pcn_taken_signal *to);
/* The kernel's mask := the program's, and what waits to be delivered. */
void pcn_signals_apply_mask(struct pcn_native *native);
/* Blocks all native signals; for threads that end. */
void pcn_signals_block_all(void);
/* Away: faults only, as the program handles them now. */
void pcn_signals_away(void);
/* The same of one signal, whose handler has changed. */
void pcn_signals_away_again(int signal);
/* The kernel has let this signal go: it waits for a poll. */
void pcn_signals_mark(struct pcn_native *native, int signal, const void *info);
void pcn_signals_forked(struct pcn_native *native);

/* Those of its signals whose handlers may run.  A shadow had better not look at
 * its thread's page without need. */
static inline uint64_t pcn_signals_ready(const struct pcn_native *native)
{
	uint64_t marked = __atomic_load_n(&native->marked, __ATOMIC_SEQ_CST);

	return marked ? marked & ~native->thread->signal_mask : 0;
}

/* --- pending.c --- */

/* The signals that wait for the process go into its list, and back. */
void pcn_pending_begin(void);
void pcn_pending_forked(void);
void pcn_pending_take(struct pcn_native *native);
void pcn_pending_add(struct pcn_thread *thread, int signal, const void *info);
void pcn_pending_put_back(struct pcn_native *native);
void pcn_pending_put_back_shared(void);
/* Were there more than the list holds? */
bool pcn_pending_overflow(void);
/* The thread's marked signals, all blocked by the program, are the kernel's
 * again. */
void pcn_pending_give_back(struct pcn_native *native);
/* An ending thread's marked signals that are for any thread. */
void pcn_pending_leave(struct pcn_native *native);

/* --- locks.c --- */

/* Does the process hold record locks?  Cheap, as long as nothing has changed.
 */
bool pcn_locks_held(void);
/* One may have been taken or given up. */
void pcn_locks_changed(void);

/* --- timers.c --- */

/* Stop and go on, with what is left: the interval timers; after signals have
 * been taken the POSIX timers (true: there are some); and what is still owed
 * after they have been taken once more. */
void pcn_timers_stop_interval(struct pcn_stream_timer *timers);
bool pcn_timers_stop(void);
void pcn_timers_owed(void);
void pcn_timers_start(const struct pcn_stream_timer *timers);
/* The kernel's timers for those of a restored process. */
int pcn_timers_create(void);
void pcn_timers_forked(void);
/* From the kernel's word of an expired timer to the program's. */
void pcn_timer_name(void *info);
/* A timer's signal has been taken from the kernel. */
void pcn_timer_seen(const void *info);
bool pcn_timer_is_thread(const void *info);

/* --- file.c --- */

/* The program's own executable, if path is a name of it in /proc by which the
 * kernel, whose answer to a call with that path this is, found another file;
 * else NULL. */
const char *pcn_executable_instead(const char *path, long answer);

/* --- process.c --- */

int32_t pcn_real_tid(int32_t tid);
/* The pid that the program knows one of the kernel's by: its own, its parent's,
 * which stay what they were. */
int32_t pcn_program_pid(int32_t pid);
/* The same of the sender in a siginfo_t. */
void pcn_name_sender(uint8_t *info);
/* The kernel's number of a clock of the CPU time of a process or thread. */
long pcn_real_clock(int32_t clock);

/* --- thread.c --- */

/* The thread, in the list or about to be, gets a free slot, or -EAGAIN.  Under
 * pcn_process->lock once there are others. */
int pcn_slot_take(struct pcn_thread *thread, struct pcn_native *native);
/* The thread has its slot already. */
void pcn_slot_bind(struct pcn_thread *thread, struct pcn_native *native);
void pcn_slot_leave(struct pcn_native *native);
/* Ends the native thread, whose thread is elsewhere; its stack is used again.
 */
_Noreturn void pcn_native_leave(struct pcn_native *native);
/* Another node's thread, captured or not begun, runs here: 0 or -errno. */
int pcn_thread_arrive(struct pcn_thread *thread, uint32_t slot,
		      uint64_t stack_size);
/* The same on the calling native thread, whose own thread has left. */
void pcn_native_take(struct pcn_native *native, struct pcn_thread *thread,
		     uint64_t stack_size);
/* Gives a full machine stack a part of its guard, for the pads that a handler's
 * longjmp passes. True if it had not been given. */
bool pcn_guard_lend(struct pcn_native *native);
void pcn_guard_restore(struct pcn_native *native);
_Noreturn void pcn_thread_exit(void);
/* Threads that are none any more, but have not yet cleared the word that libc
 * waits for: who stops the world waits for them, or nobody would clear it where
 * the process goes on.  Changes under pcn_process->lock, but to fewer. */
extern uint32_t pcn_threads_ending;
void pcn_threads_forked(struct pcn_native *native);

/* The kernel loses the thread's list of robust mutexes, and gets it again. */
void pcn_robust_take(struct pcn_native *native);
void pcn_robust_give_back(struct pcn_native *native);
/* The process ends: whoever waits for mutexes of its threads is told. */
void pcn_robust_end(void);

_Noreturn void pcn_thread_run(void *native);
struct pcn_native *pcn_thread_by_tid(int32_t tid);
struct pcn_native *pcn_native_create(uint64_t stack_size);

/* --- clock.c --- */

void pcn_clock_start(void);

/* --- memory.c --- */

int pcn_memory_start(void);
int64_t pcn_memory_map(uint64_t hint, uint64_t size, long prot, long flags,
		       int fd, uint64_t offset);

/* --- the system-call shim --- */

struct pcn_call {
	struct pcn_native *native;
	long number; /* asm-generic */
	long a[6];
};

enum pcn_call_kind {
	PCN_CALL_NONE = 0,
	PCN_CALL_PLAIN,	  /* does not block, or is not to be interrupted */
	PCN_CALL_BLOCK,	  /* issued again after a handler with SA_RESTART */
	PCN_CALL_WAIT,	  /* ends with EINTR after any handler */
	PCN_CALL_SUSPEND, /* the same, and waits with a mask of its own */
	PCN_CALL_OWN,	  /* a function here does it */
};

struct pcn_call_entry {
	uint16_t native; /* the host's number */
	uint16_t kind;
	long (*own)(struct pcn_call *call);
};

/* A blocking native call and what to do when it is interrupted: the result,
 * -EINTR (a handler ran) or -PCN_ERESTART (poll and issue it again). */
long pcn_call_blocking(struct pcn_call *call, enum pcn_call_kind kind,
		       long number, long a, long b, long c, long d, long e,
		       long f);
/* The same with a relative timespec in argument `index`. */
long pcn_call_timed(struct pcn_call *call, enum pcn_call_kind kind, long number,
		    unsigned index, long a, long b, long c, long d, long e,
		    long f);
/* The host's call of the same number, arguments as they are in call->a. */
long pcn_call_native(struct pcn_call *call);

#endif
