/*
 * A jump buffer holds an activation and a label, no registers; the compiler
 * rewrites calls of setjmp, _setjmp and sigsetjmp, the run time unwinds.
 */
#include <setjmp.h>
#include <features.h>
#include "pcn/abi.h"

_Noreturn void longjmp(jmp_buf buf, int value)
{
	__popcorn_longjmp(buf, value ? value : 1);
}

weak_alias(longjmp, _longjmp);
weak_alias(longjmp, siglongjmp);
