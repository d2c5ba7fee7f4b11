/*
 * <math.h> and <complex.h> in float and double: the bits that plain musl gives,
 * on many arguments and on the edges.  The bits of a NaN count for nothing.
 *
 * CFLAGS: -w -fno-builtin
 * SELF: 97
 */
#define _GNU_SOURCE
#include "check.h"
#include <complex.h>
#include <float.h>
#include <math.h>
#include <string.h>

static uint64_t hash;

static void add(double x)
{
	uint64_t word;

	memcpy(&word, &x, sizeof(word));
	hash = mix(hash, x == x ? word : 7);
}

#define ONE(name) {#name, name, name##f}
static const struct {
	const char *name;
	double (*d)(double);
	float (*f)(float);
} one[] = {ONE(acos),  ONE(acosh),  ONE(asin),	    ONE(asinh),	     ONE(atan),
	   ONE(atanh), ONE(cbrt),   ONE(ceil),	    ONE(cos),	     ONE(cosh),
	   ONE(erf),   ONE(erfc),   ONE(exp),	    ONE(exp10),	     ONE(exp2),
	   ONE(expm1), ONE(fabs),   ONE(floor),	    ONE(j0),	     ONE(j1),
	   ONE(log),   ONE(log10),  ONE(log1p),	    ONE(log2),	     ONE(logb),
	   ONE(rint),  ONE(round),  ONE(sin),	    ONE(sinh),	     ONE(sqrt),
	   ONE(tan),   ONE(tanh),   ONE(tgamma),    ONE(trunc),	     ONE(y0),
	   ONE(y1),    ONE(lgamma), ONE(nearbyint), ONE(significand)};

#define TWO(name) {#name, name, name##f}
static const struct {
	const char *name;
	double (*d)(double, double);
	float (*f)(float, float);
} two[] = {TWO(atan2), TWO(copysign), TWO(drem), TWO(fdim),
	   TWO(fmod),  TWO(hypot),    TWO(pow),	 TWO(remainder),
	   TWO(scalb), TWO(nextafter)};

#define COMPLEX(name) {#name, name, name##f}
static const struct {
	const char *name;
	double complex (*d)(double complex);
	float complex (*f)(float complex);
} complexes[] = {COMPLEX(cacos), COMPLEX(casin), COMPLEX(catan), COMPLEX(ccos),
		 COMPLEX(ccosh), COMPLEX(cexp),	 COMPLEX(clog),	 COMPLEX(cproj),
		 COMPLEX(csin),	 COMPLEX(csinh), COMPLEX(csqrt), COMPLEX(ctan),
		 COMPLEX(ctanh), COMPLEX(conj)};

static const double edges[] = {0.0,    -0.0,	INFINITY, -INFINITY,
			       NAN,    DBL_MAX, -DBL_MAX, DBL_MIN,
			       5e-324, 1,	-1,	  0.5,
			       2,      1e-10,	709.9,	  -745.2,
			       1e22,   FLT_MAX, 1e-45,	  4503599627370497.5,
			       -2.5,   171.7,	88.8,	  3.141592653589793};
#define EDGES (int)(sizeof(edges) / sizeof(*edges))

static double argument(int i, uint32_t *random)
{
	uint64_t word;
	double x;

	if (i < EDGES)
		return edges[i];
	word = (uint64_t)next_random(random) << 40 ^
	       (uint64_t)next_random(random) << 20 ^ next_random(random);
	if (i % 3)
		return (double)(int64_t)(word << 4) / 9e17;
	memcpy(&x, &word, sizeof(x));
	return x;
}

static void others(double x, double y)
{
	double whole;
	float whole_f, f = (float)x;
	int exponent, sign, quotient;

	add(frexp(x, &exponent));
	add(x - x == 0 ? exponent : 0);
	add(frexpf(f, &exponent));
	add(modf(x, &whole)), add(whole), add(modff(f, &whole_f)), add(whole_f);
	add(remquo(x, y, &quotient)), add(y && x - x == 0 ? quotient & 7 : 0);
	add(lgamma_r(x, &sign)), add(x - x == 0 ? sign : 0);
	sincos(x, &whole, &y), add(whole), add(y);
	add(fma(x, y, -1.5)), add(fmaf(f, f, -f));
	add(ldexp(x, -30)), add(scalbln(x, 77)), add(ilogb(x)), add(ilogbf(f));
	add(jn(3, x)), add(yn(2, x)), add(jnf(2, f));
	if (fabs(x) < 1e18)
		add(lrint(x)), add(llround(x)), add(lroundf(f));
}

int main(void)
{
	uint32_t random = 9;

	for (size_t k = 0; k < sizeof(one) / sizeof(*one); k++) {
		for (int i = 0; i < 600; i++) {
			double x = argument(i, &random);

			add(one[k].d(x));
			add(one[k].f((float)x));
		}
		printf("%s %016llx\n", one[k].name, (unsigned long long)hash);
	}
	for (size_t k = 0; k < sizeof(two) / sizeof(*two); k++) {
		for (int i = 0; i < 900; i++) {
			double x = argument(i % 30, &random);
			double y = argument(i / 30, &random);

			add(two[k].d(x, y));
			add(two[k].f((float)x, (float)y));
		}
		printf("%s %016llx\n", two[k].name, (unsigned long long)hash);
	}
	for (size_t k = 0; k < sizeof(complexes) / sizeof(*complexes); k++) {
		for (int i = 0; i < 400; i++) {
			double x = argument(i % 30, &random);
			double y = argument(i / 30, &random);
			double complex z;
			float complex f;

			/* Others hang on the sign of a NaN on the way. */
			if (!isfinite((float)x) || !isfinite((float)y))
				continue;
			z = complexes[k].d(CMPLX(x, y));
			f = complexes[k].f(CMPLXF(x, y));
			add(creal(z)), add(cimag(z));
			add(crealf(f)), add(cimagf(f));
		}
		printf("%s %016llx\n", complexes[k].name,
		       (unsigned long long)hash);
	}
	for (int i = 0; i < 200; i++) {
		double x = argument(i, &random), y = argument(i + 7, &random);

		others(x, y);
		add(creal(cpow(CMPLX(x / 1e3, 1), CMPLX(.5, y / 1e3))));
	}
	printf("%016llx\n", (unsigned long long)hash);
	return 0;
}
