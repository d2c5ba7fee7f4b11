/* The few byte operations that reader and writer need, without a libc. */
#ifndef PCN_STREAM_BYTES_H
#define PCN_STREAM_BYTES_H

#include <stdint.h>

static inline uint64_t pcn_align8(uint64_t value)
{
	return (value + 7) & ~(uint64_t)7;
}

static inline void pcn_copy(void *to, const void *from, uint64_t size)
{
	if (size)
		__builtin_memcpy(to, from, size);
}

#endif
