#define T double
#define F(name) name
#include "complex_arith.h"

T _Complex __muldc3(T a, T b, T c, T d)
{
	return multiply(a, b, c, d);
}
