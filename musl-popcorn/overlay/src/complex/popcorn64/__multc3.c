#define T long double
#define F(name) name##l
#include "complex_arith.h"

T _Complex __multc3(T a, T b, T c, T d)
{
	return multiply(a, b, c, d);
}
