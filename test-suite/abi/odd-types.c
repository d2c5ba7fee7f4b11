/*
 * Vectors, complex numbers, half floats, bit-precise integers and packed
 * bit-fields as arguments, results and values that live across polls.
 *
 * LEVELS: O0 O2
 * REFERENCE: aarch64
 */
#include "check.h"
#include <complex.h>
#include <string.h>

typedef int int4 __attribute__((vector_size(16)));
typedef float float8 __attribute__((vector_size(32)));
typedef double double8 __attribute__((vector_size(64)));
typedef unsigned char byte3 __attribute__((ext_vector_type(3)));
typedef unsigned _BitInt(37) bits37;
typedef _BitInt(120) bits120;
typedef float complex complex_f;
typedef double complex complex_d;
typedef long double complex complex_l;
typedef _Float16 half;

struct __attribute__((packed)) fields {
	unsigned a : 3;
	int b : 7;
	unsigned long c : 40;
	unsigned char d : 1;
};

static void poll(void)
{
	for (volatile int i = 0; i < 2; i++)
		;
}

#define SCALE(TYPE, BY)                                                        \
	static __attribute__((noinline)) TYPE scale_##TYPE(TYPE a, BY by)      \
	{                                                                      \
		TYPE r;                                                        \
                                                                               \
		poll();                                                        \
		r = a * by;                                                    \
		poll();                                                        \
		return r + a;                                                  \
	}
SCALE(int4, int)
SCALE(float8, float)
SCALE(double8, double)
SCALE(byte3, unsigned char)
SCALE(bits37, int)
SCALE(bits120, int)
SCALE(complex_f, float)
SCALE(complex_d, double)
SCALE(complex_l, long double)
SCALE(half, half)

static __attribute__((noinline)) int4 choose(int4 a, int4 b)
{
	int4 less = a < b;

	poll();
	return (less & a) | (~less & b);
}

static __attribute__((noinline)) struct fields change(struct fields x, int n)
{
	x.a += n;
	x.b -= n;
	poll();
	x.c = x.c * 3 + x.d;
	x.d ^= 1;
	return x;
}

static uint64_t add(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *byte = data;

	while (size--)
		hash = mix(hash, *byte++);
	return hash;
}

int main(void)
{
	int4 a = {1, 2, 3, 4};
	float8 b = {1, 2, 3, 4, 5, 6, 7, 8.5f};
	double8 c = {1, 2, 3, 4, 5, 6, 7, 8};
	byte3 d = {1, 2, 3};
	bits37 e = 12345678901;
	bits120 f = ((bits120)1 << 70) - 12345;
	complex_f g = 2.5f - I;
	complex_d h = 1.25 + 3 * I;
	complex_l i = 1.1L + 2 * I;
	half j = (half)1.5;
	struct fields x = {1, 2, 3, 1};

	for (int n = 0; n < 40; n++) {
		uint64_t hash = 0, wide;

		a = choose(scale_int4(a, n), (int4){n * 1000, n, -n, 7});
		b = scale_float8(b, n % 3 - 1);
		c = scale_double8(c, n % 2);
		d = scale_byte3(d, n);
		e = scale_bits37(e, n);
		f = scale_bits120(f, n % 3 - 2);
		g = scale_complex_f(g, n % 2 - 1);
		h = scale_complex_d(h, n % 3 - 2);
		i = scale_complex_l(i, n % 3 - 1);
		j = scale_half(j, n % 3 - 2);
		x = change(x, n);
		hash = add(hash, &a, sizeof(a));
		hash = add(hash, &b, sizeof(b));
		hash = add(hash, &c, sizeof(c));
		hash = mix(hash, d[0] + d[1] * 256 + d[2] * 65536);
		hash = mix(hash, e);
		hash = mix(hash, wide = f >> 60);
		hash = mix(hash, wide = f);
		hash = add(hash, &g, sizeof(g));
		hash = add(hash, &h, sizeof(h));
		hash = add(hash, &i, sizeof(i));
		hash = add(hash, &j, sizeof(j));
		hash = add(hash, &x, sizeof(x));
		printf("%d %llx\n", n, (unsigned long long)hash);
	}
	return 0;
}
