/*
 * arithmetic.c - what a code generator calls and the ISA's libgcc has not:
 * LLVM's own helper library does.
 */
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
