/*
 * Division of complex numbers.  With a WIDER type the textbook's way, for its
 * products are exact; else Smith's, scaled as in Baudin and Smith, "A Robust
 * Complex Division in Scilab", 2012.
 * T, F(name): as in complex_arith.h; L(NAME): T's constant in <float.h>.
 */
#include "complex_arith.h"
#include <float.h>

/* What the quotient x + iy of a + ib and c + id is if both came out as NaN. */
static inline T _Complex recover_quotient(T a, T b, T c, T d, T x, T y)
{
	if (!isnan(x) || !isnan(y)) return make(x, y);
	if (c == 0 && d == 0 && (!isnan(a) || !isnan(b)))
		return make(F(copysign)(INFINITY, c) * a,
			F(copysign)(INFINITY, c) * b);
	if ((isinf(a) || isinf(b)) && isfinite(c) && isfinite(d)) {
		a = BOX(a);
		b = BOX(b);
		return make(INFINITY * (a * c + b * d),
			INFINITY * (b * c - a * d));
	}
	if ((isinf(c) || isinf(d)) && isfinite(a) && isfinite(b)) {
		c = BOX(c);
		d = BOX(d);
		return make(0 * (a * c + b * d), 0 * (b * c - a * d));
	}
	return make(x, y);
}

#ifdef WIDER
static inline T _Complex divide(T a, T b, T c, T d)
{
	WIDER wa = a, wb = b, wc = c, wd = d, norm = wc * wc + wd * wd;

	return recover_quotient(a, b, c, d, (wa * wc + wb * wd) / norm,
		(wb * wc - wa * wd) / norm);
}
#else
#define SCALE(by) (a *= (by), b *= (by), c *= (by), d *= (by))

static inline T _Complex divide(T a, T b, T c, T d)
{
	const T big = L(MAX) / 2, small = L(EPSILON), medium = big * small;
	const T tiny = L(MIN);
	int swap = F(fabs)(c) < F(fabs)(d);
	T ratio, norm, x, y, large = F(fabs)(swap ? d : c);

	if (large >= big) {
		SCALE((T)0.5);
		large /= 2;
	}
	/* Up, where something is so small that it might underflow. */
	if (large < small || (large < medium
			&& ((F(fabs)(a) < tiny && F(fabs)(b) < medium)
			|| (F(fabs)(b) < tiny && F(fabs)(a) < medium))))
		SCALE(1 / small);
	if (swap) {
		ratio = c / d;
		norm = c * ratio + d;
		if (F(fabs)(ratio) > tiny) {
			x = (a * ratio + b) / norm;
			y = (b * ratio - a) / norm;
		} else { /* it lost bits */
			x = (c * (a / d) + b) / norm;
			y = (c * (b / d) - a) / norm;
		}
	} else {
		ratio = d / c;
		norm = d * ratio + c;
		if (F(fabs)(ratio) > tiny) {
			x = (b * ratio + a) / norm;
			y = (b - a * ratio) / norm;
		} else {
			x = (d * (b / c) + a) / norm;
			y = (b - d * (a / c)) / norm;
		}
	}
	return recover_quotient(a, b, c, d, x, y);
}
#endif
