/*
 * locked-atomics.h - for the plain build of a test program: the atomic
 * operations of no instruction, which GCC's libatomic would have.
 */
#ifndef PLAIN_LOCKED_ATOMICS_H
#define PLAIN_LOCKED_ATOMICS_H

#include <pthread.h>
#include <string.h>

static pthread_mutex_t locked_atomics = PTHREAD_MUTEX_INITIALIZER;

void locked_load(size_t size, const void *object, void *value,
		 int order) __asm__("__atomic_load");
_Bool locked_compare_exchange(size_t size, void *object, void *expected,
			      const void *desired, int success,
			      int failure) __asm__("__atomic_compare_exchange");
_Bool locked_is_lock_free(size_t size,
			  const void *object) __asm__("__atomic_is_lock_free");

void locked_load(size_t size, const void *object, void *value, int order)
{
	(void)order;
	pthread_mutex_lock(&locked_atomics);
	memcpy(value, object, size);
	pthread_mutex_unlock(&locked_atomics);
}

_Bool locked_compare_exchange(size_t size, void *object, void *expected,
			      const void *desired, int success, int failure)
{
	_Bool same;

	(void)success, (void)failure;
	pthread_mutex_lock(&locked_atomics);
	same = !memcmp(object, expected, size);
	memcpy(same ? object : expected, same ? desired : object, size);
	pthread_mutex_unlock(&locked_atomics);
	return same;
}

_Bool locked_is_lock_free(size_t size, const void *object)
{
	(void)object;
	return size <= 16 && !(size & (size - 1));
}

#endif
