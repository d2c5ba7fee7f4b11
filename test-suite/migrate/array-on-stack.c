/*
 * Large arrays in frames, written by callees through pointers and read back
 * after moves; a callee gets the middle of the caller's array.
 */
#include "check.h"
#include <string.h>

static void fill(uint8_t *bytes, size_t count, uint32_t seed)
{
	for (size_t i = 0; i < count; i++)
		bytes[i] = (uint8_t)next_random(&seed);
}

static uint64_t sum(const uint8_t *bytes, size_t count)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < count; i++)
		hash = hash * 33 + bytes[i];
	return hash;
}

static uint64_t halves(uint8_t *bytes, size_t count)
{
	uint8_t copy[2048];

	if (count < 64)
		return sum(bytes, count);
	memcpy(copy, bytes, count);
	fill(bytes + count / 4, count / 2, (uint32_t)count);
	return halves(copy, count / 2) * 5 + sum(bytes, count);
}

int main(void)
{
	uint8_t bytes[2048];

	for (uint32_t round = 0; round < 60; round++) {
		fill(bytes, sizeof(bytes), round);
		printf("%016llx\n",
		       (unsigned long long)halves(bytes, sizeof(bytes)));
	}
	return 0;
}
