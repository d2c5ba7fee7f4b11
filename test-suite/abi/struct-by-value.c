/*
 * Structures of every size class by value, as arguments and results, also
 * through function pointers and across recursion.
 *
 * LEVELS: O0 O2
 */
#include "check.h"
#include <string.h>

#define CLASS(size)                                                            \
	struct s##size {                                                       \
		uint8_t bytes[size];                                           \
	};                                                                     \
	static __attribute__((noinline)) struct s##size turn##size(            \
		struct s##size a, int by, struct s##size b)                    \
	{                                                                      \
		for (int i = 0; i < size; i++)                                 \
			a.bytes[i] =                                           \
				(uint8_t)(a.bytes[i] * 3 + b.bytes[i] + by);   \
		return by > 0 ? turn##size(b, by - 1, a) : a;                  \
	}                                                                      \
	static uint64_t test##size(int seed)                                   \
	{                                                                      \
		struct s##size a, b,                                           \
			(*volatile pointer)(struct s##size, int,               \
					    struct s##size) = turn##size;      \
		uint64_t hash = 0;                                             \
                                                                               \
		memset(&a, seed, size);                                        \
		memset(&b, seed + 1, size);                                    \
		a = turn##size(a, 3, b);                                       \
		b = pointer(b, 2, a);                                          \
		for (int i = 0; i < size; i++)                                 \
			hash = mix(hash, a.bytes[i] + 256u * b.bytes[i]);      \
		return hash;                                                   \
	}

CLASS(1)
CLASS(2)
CLASS(3)
CLASS(4)
CLASS(5)
CLASS(7)
CLASS(8)
CLASS(9)
CLASS(12)
CLASS(15)
CLASS(16)
CLASS(17)
CLASS(24)
CLASS(31)
CLASS(32)
CLASS(33)
CLASS(64)
CLASS(200)

struct mixed {
	float f;
	int i;
};

struct doubles {
	double a, b;
};

struct floats {
	float a, b, c, d;
};

struct nested {
	struct doubles d;
	char c;
	struct mixed m[2];
};

union either {
	double d;
	uint64_t u;
	char c[12];
};

static __attribute__((noinline)) struct nested combine(struct mixed m,
						       struct doubles d,
						       struct floats f,
						       union either e, int n)
{
	struct nested r = {{d.a + f.a, d.b * f.d}, e.c[0], {m, {f.b, n}}};

	if (n > 0) {
		m.i++;
		e.c[0]++;
		r = combine(m, r.d, f, e, n - 1);
		r.m[1].f += n;
	}
	return r;
}

int main(void)
{
	uint64_t hash = 0;

	for (int seed = 0; seed < 12; seed++) {
		hash = mix(hash, test1(seed) ^ test2(seed) ^ test3(seed));
		hash = mix(hash, test4(seed) ^ test5(seed) ^ test7(seed));
		hash = mix(hash, test8(seed) ^ test9(seed) ^ test12(seed));
		hash = mix(hash, test15(seed) ^ test16(seed) ^ test17(seed));
		hash = mix(hash, test24(seed) ^ test31(seed) ^ test32(seed));
		hash = mix(hash, test33(seed) ^ test64(seed) ^ test200(seed));
		printf("%016llx\n", (unsigned long long)hash);
	}
	for (int n = 0; n < 20; n++) {
		union either e = {.c = "A"};
		struct nested r = combine((struct mixed){n / 2.0f, n},
					  (struct doubles){1.5, n},
					  (struct floats){1, 2, 3, 4}, e, n);

		printf("%.3f %.3f %c %.3f %d %.3f %d\n", r.d.a, r.d.b, r.c,
		       r.m[0].f, r.m[0].i, r.m[1].f, r.m[1].i);
	}
	return 0;
}
