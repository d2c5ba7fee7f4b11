/*
 * clang's builtins: bits, overflow of every width up to 128, saturation,
 * vectors, types, strings with known sizes.
 *
 * CFLAGS: -w
 * LEVELS: O0 O2
 */
#include "check.h"
#include <string.h>

typedef unsigned __int128 u128;
typedef __int128 i128;
typedef int int8 __attribute__((vector_size(32)));
typedef short short8 __attribute__((vector_size(16)));
typedef float float8 __attribute__((vector_size(32)));
typedef double double4 __attribute__((vector_size(32)));
typedef signed char char8 __attribute__((vector_size(8)));
typedef _Bool bool8 __attribute__((ext_vector_type(8)));

static uint64_t hash;

static void poll(void)
{
	for (volatile int i = 0; i < 2; i++)
		;
}

static void add(u128 value)
{
	hash = mix(mix(hash, (uint64_t)value), (uint64_t)(value >> 64));
}

static void bits(uint64_t x)
{
	uint32_t w = x ^ x >> 32;

	x |= 1;
	w |= 1u << 7;
	add(__builtin_clzll(x) + 100 * __builtin_ctzll(x) +
	    10000 * __builtin_popcountll(x) + 1000000 * __builtin_parityll(x));
	add(__builtin_clz(w) + 100 * __builtin_ctz(w) +
	    10000 * __builtin_popcount(w) + 1000000 * __builtin_ffs(w));
	add(__builtin_clrsb(w) + 100 * __builtin_clrsbll(x));
	add(__builtin_bswap16(x) ^ __builtin_bswap32(w));
	add(__builtin_bswap64(x) ^ __builtin_bitreverse64(x));
	add(__builtin_bitreverse8(x) + __builtin_bitreverse16(x) * 256ul +
	    __builtin_bitreverse32(w));
	add(__builtin_rotateleft64(x, w & 63) + __builtin_rotateright32(w, 5) +
	    __builtin_rotateleft8(x, 3) + __builtin_rotateright16(x, 9));
}

#define OVERFLOWS(TYPE)                                                        \
	do {                                                                   \
		TYPE r, p = (TYPE)a, q = (TYPE)b;                              \
		poll();                                                        \
		int o = __builtin_add_overflow(p, q, &r);                      \
		add(r), add(o);                                                \
		o = __builtin_sub_overflow(p, q, &r);                          \
		add(r), add(o);                                                \
		o = __builtin_mul_overflow(p, q, &r);                          \
		add(r), add(o);                                                \
		o = __builtin_mul_overflow(p, (TYPE)3, &r);                    \
		add(r), add(o);                                                \
	} while (0)

static void overflows(i128 a, i128 b)
{
	unsigned short narrow;
	int o;

	OVERFLOWS(signed char);
	OVERFLOWS(unsigned char);
	OVERFLOWS(short);
	OVERFLOWS(unsigned short);
	OVERFLOWS(int);
	OVERFLOWS(unsigned);
	OVERFLOWS(long);
	OVERFLOWS(unsigned long);
	OVERFLOWS(i128);
	OVERFLOWS(u128);
	o = __builtin_mul_overflow((long)a, (int)b, &narrow);
	add(narrow), add(o);
	o = __builtin_add_overflow((i128)a, (unsigned)b, &narrow);
	add(narrow), add(o);
	unsigned long carry, sum = __builtin_addcl(a, b, a & 1, &carry);
	add(sum), add(carry);
	sum = __builtin_subcl(a, b, a & 1, &carry);
	add(sum), add(carry);
	add(__builtin_elementwise_add_sat((int)a, (int)b));
	add(__builtin_elementwise_sub_sat((unsigned)a, (unsigned)b));
}

static void vectors(int n)
{
	int8 a = {n, -n, n * n, 3, 5, -7, n << 4, 1}, b = a * 3 - n;
	float8 f = __builtin_convertvector(a, float8);
	short8 s = __builtin_convertvector(b, short8);
	double4 d = {n, 1.5, -2.25, n / 8.0}, e;
	char8 c = {1, 2, 3, n, 5, 6, 7, 8};
	bool8 m = __builtin_convertvector(a < b, bool8);

	poll();
	a = __builtin_shufflevector(a, b, 0, 9, 2, 11, 15, 13, 6, 7);
	f = f * 0.5f + (float8){1, 2, 3, 4, 5, 6, 7, 8};
	e = d * 2 - (double4){1, n, 3, 4};
	poll();
	for (int i = 0; i < 8; i++)
		add((unsigned)a[i]), add((uint64_t)(long)(f[i] * 16)),
			add(s[i]), add(m[i]), add(c[i]);
	for (int i = 0; i < 4; i++)
		add((uint64_t)(long)(e[i] * 16));
	add(__builtin_reduce_add(a));
	add(__builtin_reduce_max(b));
	add(__builtin_reduce_min(s));
	add(__builtin_reduce_xor(a));
	add((unsigned)__builtin_elementwise_abs(a)[3]);
	add((uint64_t)(long)__builtin_elementwise_max(d, e)[2]);
	a = a << 3 ^ b >> 2;
	a = (a == b) | (a != 3) & ~b;
	add(a[n & 7]);
	a /= (b | 1);
	a %= 7;
	add(a[(n + 3) & 7]);
}

static int text(const char *s, unsigned n)
{
	char small[16];

	__builtin_strncpy(small, s, sizeof(small) - 1);
	small[15] = 0;
	poll();
	return __builtin_strlen(small) + __builtin_object_size(small, 0) +
	       (__builtin_constant_p(n) ? 100 : 200) +
	       __builtin_memcmp(small, s, n % 5) + (strchr(small, 'e') != 0);
}

int main(void)
{
	uint32_t random = 7;

	for (int i = 0; i < 40; i++) {
		i128 a = (i128)next_random(&random) << 104 ^
			 (i128)next_random(&random) << 40 ^
			 next_random(&random);
		i128 b = (i128)next_random(&random) << (i % 100) ^ i;

		bits((uint64_t)a ^ (uint64_t)(a >> 64));
		overflows(i & 1 ? a : -b, i & 2 ? b : a >> (i & 127));
		vectors(i);
		add(text(i & 1 ? "seven" : "a longer text than that", i));
		add(a / (b | 1));
		add(a % (b | 1));
		add((u128)a / ((u128)b | 1) + (u128)a % ((u128)b | 1));
		add((u128)(double)(uint64_t)a + (i128)(float)(long)b);
		printf("%d %016llx\n", i, (unsigned long long)hash);
	}
	printf("%d %d %d\n", __builtin_types_compatible_p(int, signed),
	       __builtin_choose_expr(1, 5, "x"),
	       (int)_Alignof(long double) / 16);
	return 0;
}
