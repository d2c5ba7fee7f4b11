/*
 * arithmetic.c - what a code generator calls and the ISA's libgcc has not:
 * LLVM's own helper library does.
 */
#include <stdint.h>

/* Signed multiplication that tells whether it overflowed (AArch64). */
__int128 __muloti4(__int128 a, __int128 b, int *overflow);

__int128 __muloti4(__int128 a, __int128 b, int *overflow)
{
	unsigned __int128 x = a < 0 ? -(unsigned __int128)a : a;
	unsigned __int128 y = b < 0 ? -(unsigned __int128)b : b;
	unsigned __int128 product = x * y;
	unsigned __int128 limit =
		((unsigned __int128)1 << 127) - ((a < 0) == (b < 0));

	*overflow = (x && product / x != y) || product > limit;
	return (__int128)((a < 0) == (b < 0) ? product : -product);
}

/* --- __bf16 (x86_64) --- */

union float_bits {
	float value;
	uint32_t bits;
};

union bf16_bits {
	__bf16 value;
	uint16_t bits;
};

__bf16 __truncsfbf2(float a);
__bf16 __truncdfbf2(double a);

/* To nearest, ties to even, in every rounding mode: as other ISAs' code does
 * it. */
__bf16 __truncsfbf2(float a)
{
	union float_bits from = {a};
	union bf16_bits to;

	if (a != a)
		to.bits = (uint16_t)(from.bits >> 16 | 0x40); /* quiet */
	else
		to.bits = (uint16_t)((from.bits + 0x7fff +
				      (from.bits >> 16 & 1)) >>
				     16);
	return to.value;
}

/* By a float that is odd where it is not exact, so that nothing is rounded
 * twice. */
__bf16 __truncdfbf2(double a)
{
	union float_bits near = {(float)a};
	double back = near.value;

	if (back != a && a == a && !(near.bits & 1)) {
		if (__builtin_fabs(back) < __builtin_fabs(a))
			near.bits++;
		else
			near.bits--;
	}
	return __truncsfbf2(near.value);
}
