#define T double
#define F(name) name
#define L(name) DBL_##name
#include "complex_divide.h"

T _Complex __divdc3(T a, T b, T c, T d)
{
	return divide(a, b, c, d);
}
