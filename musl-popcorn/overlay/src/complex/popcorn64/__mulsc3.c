#define T float
#define F(name) name##f
#include "complex_arith.h"

T _Complex __mulsc3(T a, T b, T c, T d)
{
	return multiply(a, b, c, d);
}
