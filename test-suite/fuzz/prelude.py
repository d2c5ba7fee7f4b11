"""What stands at the beginning of every program: the hash, conversions, and
functions of fixed text that a statement may call.
"""

PRELUDE = r"""
#include "fuzz.h"
#include <float.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef __int128 i128;
typedef unsigned __int128 u128;
typedef int (*compare_fn)(const void *, const void *);

static uint64_t hash = 0xcbf29ce484222325u;
static int fuel = FUEL, depth, lines;

static void note(int line, uint64_t value)
{
	for (int i = 0; i < 64; i += 8) {
		hash ^= value >> i & 0xff;
		hash *= 0x100000001b3u;
	}
	if (lines++ < 400)
		printf("%d %llx\n", line, (unsigned long long)value);
}
static uint64_t bits_f(float x)
{
	uint32_t b;

	if (x != x)
		return 1;
	memcpy(&b, &x, sizeof b);
	return b;
}
static uint64_t bits_d(double x)
{
	uint64_t b;

	if (x != x)
		return 2;
	memcpy(&b, &x, sizeof b);
	return b;
}
static uint64_t bits_l(long double x)
{
	uint64_t b[2] = {0};

	if (x != x)
		return 3;
	memcpy(b, &x, LDBL_MANT_DIG == 64 ? 10 : sizeof x); /* the rest is padding */
	return b[0] * 31 + b[1];
}
static uint64_t bits_w(i128 x)
{
	return (uint64_t)x * 31 + (uint64_t)(x >> 64);
}
/* Conversions C leaves undefined are kept within bounds. */
static long to_long(long double x)
{
	return x > -1e18L && x < 1e18L ? (long)x : 42;
}
static long divide(long a, long b)
{
	return b == 0 || b == -1 ? a : a / b;
}
static long modulo(long a, long b)
{
	return b == 0 || b == -1 ? b : a % b;
}
static i128 divide_w(i128 a, i128 b)
{
	return b == 0 || b == -1 ? a : a / b;
}
typedef int int4 __attribute__((vector_size(16)));
typedef float float8 __attribute__((vector_size(32)));
typedef unsigned char byte8 __attribute__((vector_size(8)));
typedef unsigned _BitInt(53) odd53;
typedef _BitInt(99) odd99;

__attribute__((noinline)) static int4 twist(int4 a, byte8 b, int n)
{
	int4 r = a * n + (a < n);

	fuzz_poll();
	b += (unsigned char)n;
	fuzz_poll();
	return r ^ (b[n & 7] + (a & r));
}
__attribute__((noinline)) static float8 blend(float8 a, float8 b, float n)
{
	float8 r = a * 0.25f + n;

	fuzz_poll();
	return r - b * (1 - n);
}
__attribute__((noinline)) static double _Complex turn(double _Complex a, float _Complex b)
{
	double _Complex r = a * b;

	fuzz_poll();
	return r + b;
}
__attribute__((noinline)) static odd99 odd(odd53 a, odd99 b)
{
	odd53 r = a * 12345 + (odd53)b;

	fuzz_poll();
	return (odd99)r * (b >> 3) ^ b;
}
struct node {
	struct node *up;
	long value;
};
__attribute__((noinline)) static long chain(int n, struct node *up)
{
	struct node me = {up, n * 7}, *at;
	long sum = 0;

	fuzz_poll();
	if (n > 0)
		sum = chain(n - 1, &me);
	for (at = &me; at; at = at->up)
		sum = sum * 31 + at->value++;
	fuzz_poll();
	return sum + me.value;
}
static long tail_b(long n, long sum, long *p);
__attribute__((noinline)) static long tail_a(long n, long sum, long *p)
{
	{
		long local[2] = {n, sum}, *volatile at = local;

		fuzz_poll();
		sum += at[n & 1];
	}
	if (n <= 0)
		return sum + *p;
	__attribute__((musttail)) return tail_b(n - 1, sum * 31 + *p, p);
}
__attribute__((noinline)) static long tail_b(long n, long sum, long *p)
{
	fuzz_poll();
	*p += sum & 3;
	if (n & 4)
		return tail_a(n - 1, sum ^ n, p);
	__attribute__((musttail)) return tail_a(n - 2, sum + n, p);
}
static sigjmp_buf *volatile signal_jump;
static void on_signal(int number)
{
	hash = hash * 31 + number;
	for (int i = 0; i < number; i++) {
		fuzz_poll_only();
		hash += i;
	}
	if (signal_jump)
		siglongjmp(*signal_jump, number);
}
static float whole_f(float x)
{
	return x - x == 0 ? x : 1.5f;
}
static double whole_d(double x)
{
	return x - x == 0 ? x : 2.5;
}
static long double whole_l(long double x)
{
	return x - x == 0 ? x : 3.5L;
}
"""
