/*
 * world.c - stopping every thread, serving what was asked for, going on.
 *
 * The first thread to reach its base frame while something is wanted becomes
 * the stopper: it interrupts the others until all have parked, and serves the
 * agent's request and then each thread's own.  The others sleep until the
 * generation changes.  A thread that cannot be captured refuses: then all go on
 * and what was asked for fails.
 */
#include "away.h"
#include "channel.h"

#include <linux/prctl.h>

#define ROUND_NS 1000000

static struct {
	uint32_t lock;
	uint32_t stopping;
	uint32_t asks;	     /* threads with an ask */
	uint32_t arrivals;   /* futex: somebody parked or went */
	uint32_t event;	     /* futex: look at what follows */
	uint32_t generation; /* the world went on */
	uint32_t taking;     /* round in which threads take their signals */
	int refused;	     /* -errno: somebody cannot be captured */
} world;

/* A child of fork() has no record locks either. */
static bool must_wait(uint32_t kind)
{
	return (kind == PCN_REQUEST_MOVE || kind == PCN_REQUEST_CHECKPOINT) &&
	       pcn_locks_held();
}

/* The agent's request that can be served now. */
static uint32_t requested(void)
{
	uint32_t kind =
		__atomic_load_n(&__popcorn_control.request, __ATOMIC_SEQ_CST);

	return kind == PCN_REQUEST_NONE || must_wait(kind) ? PCN_REQUEST_NONE
							   : kind;
}

bool pcn_world_wanted(void)
{
	return __atomic_load_n(&world.stopping, __ATOMIC_SEQ_CST) ||
	       __atomic_load_n(&world.asks, __ATOMIC_SEQ_CST) ||
	       requested() != PCN_REQUEST_NONE;
}

/* Interrupts who has not come yet; returns how many. */
static uint32_t call_others(int32_t pid)
{
	uint32_t missing;

	pcn_lock(&pcn_process->lock);
	missing = __atomic_load_n(&pcn_threads_ending, __ATOMIC_SEQ_CST);
	for (struct pcn_thread *t = pcn_process->threads; t; t = t->next) {
		struct pcn_native *native = pcn_native_of(t);

		if (__atomic_load_n(&native->parked, __ATOMIC_ACQUIRE))
			continue;
		missing++;
		if (native->tid)
			pcn_sys(__NR_tgkill, pid, native->tid,
				PCN_SIGNAL_INTERRUPT);
	}
	pcn_unlock(&pcn_process->lock);
	return missing;
}

static int stop_others(void)
{
	int32_t pid = pcn_real_pid();

	pcn_poll_raise();
	for (;;) {
		uint32_t seen =
			__atomic_load_n(&world.arrivals, __ATOMIC_SEQ_CST);

		int refused = __atomic_load_n(&world.refused, __ATOMIC_SEQ_CST);

		if (refused)
			return refused;
		if (!call_others(pid))
			return 0;
		pcn_futex_wait(&world.arrivals, seen, ROUND_NS);
	}
}

/* --- refusing --- */

static void refuse_request(int err)
{
	if (__atomic_exchange_n(&__popcorn_control.request, PCN_REQUEST_NONE,
				__ATOMIC_SEQ_CST) != PCN_REQUEST_NONE)
		pcn_channel_refuse(err);
}

/* What a thread asked for itself; the agent knows of all but checkpoints. */
static void refuse_share(struct pcn_native *native, int err)
{
	native->target = PCN_TARGET_NONE;
	if (native->asked)
		native->thread->answer = err;
}

static void refuse_ask(struct pcn_native *native, int err)
{
	enum pcn_request kind = native->ask.kind;

	if (kind == PCN_REQUEST_NONE)
		return;
	native->ask.kind = PCN_REQUEST_NONE;
	__atomic_fetch_sub(&world.asks, 1, __ATOMIC_SEQ_CST);
	if (kind == PCN_REQUEST_PRIVATE) {
		native->stays_shared = true;
		return;
	}
	if (kind == PCN_REQUEST_SHARE) {
		refuse_share(native, err);
		return;
	}
	native->thread->answer = err;
	if (kind != PCN_REQUEST_CHECKPOINT && pcn_channel_asked())
		pcn_channel_refuse(err);
}

static void count_threads(struct pcn_request_info *request)
{
	request->threads = request->frames = 0;
	for (struct pcn_thread *t = pcn_process->threads; t; t = t->next) {
		request->threads++;
		for (struct pcn_record *r = t->chain; r; r = r->inner)
			request->frames++;
	}
}

static void serve_share(struct pcn_native *native)
{
	int err = pcn_share(native->asked);

	if (err)
		refuse_share(native, err);
	else if (native->asked)
		native->thread->answer = 0;
}

/* Whatever else is asked for wants memory to be here, and only here. */
static bool wants_private(uint32_t kind)
{
	for (struct pcn_thread *t = pcn_process->threads; t; t = t->next) {
		uint32_t ask = pcn_native_of(t)->ask.kind;

		if (ask != PCN_REQUEST_NONE && ask != PCN_REQUEST_SHARE)
			return true;
	}
	return kind != PCN_REQUEST_NONE;
}

static void serve_all(uint64_t stop_ns)
{
	struct pcn_request_info request;
	/* Somebody may have taken a lock while others stood still already. */
	uint32_t kind = requested();

	if (pcn_shared && wants_private(kind))
		pcn_unshare();
	if (kind != PCN_REQUEST_NONE) {
		request = (struct pcn_request_info){
			.kind = kind,
			.sequence = __popcorn_control.sequence,
			.stop_ns = stop_ns,
		};
		count_threads(&request);
		__atomic_store_n(&__popcorn_control.request, PCN_REQUEST_NONE,
				 __ATOMIC_SEQ_CST);
		pcn_request_serve(&request);
	}
	for (struct pcn_thread *t = pcn_process->threads; t; t = t->next) {
		struct pcn_native *native = pcn_native_of(t);

		if (native->ask.kind == PCN_REQUEST_NONE)
			continue;
		if (must_wait(native->ask.kind)) {
			refuse_ask(native, -EDEADLK);
			continue;
		}
		request = native->ask;
		native->ask.kind = PCN_REQUEST_NONE;
		__atomic_fetch_sub(&world.asks, 1, __ATOMIC_SEQ_CST);
		request.stop_ns = stop_ns;
		count_threads(&request);
		if (request.kind == PCN_REQUEST_SHARE)
			serve_share(native);
		if (request.kind == PCN_REQUEST_SHARE ||
		    request.kind == PCN_REQUEST_PRIVATE)
			continue;
		t->answer = 1; /* what the copy reads */
		t->answer = pcn_request_serve(&request);
	}
}

/* Of those that stand still; the others refuse for themselves. */
static void refuse_all(int err)
{
	refuse_request(err);
	pcn_lock(&pcn_process->lock);
	for (struct pcn_thread *t = pcn_process->threads; t; t = t->next)
		if (pcn_native_of(t) && pcn_native_of(t)->parked)
			refuse_ask(pcn_native_of(t), err);
	pcn_unlock(&pcn_process->lock);
}

void pcn_world_refuse(struct pcn_native *native, int err)
{
	bool stopping;

	pcn_lock(&world.lock);
	stopping = world.stopping;
	if (stopping) {
		world.refused = err;
		__atomic_fetch_add(&world.arrivals, 1, __ATOMIC_SEQ_CST);
	} else {
		refuse_request(err);
	}
	refuse_ask(native, err);
	if (native->target != PCN_TARGET_NONE) {
		native->target = PCN_TARGET_NONE;
		if (native->asked)
			native->thread->answer = err;
	}
	pcn_unlock(&world.lock);
	if (stopping)
		pcn_futex_wake(&world.arrivals, 1);
}

static void announce(void)
{
	__atomic_fetch_add(&world.event, 1, __ATOMIC_SEQ_CST);
	pcn_futex_wake(&world.event, INT32_MAX);
}

/* In one piece: a thread that came to park in between would sleep through no
 * stop, yet count as parked at the next one, while it runs. */
void pcn_world_release(void)
{
	pcn_lock(&pcn_process->lock);
	pcn_lock(&world.lock);
	for (struct pcn_thread *t = pcn_process->threads; t; t = t->next)
		if (pcn_native_of(t))
			pcn_native_of(t)->parked = false;
	world.stopping = 0;
	world.refused = 0;
	__atomic_fetch_add(&world.generation, 1, __ATOMIC_SEQ_CST);
	pcn_unlock(&world.lock);
	pcn_unlock(&pcn_process->lock);
	announce();
}

/* A parked thread sleeps until the world goes on; from time to time it has to
 * take its signals. */
static void sleep_parked(struct pcn_native *native, uint32_t generation)
{
	for (;;) {
		uint32_t event =
			__atomic_load_n(&world.event, __ATOMIC_SEQ_CST);
		uint32_t round =
			__atomic_load_n(&world.taking, __ATOMIC_SEQ_CST);

		if (__atomic_load_n(&world.generation, __ATOMIC_SEQ_CST) !=
		    generation)
			return;
		if (native->taken != round) {
			pcn_pending_take(native);
			__atomic_store_n(&native->taken, round,
					 __ATOMIC_SEQ_CST);
			__atomic_fetch_add(&world.arrivals, 1,
					   __ATOMIC_SEQ_CST);
			pcn_futex_wake(&world.arrivals, 1);
		}
		pcn_futex_wait(&world.event, event, 0);
	}
}

static bool all_have_taken(uint32_t round)
{
	for (struct pcn_thread *t = pcn_process->threads; t; t = t->next)
		if (__atomic_load_n(&pcn_native_of(t)->taken,
				    __ATOMIC_SEQ_CST) != round)
			return false;
	return true;
}

/* The caller first, and alone: so what is for the process stays in order, and
 * the others find only what is their own. */
void pcn_world_take_signals(void)
{
	struct pcn_native *self = pcn_self_native();
	uint32_t round = world.taking + 1;

	pcn_pending_take(self);
	self->taken = round;
	__atomic_store_n(&world.taking, round, __ATOMIC_SEQ_CST);
	if (pcn_process->thread_count > 1)
		announce();
	for (;;) {
		uint32_t seen =
			__atomic_load_n(&world.arrivals, __ATOMIC_SEQ_CST);

		if (all_have_taken(round))
			return;
		pcn_futex_wait(&world.arrivals, seen, 0);
	}
}

/*
 * All signals are blocked while a thread is parked: those that come stay with
 * the kernel, where they are found, and none is half way to its handler when
 * the process is left.  An emulator has queues of its own, but what is in them
 * reaches the native handler before the call that blocks returns.
 */
void pcn_world_park(struct pcn_native *native)
{
	uint64_t start = pcn_time_ns();
	uint32_t generation;
	bool stopper;
	int refused;

	pcn_signals_block_all();
	pcn_lock(&world.lock);
	if (!pcn_world_wanted()) {
		pcn_unlock(&world.lock);
		pcn_signals_apply_mask(native);
		return;
	}
	pcn_robust_take(native);
	pcn_sys(__NR_prctl, PR_GET_NAME, native->thread->name);
	stopper = !world.stopping;
	world.stopping = 1;
	generation = world.generation;
	native->thread->state = PCN_THREAD_CAPTURED;
	native->taken = world.taking;
	native->listed = 0;
	__atomic_store_n(&native->parked, true, __ATOMIC_RELEASE);
	__atomic_fetch_add(&world.arrivals, 1, __ATOMIC_SEQ_CST);
	pcn_unlock(&world.lock);
	if (stopper) {
		refused = stop_others();
		if (refused) {
			refuse_all(refused);
		} else {
			pcn_pending_begin();
			serve_all(pcn_time_ns() - start);
			pcn_pending_put_back_shared();
		}
		pcn_world_release();
	} else {
		pcn_futex_wake(&world.arrivals, 1);
		sleep_parked(native, generation);
	}
	pcn_robust_give_back(native);
	pcn_pending_put_back(native);
	pcn_signals_apply_mask(native);
	if (stopper)
		pcn_poll_settle();
}

/* Whatever else is wanted has to wait until the handler returns. */
void pcn_world_make_private(struct pcn_native *native)
{
	int refused;

	pcn_signals_block_all();
	pcn_lock(&world.lock);
	if (world.stopping) { /* by somebody who waits for the handler's end */
		pcn_unlock(&world.lock);
		pcn_signals_apply_mask(native);
		return;
	}
	pcn_robust_take(native);
	world.stopping = 1;
	__atomic_store_n(&native->parked, true, __ATOMIC_RELEASE);
	pcn_unlock(&world.lock);
	refused = stop_others();
	if (refused)
		refuse_all(refused);
	else if (pcn_shared)
		pcn_unshare();
	pcn_world_release();
	pcn_robust_give_back(native);
	pcn_signals_apply_mask(native);
	pcn_poll_settle();
}

void pcn_world_begin_stopped(void)
{
	world.stopping = 1;
}

void pcn_world_forked(void)
{
	memset(&world, 0, sizeof world);
}

/* --- what a thread may ask for --- */

static int ask(const struct pcn_request_info *request)
{
	struct pcn_native *native = pcn_self_native();

	if (pcn_away && !native->delivery) {
		native->thread->answer = -PCN_ERESTART;
		return pcn_away_ask_home(native);
	}
	if (native->delivery) {
		/* In a signal handler there is no way to move. */
		native->thread->answer = -EBUSY;
		return -EBUSY;
	}
	if (request->kind != PCN_REQUEST_CHECKPOINT) {
		/* The target comes up while everybody goes on here. */
		int err = pcn_channel_ask(request->kind == PCN_REQUEST_FORK
						  ? PCN_MSG_ASK_FORK
						  : PCN_MSG_ASK_MOVE,
					  request->node);

		if (err) {
			native->thread->answer = err;
			return err;
		}
	}
	native->ask = *request;
	native->ask.asker = native->thread;
	native->thread->answer = -EAGAIN;
	__atomic_fetch_add(&world.asks, 1, __ATOMIC_SEQ_CST);
	pcn_poll_raise();
	return 0;
}

static void ask_world(struct pcn_native *native, enum pcn_request kind)
{
	native->ask = (struct pcn_request_info){.kind = kind,
						.asker = native->thread};
	__atomic_fetch_add(&world.asks, 1, __ATOMIC_SEQ_CST);
	pcn_poll_raise();
}

void pcn_world_ask_share(struct pcn_native *native)
{
	ask_world(native, PCN_REQUEST_SHARE);
}

void pcn_world_ask_private(struct pcn_native *native)
{
	ask_world(native, PCN_REQUEST_PRIVATE);
}

int __popcorn_ask_move(int node)
{
	return ask(&(struct pcn_request_info){.kind = PCN_REQUEST_MOVE,
					      .node = node});
}

int __popcorn_ask_checkpoint(const char *path, int leave_running)
{
	return ask(&(struct pcn_request_info){.kind = PCN_REQUEST_CHECKPOINT,
					      .path = path,
					      .leave_running = leave_running});
}

int __popcorn_ask_fork(int node)
{
	return ask(&(struct pcn_request_info){.kind = PCN_REQUEST_FORK,
					      .node = node});
}

int __popcorn_answer(void)
{
	return pcn_arch_self()->answer;
}
