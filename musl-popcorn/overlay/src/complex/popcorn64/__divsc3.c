#define T float
#define WIDER double
#define F(name) name##f
#define L(name) FLT_##name
#include "complex_divide.h"

T _Complex __divsc3(T a, T b, T c, T d)
{
	return divide(a, b, c, d);
}
