/*
 * Vectors of 8 to 64 bytes and of all elements, as arguments and results, by
 * name and through pointers, in structures, through variadic calls, alive
 * across polls and in frames that are resumed many deep; no ISA has registers
 * for all.
 *
 * CFLAGS: -w
 * LEVELS: O0 O2 O3
 */
#include "check.h"
#include <stdarg.h>
#include <string.h>

#define VECTOR(type, bytes) __attribute__((vector_size(bytes))) type

typedef VECTOR(int8_t, 8) c8;
typedef VECTOR(int8_t, 16) c16;
typedef VECTOR(int16_t, 32) s16;
typedef VECTOR(int32_t, 16) i4;
typedef VECTOR(int32_t, 32) i8;
typedef VECTOR(int32_t, 64) i16;
typedef VECTOR(uint64_t, 64) u8;
typedef VECTOR(float, 8) f2;
typedef VECTOR(float, 32) f8;
typedef VECTOR(double, 32) d4;
typedef VECTOR(double, 64) d8;
typedef float f3 __attribute__((ext_vector_type(3)));
typedef int i5 __attribute__((ext_vector_type(5)));
typedef _Bool b16 __attribute__((ext_vector_type(16)));

struct mixed {
	char before;
	i8 eight;
	d4 four;
	char after;
};

static volatile int calls;

static void poll(void)
{
	for (volatile int i = 0; i < 3; i++)
		calls++;
}

static uint64_t hash_of(const void *bytes, size_t size)
{
	uint64_t hash = 1;

	for (size_t i = 0; i < size; i++)
		hash = mix(hash, ((const unsigned char *)bytes)[i]);
	return hash;
}

#define SAY(v)                                                                 \
	printf("%s %zu %zu %016llx\n", #v, sizeof(v), _Alignof(__typeof__(v)), \
	       (unsigned long long)hash_of(&(v), sizeof(v)))

/* The same of each type: something of two vectors, behind a poll and in
 * recursion, with vectors that live across the calls. */
#define FUNCTIONS(T, op)                                                       \
	__attribute__((noinline)) static T T##_step(T a, T b, int n)           \
	{                                                                      \
		T kept = a op b;                                               \
                                                                               \
		poll();                                                        \
		if (!n)                                                        \
			return kept;                                           \
		return T##_step(b, kept, n - 1) op kept op a;                  \
	}                                                                      \
	static T (*volatile T##_pointer)(T, T, int) = T##_step;                \
	__attribute__((noinline)) static void T##_all(void)                    \
	{                                                                      \
		T a, b, r, array[3];                                           \
                                                                               \
		for (unsigned i = 0; i < sizeof(T) / sizeof(a[0]); i++) {      \
			a[i] = 3 * i + 1;                                      \
			b[i] = 100 - 7 * i;                                    \
			poll();                                                \
		}                                                              \
		r = T##_step(a, b, 5);                                         \
		SAY(r);                                                        \
		for (int i = 0; i < 3; i++)                                    \
			array[i] = T##_pointer(r, a, i) op b;                  \
		SAY(array);                                                    \
	}

FUNCTIONS(c8, +)
FUNCTIONS(c16, ^)
FUNCTIONS(s16, *)
FUNCTIONS(i4, -)
FUNCTIONS(i8, +)
FUNCTIONS(i16, *)
FUNCTIONS(u8, ^)
FUNCTIONS(f2, +)
FUNCTIONS(f8, -)
FUNCTIONS(d4, +)
FUNCTIONS(d8, -)

__attribute__((noinline)) static struct mixed change(struct mixed m, i8 by)
{
	struct mixed before = m;

	poll();
	m.eight += by;
	m.four *= before.four;
	m.before++;
	m.after = before.before;
	return m;
}

__attribute__((noinline)) static d8 sum(int n, ...)
{
	va_list list;
	d8 total = {0};

	va_start(list, n);
	while (n--) {
		i4 small = va_arg(list, i4);
		d8 large;

		poll();
		large = va_arg(list, d8);
		poll();
		total += large * small[n % 4];
	}
	va_end(list);
	return total;
}

__attribute__((noinline)) static f3 three(f3 a, float by)
{
	f3 b = a.zyx;

	poll();
	return a * by + b;
}

__attribute__((noinline)) static i5 five(i5 a)
{
	i5 b = a.s43210;

	poll();
	return a - b;
}

/* More at once than there are registers of any size. */
__attribute__((noinline)) static u8 many(u8 a, u8 b, u8 c, u8 d, i8 e, f8 f,
					 c8 g, int n)
{
	u8 x = a * b, y = c - d, z = a ^ d;
	i8 p = e << 2, q = e > 5;
	f8 s = f + 0.5f, t = __builtin_convertvector(p, f8);

	poll();
	if (n)
		x += many(b, c, d, a, p - q, s - t, g + g, n - 1);
	poll();
	for (int i = 0; i < 8; i++)
		x[i] += y[i] + z[7 - i] + p[i] + q[i] + (int64_t)s[i] +
			(int64_t)t[i] + g[i];
	return x;
}

static i8 global_vector = {1, 2, 3, 4, 5, 6, 7, 8};

int main(void)
{
	struct mixed m = {1, {1, 2, 3, 4, 5, 6, 7, 8}, {1.5, 2.5, 3.5, 4.5}, 2};
	i4 i = {1, 2, 3, 4};
	d8 d = {1, 2, 3, 4, 5, 6, 7, 8}, total;
	f3 f = {1, 2, 3};
	i5 v = {1, 2, 4, 8, 16};
	u8 u = {1, 2, 3, 4, 5, 6, 7, 8};
	i16 wide;
	b16 mask = {1, 0, 1, 1};

	c8_all();
	c16_all();
	s16_all();
	i4_all();
	i8_all();
	i16_all();
	u8_all();
	f2_all();
	f8_all();
	d4_all();
	d8_all();
	for (int n = 0; n < 4; n++) {
		m = change(m, m.eight);
		global_vector = global_vector * 3 + m.eight;
		poll();
	}
	SAY(m.eight);
	SAY(m.four);
	SAY(global_vector);
	printf("%d %d %zu %zu\n", m.before, m.after, sizeof(m), sizeof(f3));
	total = sum(3, i, d, i + 1, d * d, i - 7, d + 0.5);
	SAY(total);
	f = three(f, 0.25f);
	printf("%a %a %a\n", f.x, f.y, f.z);
	v = five(v);
	printf("%d %d %d %d %d\n", v[0], v[1], v[2], v[3], v[4]);
	wide = __builtin_shufflevector(m.eight, global_vector, 15, 14, 13, 12,
				       11, 10, 9, 8, 0, 1, 2, 3, 4, 5, 6, 7);
	poll();
	SAY(wide);
	poll();
	printf("%d %d\n", __builtin_reduce_add(wide),
	       __builtin_reduce_max(wide));
	printf("%d%d%d%d\n", mask[0], mask[1], mask[2], mask[3]);
	u = many(u, u + 1, u * 5, u << 3, m.eight, (f8){1, 2, 3}, (c8){9, 8},
		 6);
	SAY(u);
	return 0;
}
