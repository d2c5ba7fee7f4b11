/*
 * More live values of each class than any ISA has registers, across a call
 * in the middle of an expression.
 *
 * LEVELS: O0 O2
 */
#include "check.h"

static long turn(long x)
{
	for (volatile int i = 0; i < 4; i++)
		x = x * 3 + i;
	return x % 1000;
}

static double many(long n)
{
	long a = turn(n), b = turn(a), c = turn(b), d = turn(c), e = turn(d);
	long f = turn(e), g = turn(f), h = turn(g), i = turn(h), j = turn(i);
	long k = turn(j), l = turn(k), m = turn(l), o = turn(m), p = turn(o);
	long q = turn(p), r = turn(q), s = turn(r), t = turn(s), u = turn(t);
	double A = a / 3.0, B = b / 5.0, C = c / 7.0, D = d / 9.0, E = e / 11.0;
	double F = f / 13.0, G = g / 3.5, H = h / 4.5, I = i / 5.5, J = j / 6.5;
	float K = k / 3.0f, L = l / 5.0f, M = m / 7.0f, O = o / 9.0f;
	long v = turn(u);

	return A + B * 2 + C * 3 + D * 4 + E * 5 + F * 6 + G * 7 + H * 8 +
	       I * 9 + J * 10 + K + L + M + O +
	       (a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j) +
	       (k - l + m - o + p - q + r - s + t - u) + v;
}

int main(void)
{
	for (long n = 0; n < 100; n++)
		printf("%.9f\n", many(n));
	return 0;
}
