/*
 * What one ISA has an instruction for and another a library function, on the
 * edges: minimum and maximum, rounding, conversion, remainders, fma,
 * contraction asked for by a pragma, half floats.  Signs of zeroes count, those
 * of NaNs do not.
 *
 * CFLAGS: -w
 * SELF: 11
 * LEVELS: O0 O2
 * REFERENCE: aarch64
 */
#include "check.h"
#include <fenv.h>
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

static void add_long(long double x)
{
	uint64_t words[2];

	memcpy(words, &x, sizeof(words));
	hash = x == x ? mix(mix(hash, words[0]), words[1]) : mix(hash, 8);
}

static __attribute__((noinline)) double contracted(double a, double b, double c)
{
#pragma STDC FP_CONTRACT ON
	return a * b + c;
}

static __attribute__((noinline)) float contracted_f(float a, float b, float c)
{
#pragma STDC FP_CONTRACT ON
	return a * b - c;
}

static int same(double a, double b)
{
	return !memcmp(&a, &b, sizeof(a)) || (a != a && b != b);
}

static void two(double a, double b)
{
	float f = a, g = b;

	add(fmin(a, b)), add(fmax(a, b)), add(fminf(f, g)), add(fmaxf(f, g));
	add(fmod(a, b)), add(fmodf(f, g)), add(remainder(a, b));
	add(copysign(a, b)), add(copysignf(f, g)), add(fdim(a, b));
	volatile double product = a * b;
	volatile float product_f = f * g;
#ifndef PLAIN /* which contracts where it can */
	CHECK(same(contracted(a, b, -a * b), product + -a * b));
	CHECK(same(contracted_f(f, g, f * g), product_f - f * g));
#endif
	add(fma(a, b, -a * b)), add(fmaf(f, g, -f * g));
	add(hypot(a, b)), add(nextafter(a, b)), add(nextafterf(f, g));
	add(a / b), add(f / g), add(a - b), add(f * g);
	add(isless(a, b) + 2 * isgreaterequal(a, b) + 4 * isunordered(a, b) +
	    8 * (a != b) + 16 * !(a <= b));
	add_long(fminl(a, b ? b : 1)), add_long(fmal(a, b, 1));
	add_long((long double)a * b), add_long((long double)a / b);
	add((double)((long double)a + b)), add((float)((long double)a * b));
}

static void one(double a)
{
	float f = a;
	_Float16 h = a, i = f;
	int exponent;

	add(rint(a)), add(nearbyint(a)), add(round(a)), add(trunc(a));
	add(floor(a)), add(ceil(a)), add(rintf(f)), add(roundf(f));
	add(truncf(f)), add(floorf(f)), add(ceilf(f)), add(nearbyintf(f));
	add_long(rintl(a)), add_long(floorl(a)), add_long(roundl(a));
	add(sqrt(fabs(a))), add(sqrtf(fabsf(f))), add(fabs(a));
	add(h), add(i), add((_Float16)(h * i)), add((_Float16)(h + i));
	add(ldexp(a, 3)), add(ldexp(a, -1070)), add(scalbn(f, 100));
	add(a && a - a == 0 ? frexp(a, &exponent) + exponent : 0);
	add(isnan(a) + 2 * !!isinf(a) + 4 * isfinite(a) + 8 * isnormal(a) +
	    16 * !!signbit(a == a ? a : 1) + 32 * fpclassify(a));
	if (fabs(a) < 9e18) {
		add(lrint(a)), add(llround(a)), add((long)a);
		add((double)(__int128)(a * 1e15));
		add_long((long double)(long)a);
	}
	if (a > -1 && a < 1.8e19)
		add((unsigned long)a), add((float)(unsigned long)a);
	if (fabs(a) < 2e9)
		add((int)a), add((float)(int)a), add((unsigned char)(int)a);
	if (a > -1 && a < 4e9)
		add((unsigned)a), add((unsigned)f);
}

int main(void)
{
	static const double values[] = {0.0,
					-0.0,
					1.0,
					-1.0,
					0.5,
					-0.5,
					1.5,
					2.5,
					-2.5,
					3.5,
					0.1,
					-0.3,
					INFINITY,
					-INFINITY,
					NAN,
					DBL_MAX,
					-DBL_MAX,
					DBL_MIN,
					5e-324,
					-5e-324,
					DBL_EPSILON,
					65504,
					65520,
					6e-8,
					3e-8,
					1e-5,
					FLT_MAX,
					FLT_MIN,
					1e-45,
					2147483647.5,
					-2147483648.5,
					4294967295.0,
					9007199254740993.0,
					9223372036854774784.0,
					18446744073709549568.0,
					1e19,
					1e300,
					123456.789,
					-0.49999999999999994,
					8388609.5,
					2049,
					2051};
	const int count = sizeof(values) / sizeof(*values);

	for (int i = 0; i < count; i++) {
		volatile double a = values[i];

		one(a);
		printf("%d %016llx\n", i, (unsigned long long)hash);
		for (int j = 0; j < count; j++) {
			volatile double b = values[j];

			two(a, b);
		}
		printf("%d %016llx\n", i, (unsigned long long)hash);
	}
	return 0;
}
