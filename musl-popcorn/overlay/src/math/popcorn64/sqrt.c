#include <math.h>

/* One instruction on every ISA; never a call. */
double sqrt(double x)
{
	return __builtin_elementwise_sqrt(x);
}
