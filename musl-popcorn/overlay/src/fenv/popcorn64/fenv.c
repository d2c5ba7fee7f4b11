/*
 * The floating-point environment is the run time's to read and write: exception
 * flags in the low bits, the rounding mode above them.
 */
#include <fenv.h>
#include <features.h>
#include "pcn/abi.h"

int feclearexcept(int mask)
{
	__popcorn_fp_set(__popcorn_fp_get() & ~(mask & FE_ALL_EXCEPT));
	return 0;
}

int feraiseexcept(int mask)
{
	__popcorn_fp_set(__popcorn_fp_get() | (mask & FE_ALL_EXCEPT));
	return 0;
}

int fetestexcept(int mask)
{
	return __popcorn_fp_get() & mask & FE_ALL_EXCEPT;
}

int fegetround(void)
{
	return (__popcorn_fp_get() & PCN_FP_ROUNDING) >> PCN_FP_ROUNDING_SHIFT;
}

hidden int __fesetround(int mode)
{
	__popcorn_fp_set((__popcorn_fp_get() & ~PCN_FP_ROUNDING) |
			 (unsigned)mode << PCN_FP_ROUNDING_SHIFT);
	return 0;
}

int fegetenv(fenv_t *environment)
{
	*environment = __popcorn_fp_get();
	return 0;
}

int fesetenv(const fenv_t *environment)
{
	__popcorn_fp_set(environment == FE_DFL_ENV ? 0 : *environment);
	return 0;
}
