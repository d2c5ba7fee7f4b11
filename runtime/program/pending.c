/*
 * pending.c - signals that wait while the process moves.
 *
 * With the world stopped every thread has its signals blocked, so that what
 * comes stays in the kernel's queues.  Each thread empties its own into
 * pcn_carried->pending, and there go its marked signals, too.  Whoever goes on
 * from there, a new process or this one, puts all back: marked ones are marked
 * again, the others are the kernel's, with everything it had noted about them.
 */
#include "carried.h"
#include "lines.h"
#include "native.h"

#include <asm/unistd.h>
#include <linux/fcntl.h>

#define MASK_SIZE   8
#define BIT(signal) (1ull << ((signal) - 1))
#define SI_FIRST    16 /* offset of what depends on the signal's source */

static struct {
	uint32_t lock;
	bool overflow;
} list;

void pcn_pending_begin(void)
{
	pcn_carried->pending_count = 0;
	list.overflow = false;
}

/* What waits is the parent's. */
void pcn_pending_forked(void)
{
	memset(&list, 0, sizeof list);
	pcn_pending_begin();
}

bool pcn_pending_overflow(void)
{
	return list.overflow;
}

static int32_t word_of(const uint8_t *info, unsigned offset)
{
	int32_t word;

	memcpy(&word, info + offset, sizeof word);
	return word;
}

static bool is_own_queue(void *context, const char *line)
{
	static const char name[] = "SigPnd:\t";

	if (!pcn_strprefix(line, name))
		return false;
	line += sizeof name - 1;
	*(uint64_t *)context = pcn_strtox(&line);
	return true;
}

/* Signals in the kernel's queue for the calling thread alone, as its status
 * says.  An emulator has queues of its own: none. */
static uint64_t queued_for_thread(void)
{
	uint64_t signals = 0;

	pcn_lines_find(AT_FDCWD, "/proc/thread-self/status", is_own_queue,
		       &signals);
	return signals;
}

/*
 * Was it sent to this thread alone?  Where the kernel does not tell which queue
 * a signal was in its source does.  A broken pipe is told to the thread that
 * wrote, in the name of its own process.
 */
static bool is_for_thread(int signal, const uint8_t *info)
{
	int32_t code = word_of(info, offsetof(siginfo_t, si_code));

	if (code == SI_TIMER)
		return pcn_timer_is_thread(info);
	return code == SI_TKILL ||
	       (signal == SIGPIPE && code == SI_USER &&
		(word_of(info, SI_FIRST) == pcn_real_pid() ||
		 word_of(info, SI_FIRST) == pcn_process->pid));
}

/* A place in the list, or NULL.  Under the lock. */
static struct pcn_pending *add(struct pcn_thread *thread, int signal)
{
	struct pcn_pending *p;

	if (pcn_carried->pending_count == PCN_PENDING_MAX) {
		list.overflow = true;
		return NULL;
	}
	p = &pcn_carried->pending[pcn_carried->pending_count++];
	p->thread = thread;
	p->signal = signal;
	p->marked = p->taken = 0;
	return p;
}

static void list_marked(struct pcn_native *native)
{
	uint64_t new = native->marked & ~native->listed;

	for (; new; new &= new - 1) {
		int signal = __builtin_ctzll(new) + 1;
		struct pcn_pending *p = add(native->thread, signal);

		if (!p)
			return;
		p->marked = 1;
		memcpy(p->info, native->info[signal], sizeof p->info);
		native->listed |= BIT(signal);
	}
}

/* The kernel gives what is for the thread first, then what is for all. */
static void list_queued(struct pcn_native *native)
{
	uint64_t all = ~BIT(PCN_SIGNAL_INTERRUPT);
	struct pcn_timespec none = {0, 0};
	uint64_t waiting = 0, own;

	pcn_sys(__NR_rt_sigpending, &waiting, MASK_SIZE);
	if (!(waiting & all))
		return;
	own = queued_for_thread();
	while (pcn_carried->pending_count < PCN_PENDING_MAX) {
		_Alignas(8) uint8_t info[PCN_SIGINFO_SIZE];
		struct pcn_pending *p;
		bool for_thread;
		long signal;

		memset(info, 0, sizeof info);
		signal = pcn_sys(__NR_rt_sigtimedwait, &all, info, &none,
				 MASK_SIZE);
		if (signal == -EINTR)
			continue;
		if (signal <= 0)
			return;
		for_thread = own & BIT(signal) || is_for_thread(signal, info);
		own = own ? queued_for_thread() : 0;
		p = add(for_thread ? native->thread : NULL, signal);
		pcn_name_sender(info);
		memcpy(p->info, info, sizeof info);
		pcn_timer_seen(info);
	}
	list.overflow = true;
}

void pcn_pending_add(struct pcn_thread *thread, int signal, const void *info)
{
	struct pcn_pending *p = add(thread, signal);

	if (p)
		memcpy(p->info, info, sizeof p->info);
}

void pcn_pending_take(struct pcn_native *native)
{
	pcn_lock(&list.lock);
	list_marked(native);
	list_queued(native);
	pcn_unlock(&list.lock);
}

/* Takes the next one for the thread out of the list; NULL: there is none. */
static struct pcn_pending *next(const struct pcn_thread *thread, uint32_t *i)
{
	while (*i < pcn_carried->pending_count) {
		struct pcn_pending *p = &pcn_carried->pending[(*i)++];

		if (!p->taken && p->thread == thread) {
			p->taken = 1;
			return p;
		}
	}
	return NULL;
}

void pcn_pending_put_back(struct pcn_native *native)
{
	struct pcn_pending *p;
	uint32_t i = 0;

	while ((p = next(native->thread, &i))) {
		if (p->marked)
			pcn_signals_mark(native, p->signal, p->info);
		else if (pcn_sys(__NR_rt_tgsigqueueinfo, pcn_real_pid(),
				 native->tid, p->signal, p->info))
			pcn_sys(__NR_tgkill, pcn_real_pid(), native->tid,
				p->signal);
	}
}

/* Only the process's first thread may tell the kernel all about a signal that
 * it sends to its process. */
static void send_shared(int signal, const uint8_t *info)
{
	int32_t pid = pcn_real_pid();

	if (pcn_sys(__NR_rt_sigqueueinfo, pid, signal, info))
		pcn_sys(__NR_kill, pid, signal);
}

void pcn_pending_put_back_shared(void)
{
	struct pcn_pending *p;
	uint32_t i = 0;

	while ((p = next(NULL, &i)))
		send_shared(p->signal, p->info);
}

void pcn_pending_give_back(struct pcn_native *native)
{
	uint64_t marked = native->marked;

	for (; marked; marked &= marked - 1) {
		int signal = __builtin_ctzll(marked) + 1;

		__atomic_fetch_and(&native->marked, ~BIT(signal),
				   __ATOMIC_SEQ_CST);
		pcn_sys(__NR_rt_tgsigqueueinfo, pcn_real_pid(), native->tid,
			signal, native->info[signal]);
	}
	pcn_signals_apply_mask(native);
}

void pcn_pending_leave(struct pcn_native *native)
{
	uint64_t marked = native->marked;

	for (; marked; marked &= marked - 1) {
		int signal = __builtin_ctzll(marked) + 1;

		if (!is_for_thread(signal, native->info[signal]))
			send_shared(signal, native->info[signal]);
	}
	native->marked = 0;
}
