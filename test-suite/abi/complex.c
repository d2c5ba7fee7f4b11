/*
 * _Complex arguments, results and libm functions.
 *
 * LEVELS: O0 O2
 */
#include "check.h"
#include <complex.h>

static double complex power(double complex z, int n)
{
	return n ? z * power(z, n - 1) : 1;
}

static float complex spin(float complex z, float complex by, int n)
{
	for (int i = 0; i < n; i++)
		z = z * by + 0.01f * I;
	return z;
}

static int mandelbrot(double complex c)
{
	double complex z = 0;
	int n = 0;

	while (n < 50 && creal(z) * creal(z) + cimag(z) * cimag(z) < 4) {
		z = z * z + c;
		n++;
	}
	return n;
}

int main(void)
{
	for (int i = 0; i < 20; i++) {
		double complex z = power(0.9 + 0.1 * i * I, i);
		float complex f = spin(1 + 0.5f * I, 0.9f + 0.3f * I, i * 4);

		printf("%.12g %.12g %.6g %.6g ", creal(z), cimag(z), crealf(f),
		       cimagf(f));
		printf("%.12g %.12g\n", cabs(z), creal(csqrt(z)));
	}
	for (int y = -5; y <= 5; y++) {
		for (int x = -20; x <= 10; x++)
			printf("%3d", mandelbrot(x / 10.0 + y / 5.0 * I));
		puts("");
	}
	return 0;
}
