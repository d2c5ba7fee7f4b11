/*
 * fp.c - the floating-point environment of AArch64: rounding in FPCR, exception
 * flags in FPSR.
 */
#include "pcn/abi.h"

#define ROUNDING_SHIFT 22
#define ROUNDING_MASK  3ul
#define HARDWARE_FLAGS 0x1ful

/* Bit i of the hardware's flags. */
static const uint8_t flags[] = {
	PCN_FP_INVALID,	  PCN_FP_DIVISION, PCN_FP_OVERFLOW,
	PCN_FP_UNDERFLOW, PCN_FP_INEXACT,
};
static const uint8_t from_hardware[] = {PCN_FP_NEAREST, PCN_FP_UP, PCN_FP_DOWN,
					PCN_FP_ZERO};
static const uint8_t to_hardware[] = {[PCN_FP_NEAREST] = 0,
				      [PCN_FP_UP] = 1,
				      [PCN_FP_DOWN] = 2,
				      [PCN_FP_ZERO] = 3};

uint32_t __popcorn_fp_get(void)
{
	uint64_t control, status;
	uint32_t state;

	__asm__ volatile("mrs %0, fpcr\n\tmrs %1, fpsr"
			 : "=r"(control), "=r"(status));
	state = (uint32_t)
			from_hardware[control >> ROUNDING_SHIFT & ROUNDING_MASK]
		<< PCN_FP_ROUNDING_SHIFT;
	for (unsigned i = 0; i < sizeof flags; i++)
		if (status >> i & 1)
			state |= flags[i];
	return state;
}

void __popcorn_fp_set(uint32_t state)
{
	uint64_t mode =
		to_hardware[(state & PCN_FP_ROUNDING) >> PCN_FP_ROUNDING_SHIFT];
	uint64_t control, status;

	__asm__ volatile("mrs %0, fpcr\n\tmrs %1, fpsr"
			 : "=r"(control), "=r"(status));
	control = (control & ~(ROUNDING_MASK << ROUNDING_SHIFT)) |
		  mode << ROUNDING_SHIFT;
	status &= ~HARDWARE_FLAGS;
	for (unsigned i = 0; i < sizeof flags; i++)
		if (state & flags[i])
			status |= 1ul << i;
	__asm__ volatile("msr fpcr, %0\n\tmsr fpsr, %1"
			 :
			 : "r"(control), "r"(status));
}
