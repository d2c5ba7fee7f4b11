/*
 * long double is IEEE quad: arithmetic, conversions, libm and printf, live
 * across calls.
 *
 * MODES: usual spread links
 * REFERENCE: aarch64
 * LEVELS: O0 O2
 */
#include "check.h"
#include <float.h>
#include <math.h>

static long double power(long double x, int n)
{
	return n ? x * power(x, n - 1) : 1;
}

static long double series(int n)
{
	long double sum = 0, term = 1;

	for (int i = 1; i <= n; i++) {
		sum += term;
		term /= i;
	}
	return sum;
}

int main(void)
{
	printf("%d %d %zu\n", LDBL_MANT_DIG, LDBL_MAX_EXP, sizeof(long double));
	for (int i = 1; i < 20; i++) {
		long double x = i / 7.0L;

		printf("%.33Lg %.33Lg %La\n", power(x, i), series(i), x);
		printf("%.30Lf %.30Lf %.30Lf\n", sqrtl(x), expl(x), sinl(x));
		printf("%lld %d %.17g %.9g\n", (long long)(x * 1e15L), (int)x,
		       (double)x, (double)(float)x);
	}
	printf("%.33Lg\n",
	       strtold("3.14159265358979323846264338327950288", NULL));
	return 0;
}
