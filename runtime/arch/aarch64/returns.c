/*
 * returns.c - does the code at an address do nothing but return?
 */
#include "native.h"

#define BASE_IS_SP(word) (((word) >> 5 & 31) == 31)

/* A load of callee-saved registers from the stack, or a change of sp. */
static bool is_epilogue(uint32_t word)
{
	uint32_t pair = word & 0xfe400000, single = word & 0xffe00c00,
		 offset = word & 0xffc00000;

	if (pair == 0xa8400000 || pair == 0x6c400000) /* ldp */
		return BASE_IS_SP(word);
	if (single == 0xf8400400 ||
	    single == 0xfc400400) /* ldr, post-indexed */
		return BASE_IS_SP(word);
	if (offset == 0xf9400000 || offset == 0xfd400000) /* ldr */
		return BASE_IS_SP(word);
	/* add sp, sp, #n; mov sp, x29 */
	return (word & 0xff8003ff) == 0x910003ff || word == 0x910003bf;
}

bool pcn_arch_returns(uint64_t address)
{
	const uint32_t *code = (const uint32_t *)address;

	while (is_epilogue(*code))
		code++;
	return *code == 0xd65f03c0; /* ret */
}
