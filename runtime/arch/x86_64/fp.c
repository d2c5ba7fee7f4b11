/*
 * fp.c - the floating-point environment of x86-64: that of SSE in MXCSR and
 * that of the x87, which holds what libgcc's quad arithmetic raises, and whose
 * rounding mode is what clang's FLT_ROUNDS looks at.
 */
#include "pcn/abi.h"

#define X87_ROUNDING_SHIFT   10
#define MXCSR_ROUNDING_SHIFT 13
#define ROUNDING_MASK	     3u
#define HARDWARE_FLAGS	     0x3fu

/* Bit i of the hardware's flags; the denormal operand's is no flag of C's. */
static const uint8_t flags[] = {
	PCN_FP_INVALID, 0, PCN_FP_DIVISION, PCN_FP_OVERFLOW, PCN_FP_UNDERFLOW,
	PCN_FP_INEXACT,
};
static const uint8_t from_hardware[] = {PCN_FP_NEAREST, PCN_FP_DOWN, PCN_FP_UP,
					PCN_FP_ZERO};
static const uint8_t to_hardware[] = {[PCN_FP_NEAREST] = 0,
				      [PCN_FP_DOWN] = 1,
				      [PCN_FP_UP] = 2,
				      [PCN_FP_ZERO] = 3};

uint32_t __popcorn_fp_get(void)
{
	uint32_t mxcsr, state;
	uint16_t x87;

	__asm__ volatile("stmxcsr %0\n\tfnstsw %1" : "=m"(mxcsr), "=m"(x87));
	state = from_hardware[mxcsr >> MXCSR_ROUNDING_SHIFT & ROUNDING_MASK]
		<< PCN_FP_ROUNDING_SHIFT;
	for (unsigned i = 0; i < sizeof flags; i++)
		if ((mxcsr | x87) >> i & 1)
			state |= flags[i];
	return state;
}

void __popcorn_fp_set(uint32_t state)
{
	uint32_t mode =
		to_hardware[(state & PCN_FP_ROUNDING) >> PCN_FP_ROUNDING_SHIFT];
	uint32_t mxcsr;
	uint16_t x87;

	__asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(x87));
	mxcsr &= ~(ROUNDING_MASK << MXCSR_ROUNDING_SHIFT | HARDWARE_FLAGS);
	mxcsr |= mode << MXCSR_ROUNDING_SHIFT;
	x87 &= (uint16_t)~(ROUNDING_MASK << X87_ROUNDING_SHIFT);
	x87 |= (uint16_t)(mode << X87_ROUNDING_SHIFT);
	for (unsigned i = 0; i < sizeof flags; i++)
		if (state & flags[i])
			mxcsr |= 1u << i;
	__asm__ volatile("fnclex\n\tfldcw %1\n\tldmxcsr %0"
			 :
			 : "m"(mxcsr), "m"(x87));
}
