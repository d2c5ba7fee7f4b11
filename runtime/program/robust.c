/*
 * robust.c - the mutexes of those who end with them.
 *
 * libc serves a thread's list when the thread ends; a whole process's is the
 * kernel's to serve, for the sake of other processes.  It looks for the tid
 * that it knows, so it gets the list only where the program knows that one,
 * too, and must not have it any more when the process is left for another node.
 * Elsewhere, and under an emulator, which has no lists, we serve it as the
 * process ends of its own will.
 */
#include "native.h"

#include <linux/futex.h>

struct list {
	uint64_t next;
	int64_t futex_offset;
	uint64_t pending; /* about to be in the list, or just out of it */
};

enum {
	LIST_SIZE = sizeof(struct list),
	MOST = 2048, /* as in the kernel: it may be a circle */
};

static void give(struct pcn_native *native, uint64_t list)
{
	if (native->tid == native->thread->tid)
		native->kernel_is_robust =
			!pcn_sys(__NR_set_robust_list, list, LIST_SIZE) && list;
}

/* Only noted, also where the kernel takes it: it goes along. */
long pcn_call_set_robust_list(struct pcn_call *call)
{
	if (call->a[1] != LIST_SIZE)
		return -EINVAL;
	call->native->thread->robust_list = call->a[0];
	give(call->native, call->a[0]);
	return 0;
}

long pcn_call_get_robust_list(struct pcn_call *call)
{
	if (call->a[0] && call->a[0] != call->native->thread->tid)
		return -EPERM;
	*(uint64_t *)call->a[1] = call->native->thread->robust_list;
	*(uint64_t *)call->a[2] = LIST_SIZE;
	return 0;
}

void pcn_robust_take(struct pcn_native *native)
{
	if (native->thread->robust_list)
		give(native, 0);
}

void pcn_robust_give_back(struct pcn_native *native)
{
	if (native->thread->robust_list)
		give(native, native->thread->robust_list);
}

/* Is it mapped? The program may have unmapped a mutex that it holds. */
static bool is_there(uint64_t address)
{
	return address &&
	       pcn_sys(__NR_futex, address & ~7ull, FUTEX_WAKE, 1) >= 0;
}

static void owner_died(uint64_t entry, int64_t offset, int32_t tid)
{
	uint32_t *word = (uint32_t *)((entry & ~1ull) + offset), value;

	if (!is_there((uint64_t)word))
		return;
	value = __atomic_load_n(word, __ATOMIC_SEQ_CST);
	do {
		if ((value & FUTEX_TID_MASK) != (uint32_t)tid)
			return;
	} while (!__atomic_compare_exchange_n(
		word, &value, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED, false,
		__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	if (value & FUTEX_WAITERS)
		pcn_sys(__NR_futex, word, FUTEX_WAKE, 1);
}

static void serve(const struct pcn_thread *thread)
{
	const struct list *list = (const struct list *)thread->robust_list;
	uint64_t entry, next;

	if (!is_there(thread->robust_list))
		return;
	entry = list->next;
	for (int i = 0; i < MOST; i++) {
		if ((entry & ~1ull) == thread->robust_list ||
		    !is_there(entry & ~1ull))
			break;
		next = *(const uint64_t *)(entry & ~1ull);
		if (entry != list->pending)
			owner_died(entry, list->futex_offset, thread->tid);
		entry = next;
	}
	if (list->pending)
		owner_died(list->pending, list->futex_offset, thread->tid);
}

/* Other threads may be ending just now. */
void pcn_robust_end(void)
{
	pcn_lock(&pcn_process->lock);
	for (struct pcn_thread *t = pcn_process->threads; t; t = t->next) {
		const struct pcn_native *native = pcn_native_of(t);

		if (t->robust_list && !(native && native->kernel_is_robust))
			serve(t);
	}
	pcn_unlock(&pcn_process->lock);
}
