/*
 * Structures of two fields, one of them floating: beside a bit-field, packed,
 * either way round; by value into functions, on from them and back, with
 * nothing beside them in memory changed.
 *
 * CFLAGS: -w
 * LEVELS: O0 O1 O2 O3
 */
#include "check.h"
#include <string.h>

static void poll(void)
{
	for (volatile int i = 0; i < 2; i++)
		;
}

#define PAIR(name, first, second, ...)                                         \
	struct name {                                                          \
		first;                                                         \
		second;                                                        \
	} __VA_ARGS__;                                                         \
	struct name##_between {                                                \
		char before[5];                                                \
		struct name it;                                                \
		char behind[11];                                               \
	};                                                                     \
	__attribute__((noinline)) static struct name name##_back(              \
		struct name s, int n)                                          \
	{                                                                      \
		poll();                                                        \
		s.x += (n);                                                    \
		s.y -= (n);                                                    \
		return s;                                                      \
	}                                                                      \
	__attribute__((noinline)) static struct name name##_on(                \
		int n, struct name s, __int128 wide, struct name t)            \
	{                                                                      \
		if (n > 0)                                                     \
			s = name##_on(n - 1, t, wide + 1, s);                  \
		s = name##_back(s, n);                                         \
		s.y += (int)wide & 3;                                          \
		return s;                                                      \
	}                                                                      \
	static void name##_check(void)                                         \
	{                                                                      \
		struct name (*volatile back)(struct name, int) = name##_back;  \
		struct name##_between all[2];                                  \
                                                                               \
		memset(all, 0x5a, sizeof(all));                                \
		for (int i = 0; i < 2; i++) {                                  \
			all[i].it.x = 10 + i;                                  \
			all[i].it.y = 20 + i;                                  \
		}                                                              \
		for (int i = 0; i < 4; i++) {                                  \
			all[i & 1].it = back(all[1].it, 1);                    \
			all[1].it = name##_on(i, all[0].it, 5, all[1].it);     \
		}                                                              \
		for (int i = 0; i < 2; i++) {                                  \
			for (int j = 0; j < 5; j++)                            \
				CHECK(all[i].before[j] == 0x5a);               \
			for (int j = 0; j < 11; j++)                           \
				CHECK(all[i].behind[j] == 0x5a);               \
			printf(#name " %g %g\n", (double)all[i].it.x,          \
			       (double)all[i].it.y);                           \
		}                                                              \
	}

#define PACKED __attribute__((packed))

PAIR(long_float, long x : 20, float y)
PAIR(float_long, float x, long y : 20)
PAIR(long_double, long x : 40, double y)
PAIR(double_long, double x, long y : 40)
PAIR(int_float, int x : 9, float y)
PAIR(float_int, float x, int y : 9)
PAIR(short_float, short x : 9, float y)
PAIR(float_char, float x, signed char y : 7)
PAIR(long_half, long x : 12, _Float16 y)
PAIR(half_long, _Float16 x, long y : 12)
PAIR(packed_long_double, long x : 38, double y, PACKED)
PAIR(packed_double_long, double x, long y : 38, PACKED)
PAIR(packed_long_float, long x : 9, float y, PACKED)
PAIR(packed_float_long, float x, long y : 9, PACKED)
PAIR(packed_char_float, signed char x, float y, PACKED)
PAIR(packed_float_short, float x, short y, PACKED)
PAIR(packed_char_double, signed char x, double y, PACKED)
PAIR(packed_int_double, int x : 17, double y, PACKED)
PAIR(packed_half_int, _Float16 x, int y : 17, PACKED)

int main(void)
{
	long_float_check();
	float_long_check();
	long_double_check();
	double_long_check();
	int_float_check();
	float_int_check();
	short_float_check();
	float_char_check();
	long_half_check();
	half_long_check();
	packed_long_double_check();
	packed_double_long_check();
	packed_long_float_check();
	packed_float_long_check();
	packed_char_float_check();
	packed_float_short_check();
	packed_char_double_check();
	packed_int_double_check();
	packed_half_int_check();
	return 0;
}
