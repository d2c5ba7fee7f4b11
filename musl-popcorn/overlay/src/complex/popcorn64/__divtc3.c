#define T long double
#define F(name) name##l
#define L(name) LDBL_##name
#include "complex_divide.h"

T _Complex __divtc3(T a, T b, T c, T d)
{
	return divide(a, b, c, d);
}
