/*
 * Atomic operations on objects of odd sizes or unknown alignment, under the
 * names that compilers call: by instructions where those of 16 bytes do, so that
 * they work with the compiler's own and between processes; else under locks
 * chosen by address.  A holder reaches no poll, so waiters need none.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "atomic.h"
#include "syscall.h"

typedef unsigned __int128 u128;

#define NAMED(name) __asm__("__atomic_" name)
#define LOCKS 64

static volatile int locks[LOCKS];

static void lock(volatile int *l)
{
	while (a_swap(l, 1))
		__syscall(SYS_sched_yield);
}

static void unlock(volatile int *l)
{
	a_store(l, 0);
}

static volatile int *lock_of(const void *object)
{
	uintptr_t line = (uintptr_t)object / 64;

	return &locks[(line ^ line / LOCKS) % LOCKS];
}

static int is_wide(size_t size, const volatile void *object)
{
	return size == 16 && !((uintptr_t)object & 15);
}

void load(size_t size, const void *object, void *value, int order)
	NAMED("load");
void load(size_t size, const void *object, void *value, int order)
{
	volatile int *l = lock_of(object);
	u128 wide;

	if (is_wide(size, object)) {
		wide = __atomic_load_n((const u128 *)object, __ATOMIC_SEQ_CST);
		memcpy(value, &wide, size);
		return;
	}
	lock(l);
	memcpy(value, object, size);
	unlock(l);
}

void store(size_t size, void *object, const void *value, int order)
	NAMED("store");
void store(size_t size, void *object, const void *value, int order)
{
	volatile int *l = lock_of(object);
	u128 wide;

	if (is_wide(size, object)) {
		memcpy(&wide, value, size);
		__atomic_store_n((u128 *)object, wide, __ATOMIC_SEQ_CST);
		return;
	}
	lock(l);
	memcpy(object, value, size);
	unlock(l);
}

void exchange(size_t size, void *object, const void *value, void *old,
	int order) NAMED("exchange");
void exchange(size_t size, void *object, const void *value, void *old,
	int order)
{
	volatile int *l = lock_of(object);
	unsigned char *o = object, *was = old, byte;
	const unsigned char *new = value;
	u128 wide;

	if (is_wide(size, object)) {
		memcpy(&wide, value, size);
		wide = __atomic_exchange_n((u128 *)object, wide, __ATOMIC_SEQ_CST);
		memcpy(old, &wide, size);
		return;
	}
	/* Byte by byte: value and old may be one. */
	lock(l);
	for (size_t i = 0; i < size; i++) {
		byte = new[i];
		was[i] = o[i];
		o[i] = byte;
	}
	unlock(l);
}

_Bool compare_exchange(size_t size, void *object, void *expected,
	const void *desired, int success, int failure)
	NAMED("compare_exchange");
_Bool compare_exchange(size_t size, void *object, void *expected,
	const void *desired, int success, int failure)
{
	volatile int *l = lock_of(object);
	u128 wide, known;
	_Bool same;

	if (is_wide(size, object)) {
		memcpy(&wide, desired, size);
		memcpy(&known, expected, size);
		same = __atomic_compare_exchange_n((u128 *)object, &known, wide, 0,
			__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
		memcpy(expected, &known, size);
		return same;
	}
	lock(l);
	same = !memcmp(object, expected, size);
	if (same) memcpy(object, desired, size);
	else memcpy(expected, object, size);
	unlock(l);
	return same;
}

_Bool is_lock_free(size_t size, const volatile void *object)
	NAMED("is_lock_free");
_Bool is_lock_free(size_t size, const volatile void *object)
{
	return size && size <= 16 && !(size & (size - 1))
		&& !((uintptr_t)object & (size - 1));
}
