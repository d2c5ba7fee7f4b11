/*
 * lock.c - futex locks, sleeping, time.
 */
#include "native.h"

#include <linux/futex.h>

#define CLOCK_MONOTONIC 1

void pcn_futex_wait(uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
	struct pcn_timespec t = {timeout_ns / 1000000000,
				 timeout_ns % 1000000000};

	pcn_sys(__NR_futex, word, FUTEX_WAIT, value, timeout_ns ? &t : NULL, 0,
		0);
}

/* Whoever waited could wait for ever: the kernel has to find the word. */
void pcn_futex_wake(uint32_t *word, int count)
{
	while (pcn_sys(__NR_futex, word, FUTEX_WAKE, count, 0, 0, 0) == -EFAULT)
		__atomic_load_n(word, __ATOMIC_RELAXED);
}

/* 0 free, 1 taken, 2 taken and perhaps waited for. */
void pcn_lock(uint32_t *word)
{
	uint32_t seen = 0;

	if (__atomic_compare_exchange_n(word, &seen, 1, false, __ATOMIC_ACQUIRE,
					__ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(word, 2, __ATOMIC_ACQUIRE))
		pcn_futex_wait(word, 2, 0);
}

void pcn_unlock(uint32_t *word)
{
	if (__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) == 2)
		pcn_futex_wake(word, 1);
}

uint64_t pcn_time_ns(void)
{
	struct pcn_timespec t = {0, 0};

	pcn_sys(__NR_clock_gettime, CLOCK_MONOTONIC, &t);
	return t.s * 1000000000ull + t.ns;
}

void pcn_sleep_ns(uint64_t ns)
{
	struct pcn_timespec t = {ns / 1000000000, ns % 1000000000};

	while (pcn_sys(__NR_nanosleep, &t, &t) == -EINTR)
		;
}
