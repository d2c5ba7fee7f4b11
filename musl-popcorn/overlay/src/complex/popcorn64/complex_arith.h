/*
 * Multiplication of complex numbers as ISO C, Annex G.5.1 wants it, with
 * infinities recovered: what compilers call for `*` (and `/`: complex_divide.h).
 * They are portable code because every ISA's helper library has its own way to
 * pass complex numbers, but the results are those of GCC's, bit for bit, so
 * that a program computes what it computes elsewhere.
 * T: the real type; F(name): the function for it.
 */
#include <complex.h>
#include <math.h>

#define BOX(x) F(copysign)(isinf(x) ? 1 : 0, x)
#define ZERO_IF_NAN(x) (isnan(x) ? F(copysign)(0, x) : (x))

static inline T _Complex make(T x, T y)
{
	T _Complex z;

	__real__ z = x;
	__imag__ z = y;
	return z;
}

static inline T _Complex multiply(T a, T b, T c, T d)
{
	T ac = a * c, bd = b * d, ad = a * d, bc = b * c;
	T x = ac - bd, y = ad + bc;
	int recover = 0;

	if (!isnan(x) || !isnan(y)) return make(x, y);
	if (isinf(a) || isinf(b)) {
		a = BOX(a);
		b = BOX(b);
		c = ZERO_IF_NAN(c);
		d = ZERO_IF_NAN(d);
		recover = 1;
	}
	if (isinf(c) || isinf(d)) {
		c = BOX(c);
		d = BOX(d);
		a = ZERO_IF_NAN(a);
		b = ZERO_IF_NAN(b);
		recover = 1;
	}
	if (!recover && (isinf(ac) || isinf(bd) || isinf(ad) || isinf(bc))) {
		a = ZERO_IF_NAN(a);
		b = ZERO_IF_NAN(b);
		c = ZERO_IF_NAN(c);
		d = ZERO_IF_NAN(d);
		recover = 1;
	}
	if (!recover) return make(x, y);
	return make(INFINITY * (a * c - b * d), INFINITY * (a * d + b * c));
}
