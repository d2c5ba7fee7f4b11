/*
 * A saved process's checksum: against decay, not against forgers.  Each word is
 * mixed into its lane by a bijection, so no change of a single word goes
 * unseen.
 */
#include <pcn/stream.h>

#include "bytes.h"

#define FACTOR 0x9e3779b97f4a7c15ull /* odd */

static uint64_t mix(uint64_t lane, uint64_t word)
{
	lane = (lane ^ word) * FACTOR;
	return lane ^ lane >> 29;
}

void pcn_checksum_add(struct pcn_checksum *c, const void *data, uint64_t size)
{
	const uint8_t *at = data;

	for (; size >= PCN_CHECKSUM_BLOCK;
	     size -= PCN_CHECKSUM_BLOCK, at += PCN_CHECKSUM_BLOCK) {
		uint64_t words[4];

		pcn_copy(words, at, sizeof(words));
		for (int i = 0; i < 4; i++)
			c->lanes[i] = mix(c->lanes[i], words[i]);
	}
}

uint64_t pcn_checksum_end(const struct pcn_checksum *c)
{
	uint64_t sum = 1;

	for (int i = 0; i < 4; i++)
		sum = mix(sum, c->lanes[i]);
	return sum ? sum : 1; /* 0: none */
}

uint64_t pcn_stream_checksum_offset(uint32_t segment_count)
{
	return sizeof(struct pcn_elf_header) +
	       (segment_count + 1ul) * sizeof(struct pcn_elf_segment) +
	       sizeof(struct pcn_elf_note) + 4 +
	       __builtin_offsetof(struct pcn_stream_info, checksum);
}
