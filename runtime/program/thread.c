/*
 * thread.c - native threads and what runs in their base frame.
 *
 * Each thread has a machine stack of its own in the private window; above it
 * lies its struct pcn_native, below it a guard, a small stack for signals that
 * find it full, and that one's guard.  An exited thread's stack is used again
 * when the kernel says (by CLONE_CHILD_CLEARTID) that the thread is off it.
 */
#include "away.h"

#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/sched.h>

#define THREAD_FLAGS                                                           \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |    \
	 CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |                  \
	 CLONE_CHILD_CLEARTID)
#define MACHINE_STACK_MIN (8ul << 20)
/* More than any frame without locals in memory needs. */
#define GUARD_SIZE (64ul << 10)
#define GUARD_LENT (48ul << 10)

extern char __popcorn_tls_span[];

struct pcn_native *pcn_natives[PCN_THREADS_MAX];
static uint32_t cache_lock;
static struct pcn_native *cache;

struct pcn_thread *pcn_self(void)
{
	return pcn_arch_self();
}

int32_t pcn_thread_real_tid(const struct pcn_thread *thread)
{
	return pcn_native_of(thread)->tid;
}

int32_t pcn_real_pid(void)
{
	return pcn_sys(__NR_getpid);
}

/* --- slots --- */

int pcn_slot_take(struct pcn_thread *thread, struct pcn_native *native)
{
	static uint32_t next = 1; /* an old slot rests before it is used anew */

	for (uint32_t tried = 1; tried < PCN_THREADS_MAX; tried++) {
		uint32_t slot = next;

		next = next + 1 < PCN_THREADS_MAX ? next + 1 : 1;
		if (pcn_natives[slot])
			continue;
		thread->slot = slot;
		pcn_slot_bind(thread, native);
		return 0;
	}
	return -EAGAIN;
}

void pcn_slot_bind(struct pcn_thread *thread, struct pcn_native *native)
{
	native->thread = thread;
	native->slot = thread->slot;
	pcn_natives[native->slot] = native;
}

void pcn_slot_leave(struct pcn_native *native)
{
	pcn_natives[native->slot] = NULL;
}

/* --- machine stacks --- */

/* Takes an old stack of about the size that nobody stands on.  There are never
 * more than the most threads that ever lived at once. */
static struct pcn_native *from_cache(uint64_t size)
{
	struct pcn_native **n, *found = NULL;

	pcn_lock(&cache_lock);
	for (n = &cache; *n; n = &(*n)->next) {
		struct pcn_native *native = *n;

		if (__atomic_load_n(&native->alive, __ATOMIC_ACQUIRE) ||
		    native->stack_size < size || native->stack_size > 2 * size)
			continue;
		*n = native->next;
		found = native;
		break;
	}
	pcn_unlock(&cache_lock);
	return found;
}

/* Of a machine stack. */
static uint64_t mapping_size(uint64_t size)
{
	if (size < MACHINE_STACK_MIN)
		size = MACHINE_STACK_MIN;
	return GUARD_SIZE + PCN_SIGNAL_STACK_SIZE + GUARD_SIZE +
	       PCN_ALIGN_UP(size, PCN_PAGE_SIZE);
}

/* For another thread: memory is all that is kept. */
static void renew(struct pcn_native *native)
{
	uint64_t stack = native->stack, stack_size = native->stack_size;
	void *scratch = native->scratch;
	uint64_t scratch_size = native->scratch_size, bounce = native->bounce;

	memset(native, 0, sizeof *native);
	native->stack = stack;
	native->stack_size = stack_size;
	native->signal_stack = stack + GUARD_SIZE;
	native->stack_start =
		native->signal_stack + PCN_SIGNAL_STACK_SIZE + GUARD_SIZE;
	native->target = native->back = PCN_TARGET_NONE;
	native->scratch = scratch;
	native->scratch_size = scratch_size;
	native->bounce = bounce;
}

struct pcn_native *pcn_native_create(uint64_t size)
{
	struct pcn_native *native;
	uint64_t memory;

	size = mapping_size(size);
	native = from_cache(size);
	if (native) {
		renew(native);
		return native;
	}
	memory = pcn_private_map(size);
	if (pcn_is_error(memory))
		return NULL;
	pcn_sys(__NR_mprotect, memory, GUARD_SIZE, PROT_NONE);
	pcn_sys(__NR_mprotect, memory + GUARD_SIZE + PCN_SIGNAL_STACK_SIZE,
		GUARD_SIZE, PROT_NONE);
	native = (void *)PCN_ALIGN_DOWN(memory + size - sizeof *native, 64);
	native->stack = memory;
	native->stack_size = size;
	renew(native);
	return native;
}

static void protect_guard(const struct pcn_native *native, int protection)
{
	pcn_sys(__NR_mprotect, native->stack_start - GUARD_LENT, GUARD_LENT,
		protection);
}

bool pcn_guard_lend(struct pcn_native *native)
{
	if (native->guard_is_lent)
		return false;
	native->guard_is_lent = true;
	protect_guard(native, PROT_READ | PROT_WRITE);
	return true;
}

void pcn_guard_restore(struct pcn_native *native)
{
	if (native->guard_is_lent)
		protect_guard(native, PROT_NONE);
	native->guard_is_lent = false;
}

static void to_cache(struct pcn_native *native)
{
	pcn_guard_restore(native);
	pcn_lock(&cache_lock);
	native->next = cache;
	cache = native;
	pcn_unlock(&cache_lock);
}

/* --- the base frame --- */

static void resume_setup(struct pcn_thread *thread)
{
	thread->resumed = thread->chain;
	thread->chain->frame_hint =
		UINT64_MAX; /* no longjmp lands outside it */
	thread->chain = NULL;
	__popcorn_side_sp = (void *)thread->side_sp;
}

/* At home, captured: but not before a handler that waits has run. */
static bool wants_to_leave(struct pcn_native *native)
{
	int node = native->target, err;

	if (pcn_away || node < 0 || !native->thread->chain ||
	    pcn_signals_ready(native))
		return false;
	if (pcn_shared)
		return true;
	/* It was shared when the thread asked. */
	native->target = PCN_TARGET_NONE;
	err = pcn_away_aim(native, node);
	if (err && native->asked)
		native->thread->answer = err;
	return false;
}

/*
 * Runs a thread from its entry or its chain, again and again until it returns.
 * pcn_base_call's frame is the base frame: what the program calls lies above
 * it.
 */
_Noreturn void pcn_thread_run(void *argument)
{
	struct pcn_native *native = argument;
	struct pcn_thread *thread;
	uint64_t result;

	pcn_signals_take_stack(native);
	if (native->fresh) { /* all signals are blocked up to here */
		native->fresh = false;
		pcn_pending_put_back(native);
		pcn_signals_apply_mask(native);
	}
	for (;;) {
		uint64_t (*f)(void *);
		void *value;

		while (pcn_world_wanted())
			pcn_world_park(native);
		/* It may go from node to node for as long as it likes. */
		while (!pcn_world_wanted() && wants_to_leave(native))
			pcn_shadow(native);
		if (pcn_world_wanted())
			continue;
		thread = native->thread;
		thread->state = PCN_THREAD_RUNNING;
		__popcorn_fp_set(thread->fp_state);
		if (thread->chain) {
			struct pcn_record *record = thread->chain;

			resume_setup(thread);
			f = __popcorn_functions[record->function].resume;
			value = record;
		} else if (thread->entry) {
			f = (uint64_t (*)(void *))thread->entry;
			value = (void *)thread->argument;
			thread->entry = 0;
		} else {
			pcn_die("thread %d has neither records nor an entry",
				thread->tid);
		}
		result = pcn_base_call(f, value, &native->base_sp);
		thread = native->thread;
		if (native->mode != PCN_UNWIND_CAPTURE)
			break;
		native->mode = PCN_UNWIND_NONE;
		thread->chain = native->last;
		thread->fp_state = __popcorn_fp_get();
		if (!thread->chain)
			pcn_die("thread %d was captured without a frame",
				thread->tid);
		pcn_capture_count(
			native->frames,
			pcn_trace ? pcn_time_ns() - native->capture_start : 0,
			0);
		if (pcn_away && pcn_away_wanted(native))
			pcn_away_return(native);
	}
	if (thread == pcn_process->main_thread)
		pcn_exit_group(result);
	pcn_thread_exit();
}

/* --- starting --- */

/* What gettid says from now on: the kernel's number, unless a thread that came
 * from another process has it already. */
static void give_tid(struct pcn_native *native)
{
	struct pcn_thread *thread = native->thread;
	int32_t tid = native->tid;
	bool taken;

	if (thread->tid)
		return;
	do {
		taken = false;
		for (struct pcn_thread *t = pcn_process->threads; t;
		     t = t->next)
			taken |= t->tid == tid;
		if (taken)
			tid = tid < (1 << 22) ? (1 << 22) : tid + 1;
	} while (taken);
	thread->tid = tid;
	if (native->parent_tid)
		*native->parent_tid = tid;
}

static void begin(void *argument)
{
	struct pcn_native *native = argument;

	pcn_lock(&pcn_process->lock);
	give_tid(native);
	pcn_unlock(&pcn_process->lock);
	if (!native->fresh)
		pcn_signals_apply_mask(native);
	pcn_thread_run(native);
}

/* A native thread that begins with f, which does not return. */
static long spawn(struct pcn_native *native, void (*f)(void *))
{
	native->alive = 1;
	return pcn_native_clone(
		THREAD_FLAGS, (uint64_t)native, &native->tid, &native->alive,
		pcn_arch_thread_pointer(native->thread), f, native);
}

static void unlink_thread(struct pcn_thread *thread)
{
	struct pcn_thread **t = &pcn_process->threads;

	while (*t && *t != thread)
		t = &(*t)->next;
	pcn_assert(*t);
	*t = thread->next;
	pcn_natives[thread->slot] = NULL;
	pcn_process->thread_count--;
	if (pcn_process->main_thread == thread)
		pcn_process->main_thread = NULL;
}

/* clone(2) without CLONE_THREAD, as posix_spawn uses it: the child runs on a
 * copy of everything, so the memory it would share and the wait are left out.
 */
static int spawn_process(int (*entry)(void *), int flags, void *argument)
{
	long pid =
		__popcorn_syscall(220 /* clone */, flags & 0xff, 0, 0, 0, 0, 0);

	if (!pid)
		__popcorn_syscall(94 /* exit_group */, entry(argument), 0, 0, 0,
				  0, 0);
	return pid;
}

int __popcorn_clone(int (*entry)(void *), void *side_stack, int flags,
		    void *argument, int32_t *parent_tid, void *block,
		    int32_t *child_tid)
{
	struct pcn_thread *self = pcn_arch_self(), *thread;
	uint64_t side_base, side_size;
	uint64_t top = PCN_ALIGN_DOWN(side_stack, 16);
	struct pcn_native *native = pcn_self_native();
	uint64_t signal_mask;
	long tid;

	if (pcn_away)
		return pcn_away_call(native, PCN_MAIL_CLONE,
				     (long[]){(long)entry, (long)side_stack,
					      flags, (long)argument,
					      (long)parent_tid, (long)block,
					      (long)child_tid});
	signal_mask = native->thread->signal_mask;
	if (!(flags & CLONE_THREAD))
		return spawn_process(entry, flags, argument);
	thread = (struct pcn_thread *)((uint64_t)block +
				       (uint64_t)__popcorn_tls_span);
	side_base = thread->side_base;
	side_size = thread->side_size;
	memset(thread, 0, sizeof *thread);
	thread->side_base = side_base;
	thread->side_size = side_size;
	thread->self = thread;
	thread->block = (uint64_t)block;
	thread->entry = (uint64_t)entry;
	thread->argument = (uint64_t)argument;
	thread->signal_mask = signal_mask;
	thread->fp_state = __popcorn_fp_get();
	thread->state = PCN_THREAD_RUNNING;
	if (flags & CLONE_CHILD_CLEARTID)
		thread->clear_child_tid = (uint64_t)child_tid;
	*(uint64_t *)((uint64_t)&__popcorn_side_sp - self->block +
		      (uint64_t)block) = top;
	native = pcn_native_create(4 * thread->side_size);
	if (!native)
		return -EAGAIN;
	native->parent_tid = flags & CLONE_PARENT_SETTID ? parent_tid : NULL;
	pcn_lock(&pcn_process->lock);
	tid = pcn_slot_take(thread, native);
	if (!tid) {
		thread->next = pcn_process->threads;
		pcn_process->threads = thread;
		pcn_process->thread_count++;
		tid = spawn(native, begin);
		if (tid > 0) {
			give_tid(native);
			tid = thread->tid;
		} else {
			unlink_thread(thread);
		}
	}
	pcn_unlock(&pcn_process->lock);
	if (tid < 0) {
		native->alive = 0;
		to_cache(native);
	}
	return tid;
}

/* --- ending --- */

uint32_t pcn_threads_ending;

/*
 * Ends the calling thread.  After it has cleared the word that libc waits for,
 * its TLS block and side stack may be gone: nothing below touches them, and no
 * signal can come.  `unmap_size` bytes at `unmap` go first.
 */
static _Noreturn void end(uint64_t unmap, uint64_t unmap_size)
{
	struct pcn_thread *thread = pcn_arch_self();
	struct pcn_native *native = pcn_native_of(thread);
	uint32_t *word = (uint32_t *)thread->clear_child_tid;

	if (pcn_away)
		pcn_away_end(native, unmap, unmap_size);
	pcn_signals_block_all();
	pcn_signals_look(native);
	pcn_pending_leave(native);
	pcn_capture_free(thread);
	pcn_robust_take(native);
	pcn_lock(&pcn_process->lock);
	unlink_thread(thread);
	thread->state = PCN_THREAD_EXITED;
	__atomic_fetch_add(&pcn_threads_ending, 1, __ATOMIC_SEQ_CST);
	pcn_unlock(&pcn_process->lock);
	if (unmap_size)
		pcn_portable_unmap(unmap, unmap_size);
	to_cache(native);
	if (word) {
		__atomic_store_n(word, 0, __ATOMIC_SEQ_CST);
		pcn_futex_wake(word, 1);
	}
	__atomic_fetch_sub(&pcn_threads_ending, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pcn_sys(__NR_exit, 0);
}

_Noreturn void pcn_thread_exit(void)
{
	if (pcn_process->thread_count == 1 && !pcn_away)
		pcn_exit_group(0);
	end(0, 0);
}

_Noreturn void __popcorn_unmap_exit(void *base, size_t size)
{
	end((uint64_t)base, size);
}

_Noreturn void pcn_exit_group(int status)
{
	if (pcn_away)
		pcn_away_call(pcn_self_native(), 94 /* exit_group */,
			      (long[7]){status});
	pcn_robust_end();
	pcn_channel_exit(status & 0xff);
	if (pcn_trace)
		pcn_capture_report();
	for (;;)
		pcn_sys(__NR_exit_group, status);
}

/* In a forked child: it is alone, and its own process. */
void pcn_threads_forked(struct pcn_native *native)
{
	struct pcn_thread *thread = native->thread;

	for (struct pcn_thread *t = pcn_process->threads; t; t = t->next)
		if (t != thread)
			pcn_natives[t->slot] = NULL;
	pcn_process->ppid = pcn_process->pid;
	pcn_process->pid = pcn_sys(__NR_getpid);
	native->tid = pcn_sys(__NR_set_tid_address, &native->alive);
	thread->tid = pcn_process->pid;
	thread->robust_list = 0;
	native->kernel_is_robust = false;
	thread->next = NULL;
	pcn_process->threads = pcn_process->main_thread = thread;
	pcn_process->thread_count = 1;
	pcn_threads_ending = 0;
	cache = NULL;
	cache_lock = 0;
}

struct pcn_native *pcn_thread_by_tid(int32_t tid)
{
	for (struct pcn_thread *t = pcn_process->threads; t; t = t->next)
		if (t->tid == tid && pcn_native_of(t))
			return pcn_native_of(t);
	return NULL;
}

/* --- away --- */

static void begin_away(void *native)
{
	pcn_signals_away();
	pcn_thread_run(native);
}

static int arrive_anew(struct pcn_thread *thread, uint32_t slot, uint64_t size)
{
	struct pcn_native *native = pcn_native_create(size);
	long tid;

	if (!native)
		return -ENOMEM;
	native->thread = thread;
	native->slot = slot;
	pcn_natives[slot] = native;
	tid = spawn(native, begin_away);
	if (tid > 0)
		return 0;
	native->alive = 0;
	pcn_slot_leave(native);
	to_cache(native);
	return (int)tid;
}

int pcn_thread_arrive(struct pcn_thread *thread, uint32_t slot, uint64_t size)
{
	return pcn_away_hand_over(slot, thread, size)
		       ? 0
		       : arrive_anew(thread, slot, size);
}

void pcn_native_take(struct pcn_native *native, struct pcn_thread *thread,
		     uint64_t size)
{
	uint32_t slot = native->slot, alive = native->alive;
	int32_t tid = native->tid;

	if (native->stack_size < mapping_size(size)) {
		int err = arrive_anew(thread, slot, size);

		if (err)
			pcn_die("no machine stack for a thread (%d)", -err);
		pcn_native_leave(native);
	}
	pcn_guard_restore(native);
	renew(native);
	native->tid = tid;
	native->alive = alive;
	native->thread = thread;
	native->slot = slot;
	pcn_natives[slot] = native;
	pcn_arch_set_thread_pointer(pcn_arch_thread_pointer(thread));
	pcn_signals_away();
}

_Noreturn void pcn_native_leave(struct pcn_native *native)
{
	to_cache(native);
	for (;;)
		pcn_sys(__NR_exit, 0);
}

/* --- restoring --- */

void pcn_restore_begin(void)
{
	pcn_world_begin_stopped();
}

/* What a saved process says of itself need not be true. */
static bool is_free_slot(uint32_t slot)
{
	return slot && slot < PCN_THREADS_MAX && !pcn_natives[slot];
}

int pcn_restore_adopt(void)
{
	struct pcn_native *native = pcn_self_native();
	struct pcn_thread *main_thread = pcn_process->main_thread;

	if (pcn_process->magic != PCN_PROCESS_MAGIC ||
	    pcn_process->abi_version != PCN_ABI_VERSION)
		return -EINVAL;
	pcn_process->lock = 0;
	pcn_sys(__NR_umask, pcn_process->umask);
	if (main_thread) {
		if (!is_free_slot(main_thread->slot))
			return -EINVAL;
		pcn_slot_bind(main_thread, native);
		native->fresh = true;
		pcn_arch_set_thread_pointer(
			pcn_arch_thread_pointer(main_thread));
	}
	return pcn_signals_adopt();
}

int pcn_thread_restore(struct pcn_thread *thread)
{
	struct pcn_native *native;
	long tid;

	if (!is_free_slot(thread->slot))
		return -EINVAL;
	native = pcn_native_create(4 * thread->side_size);
	if (!native)
		return -ENOMEM;
	pcn_slot_bind(thread, native);
	native->fresh = true;
	/* It takes its name from whoever starts it: others may ask for it
	 * before it runs. */
	pcn_sys(__NR_prctl, PR_SET_NAME, thread->name);
	tid = spawn(native, begin);
	return tid < 0 ? (int)tid : 0;
}

_Noreturn void pcn_restore_finish(void)
{
	struct pcn_native *native = pcn_self_native();
	bool is_main = native->thread == pcn_process->main_thread;

	if (is_main)
		pcn_sys(__NR_prctl, PR_SET_NAME, native->thread->name);
	pcn_world_release();
	pcn_poll_settle();
	if (is_main)
		pcn_thread_run(native);
	pcn_signals_block_all();
	for (;;)
		pcn_sys(__NR_exit, 0);
}
