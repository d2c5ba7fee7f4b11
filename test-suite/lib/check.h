/*
 * check.h - what the programs of the test-suite share: a check that stays in
 * release builds, a running hash of results and a small random generator, both
 * the same on every machine.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                       \
	do {                                                                   \
		if (!(condition)) {                                            \
			printf("%s:%d: not true: %s\n", __FILE_NAME__,         \
			       __LINE__, #condition);                          \
			fflush(stdout);                                        \
			_Exit(1);                                              \
		}                                                              \
	} while (0)

/* FNV-1a over the eight bytes of value. */
static inline uint64_t mix(uint64_t hash, uint64_t value)
{
	for (int i = 0; i < 8; i++) {
		hash ^= value >> (8 * i) & 0xff;
		hash *= 0x100000001b3ull;
	}
	return hash;
}

static inline uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

#endif
