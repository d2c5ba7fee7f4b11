/*
 * timers.c - timers that survive a move.
 *
 * Interval timers are the kernel's, one of a kind: they are stopped and started
 * with what is left.  POSIX timers stand in pcn_carried->timers, and the
 * program knows them by their index there; each kernel's timer is made with a
 * tag for its value, by which its signal finds back to the entry.
 */
#include <pcn/stream.h>

#include "carried.h"
#include "away.h"

#include <linux/time.h>

#define SIGEV_SIGNAL	 0
#define SIGEV_NONE	 1
#define SIGEV_THREAD_ID	 4
#define TAG		 0x706f70740000000ull /* and the index */
#define THREAD_CPU_CLOCK 6 /* with the complement of a tid, shifted by 3 */

/* siginfo_t of an expired timer */
#define INFO_CODE    8
#define INFO_TIMER   16
#define INFO_OVERRUN 20
#define INFO_VALUE   24

struct times { /* struct itimerspec */
	int64_t interval_s, interval_ns, left_s, left_ns;
};

struct event { /* struct sigevent */
	uint64_t value;
	int32_t signal, notify, tid;
	uint8_t rest[44];
};
_Static_assert(sizeof(struct event) == 64, "struct sigevent");

static uint32_t lock;
static int32_t native_timer[PCN_TIMERS_MAX]; /* the kernel's number; -1: none */

/* --- signals --- */

/* The entry whose timer's signal this is, or NULL. */
static struct pcn_timer *timer_of(const uint8_t *info)
{
	uint64_t value;
	int32_t code;

	memcpy(&code, info + INFO_CODE, sizeof code);
	memcpy(&value, info + INFO_VALUE, sizeof value);
	if (code != SI_TIMER || value - TAG >= PCN_TIMERS_MAX)
		return NULL;
	return &pcn_carried->timers[value - TAG];
}

bool pcn_timer_is_thread(const void *info)
{
	const struct pcn_timer *t = timer_of(info);

	return t && t->notify == SIGEV_THREAD_ID;
}

void pcn_timer_seen(const void *info)
{
	struct pcn_timer *t = timer_of(info);

	if (t)
		t->owes = 0;
}

void pcn_timer_name(void *info)
{
	struct pcn_timer *t = timer_of(info);
	int32_t id;

	if (!t)
		return;
	id = t - pcn_carried->timers;
	t->owes = 0;
	memcpy(&t->overrun, (uint8_t *)info + INFO_OVERRUN, sizeof t->overrun);
	memcpy((uint8_t *)info + INFO_TIMER, &id, sizeof id);
	memcpy((uint8_t *)info + INFO_VALUE, &t->value, sizeof t->value);
}

/* --- the kernel's timers --- */

static long make(uint32_t i)
{
	const struct pcn_timer *t = &pcn_carried->timers[i];
	struct event event = {
		.value = TAG + i, .signal = t->signal, .notify = t->notify};
	long result;

	if (t->notify == SIGEV_THREAD_ID)
		event.tid = pcn_real_tid(t->tid);
	native_timer[i] = -1;
	result = pcn_sys(__NR_timer_create, pcn_real_clock(t->clock), &event,
			 &native_timer[i]);
	return result;
}

static long set(uint32_t i, long flags, const struct times *new,
		struct times *old)
{
	return pcn_sys(__NR_timer_settime, native_timer[i], flags, new, old);
}

int pcn_timers_create(void)
{
	for (uint32_t i = 0; i < pcn_carried->timer_count; i++) {
		const struct pcn_timer *t = &pcn_carried->timers[i];
		long result;

		if (!t->used)
			continue;
		result = make(i);
		/* A timer of a thread that has ended tells nobody. */
		if (result == -EINVAL && t->notify == SIGEV_THREAD_ID)
			continue;
		if (result)
			return result;
	}
	return 0;
}

void pcn_timers_stop_interval(struct pcn_stream_timer *timers)
{
	const struct pcn_stream_timer never = {0};

	for (uint32_t i = 0; i < PCN_STREAM_TIMERS; i++)
		pcn_sys(__NR_setitimer, i, &never, &timers[i]);
}

/* The signal that a timer which has just been stopped still owes. */
static void list_owed(uint32_t i)
{
	struct pcn_timer *t = &pcn_carried->timers[i];
	struct pcn_thread *thread = pcn_process->threads;
	_Alignas(8) uint8_t info[PCN_SIGINFO_SIZE] = {0};
	const int32_t code = SI_TIMER;
	const uint64_t value = TAG + i;

	while (t->notify == SIGEV_THREAD_ID && thread && thread->tid != t->tid)
		thread = thread->next;
	if (!thread)
		return;
	memcpy(info, &t->signal, sizeof t->signal);
	memcpy(info + INFO_CODE, &code, sizeof code);
	memcpy(info + INFO_VALUE, &value, sizeof value);
	pcn_pending_add(t->notify == SIGEV_THREAD_ID ? thread : NULL, t->signal,
			info);
	t->owes = 0;
}

/*
 * Newer kernels drop a queued signal when its timer is set anew: all signals
 * have been taken before, and one whose timer goes off between that and this is
 * made up for.
 */
bool pcn_timers_stop(void)
{
	bool any = false;

	for (uint32_t i = 0; i < pcn_carried->timer_count; i++) {
		struct pcn_timer *t = &pcn_carried->timers[i];
		struct times zero = {0}, old = {0};

		if (!t->used)
			continue;
		any = true;
		set(i, 0, &zero, &old);
		t->interval_s = old.interval_s;
		t->interval_ns = old.interval_ns;
		t->left_s = old.left_s;
		t->left_ns = old.left_ns;
	}
	return any;
}

void pcn_timers_owed(void)
{
	for (uint32_t i = 0; i < pcn_carried->timer_count; i++) {
		const struct pcn_timer *t = &pcn_carried->timers[i];

		if (t->used && t->owes && !t->left_s && !t->left_ns &&
		    native_timer[i] >= 0)
			list_owed(i);
	}
}

/*
 * One that has nothing left has expired: its signal is on its way with the
 * others.  A periodic one is then wound again.
 */
void pcn_timers_start(const struct pcn_stream_timer *timers)
{
	for (uint32_t i = 0; i < PCN_STREAM_TIMERS; i++) {
		struct pcn_stream_timer timer = timers[i];

		if (!timer.value_s && !timer.value_us) {
			timer.value_s = timer.interval_s;
			timer.value_us = timer.interval_us;
		}
		if (timer.value_s || timer.value_us)
			pcn_sys(__NR_setitimer, i, &timer, NULL);
	}
	for (uint32_t i = 0; i < pcn_carried->timer_count; i++) {
		const struct pcn_timer *t = &pcn_carried->timers[i];
		struct times times = {t->interval_s, t->interval_ns, t->left_s,
				      t->left_ns};

		if (!t->used)
			continue;
		if (!times.left_s && !times.left_ns) {
			times.left_s = times.interval_s;
			times.left_ns = times.interval_ns;
		}
		if (times.left_s || times.left_ns)
			set(i, 0, &times, NULL);
	}
}

void pcn_timers_forked(void)
{
	memset(pcn_carried->timers, 0,
	       pcn_carried->timer_count * sizeof *pcn_carried->timers);
	pcn_carried->timer_count = 0;
	lock = 0;
}

/* --- system calls --- */

long pcn_call_timer_create(struct pcn_call *call)
{
	const struct event *asked = (const void *)call->a[1];
	struct pcn_timer t = {.used = 1,
			      .clock = call->a[0],
			      .notify = SIGEV_SIGNAL,
			      .signal = SIGALRM};
	uint32_t i = 0;
	long result;

	if (asked) {
		t.notify = asked->notify;
		t.signal = asked->signal;
		t.value = asked->value;
		t.tid = asked->tid;
	}
	if (t.notify != SIGEV_SIGNAL && t.notify != SIGEV_NONE &&
	    t.notify != SIGEV_THREAD_ID)
		return -EINVAL;
	if (t.clock == CLOCK_THREAD_CPUTIME_ID)
		t.clock = ~call->native->thread->tid * 8 | THREAD_CPU_CLOCK;
	pcn_lock(&lock);
	while (i < PCN_TIMERS_MAX && pcn_carried->timers[i].used)
		i++;
	result = i < PCN_TIMERS_MAX ? 0 : -EAGAIN;
	if (!result) {
		if (!asked)
			t.value = i;
		pcn_carried->timers[i] = t;
		result = make(i);
		pcn_carried->timers[i].used = !result;
	}
	if (!result && i >= pcn_carried->timer_count)
		pcn_carried->timer_count = i + 1;
	pcn_unlock(&lock);
	if (!result)
		*(int32_t *)call->a[2] = i;
	return result;
}

/* The kernel's number for the program's, or an error. */
static long native_of(const struct pcn_call *call)
{
	uint32_t i = call->a[0];

	return i < PCN_TIMERS_MAX && pcn_carried->timers[i].used
		       ? native_timer[i]
		       : -1;
}

long pcn_call_timer_settime(struct pcn_call *call)
{
	const struct times *new = (const void *)call->a[2];
	struct pcn_timer *t;
	uint32_t owes;
	long result;

	/* A signal that came before its timer is changed is not one after that.
	 */
	if (!pcn_signals_first(call->native))
		return -PCN_MAIL_AGAIN;
	if (native_of(call) < 0 || !new)
		return -EINVAL;
	t = &pcn_carried->timers[(uint32_t)call->a[0]];
	owes = t->owes;
	/* Before it can go off. */
	t->owes = t->notify != SIGEV_NONE && (new->left_s || new->left_ns) &&
		  !new->interval_s && !new->interval_ns;
	call->a[0] = native_of(call);
	result = pcn_call_native(call);
	if (result)
		t->owes = owes;
	return result;
}

long pcn_call_timer_number(struct pcn_call *call)
{
	call->a[0] = native_of(call);
	return pcn_call_native(call);
}

long pcn_call_timer_getoverrun(struct pcn_call *call)
{
	return native_of(call) < 0
		       ? -EINVAL
		       : pcn_carried->timers[(uint32_t)call->a[0]].overrun;
}

long pcn_call_timer_delete(struct pcn_call *call)
{
	uint32_t i = call->a[0];
	long result = -EINVAL;

	if (!pcn_signals_first(call->native))
		return -PCN_MAIL_AGAIN;
	pcn_lock(&lock);
	if (i < PCN_TIMERS_MAX && pcn_carried->timers[i].used) {
		if (native_timer[i] >= 0)
			pcn_sys(__NR_timer_delete, native_timer[i]);
		pcn_carried->timers[i].used = 0;
		result = 0;
	}
	pcn_unlock(&lock);
	return result;
}
