/*
 * malloc, realloc, free in random order with the contents checked, blocks from
 * bytes to what mmap serves.
 *
 * MODES: usual spread spread-user links
 * SELF: 13
 */
#include "check.h"
#include <string.h>

#define SLOTS 200

static struct {
	unsigned char *at;
	size_t size;
	unsigned char tag;
} slots[SLOTS];

static void check(int i)
{
	for (size_t at = 0; at < slots[i].size; at += 1 + slots[i].size / 16)
		CHECK(slots[i].at[at] == slots[i].tag);
}

int main(void)
{
	uint32_t state = 7;
	uint64_t hash = 0;

	for (int round = 0; round < 6000; round++) {
		int i = (int)(next_random(&state) % SLOTS);
		size_t size = next_random(&state) % 600 + 1;

		if (next_random(&state) % 50 == 0)
			size *= 400;
		check(i);
		if (slots[i].at && next_random(&state) % 3 == 0) {
			free(slots[i].at);
			slots[i].at = NULL;
			slots[i].size = 0;
			continue;
		}
		slots[i].at = realloc(slots[i].at, size);
		CHECK(slots[i].at);
		CHECK(!((uintptr_t)slots[i].at & 15));
		if (slots[i].size && slots[i].size < size)
			CHECK(slots[i].at[slots[i].size - 1] == slots[i].tag);
		slots[i].size = size;
		slots[i].tag = (unsigned char)round;
		memset(slots[i].at, slots[i].tag, size);
	}
	for (int i = 0; i < SLOTS; i++) {
		check(i);
		hash = mix(hash, slots[i].size + slots[i].tag);
		free(slots[i].at);
	}
	void *aligned = aligned_alloc(4096, 8192);
	char *zeroes = calloc(1000, 77);

	CHECK(aligned && !((uintptr_t)aligned & 4095));
	for (int i = 0; i < 77000; i += 7)
		CHECK(!zeroes[i]);
	free(aligned);
	free(zeroes);
	printf("%016llx\n", (unsigned long long)hash);
	return 0;
}
