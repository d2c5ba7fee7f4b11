/*
 * va_list in structures, arrays and heap memory, made by one function and
 * walked by others turn by turn; arguments of odd types: empty and over-aligned
 * structures, complex numbers, vectors, __int128, pointers to functions, more
 * than fit any register; a list read on another thread.
 *
 * MODES: usual spread links
 * REFERENCE: aarch64
 * CFLAGS: -pthread -w
 * LEVELS: O0 O2
 */
#include "check.h"
#include <complex.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>

typedef int int4 __attribute__((vector_size(16)));
struct empty {
};
struct aligned16 {
	_Alignas(16) int a;
};
struct aligned32 {
	_Alignas(32) long a, b;
};
struct floats {
	float a, b;
};
struct mixed {
	float a;
	int b;
};
struct big {
	char text[50];
};

struct walker {
	va_list list;
	int count;
	struct walker *next;
};

static void poll(void)
{
	for (volatile int i = 0; i < 2; i++)
		;
}

static long take(struct walker *walker)
{
	poll();
	walker->count++;
	return va_arg(walker->list, long);
}

/* Three lists over the same arguments, each walked at its own pace. */
static uint64_t paces(int count, ...)
{
	struct walker one, *two = malloc(sizeof(*two));
	va_list others[2];
	uint64_t hash = 0;

	one.count = two->count = 0;
	va_start(one.list, count);
	va_copy(two->list, one.list);
	va_copy(others[1], one.list);
	for (int i = 0; i < count; i++) {
		hash = mix(hash, (uint64_t)take(&one));
		if (i & 1)
			hash = mix(hash, (uint64_t)take(two));
		if (i % 3 == 2) {
			va_copy(others[0], one.list);
			hash = mix(hash,
				   i + 1 < count
					   ? (uint64_t)va_arg(others[0], long)
					   : 0);
			va_end(others[0]);
			hash = mix(hash, (uint64_t)va_arg(others[1], long));
		}
	}
	hash = mix(hash, (uint64_t)(one.count * 100 + two->count));
	va_end(others[1]);
	va_end(two->list);
	va_end(one.list);
	free(two);
	return hash;
}

static uint64_t odd(const char *types, ...)
{
	uint64_t hash = 7;
	va_list list;

	va_start(list, types);
	for (; *types; types++) {
		poll();
		switch (*types) {
		case 'e': {
			struct empty e = va_arg(list, struct empty);
			(void)e;
			break;
		}
		case 'a':
			hash = mix(hash, va_arg(list, struct aligned16).a);
			break;
		case 'A': {
			struct aligned32 a = va_arg(list, struct aligned32);
			hash = mix(mix(hash, a.a), a.b);
			break;
		}
		case 'f': {
			struct floats f = va_arg(list, struct floats);
			hash = mix(hash, (uint64_t)(f.a * 8 + f.b));
			break;
		}
		case 'm': {
			struct mixed m = va_arg(list, struct mixed);
			hash = mix(hash, (uint64_t)(m.a * 8 + m.b));
			break;
		}
		case 'b':
			hash = mix(hash, strlen(va_arg(list, struct big).text));
			break;
		case 'c': {
			double complex c = va_arg(list, double complex);
			hash = mix(mix(hash, creal(c) * 8), cimag(c) * 8);
			break;
		}
		case 'C': {
			long double complex c =
				va_arg(list, long double complex);
			hash = mix(mix(hash, creall(c) * 8), cimagl(c) * 8);
			break;
		}
		case 'F': {
			float complex c = va_arg(list, float complex);
			hash = mix(mix(hash, crealf(c) * 8), cimagf(c) * 8);
			break;
		}
		case 'v': {
			int4 v = va_arg(list, int4);
			hash = mix(hash, v[0] + v[1] * 3 + v[2] * 7 + v[3]);
			break;
		}
		case 'w': {
			__int128 w = va_arg(list, __int128);
			hash = mix(mix(hash, (uint64_t)w), (uint64_t)(w >> 64));
			break;
		}
		case 'p':
			hash = mix(hash, va_arg(list, size_t (*)(const char *))(
						 "four"));
			break;
		case 'i':
			hash = mix(hash, va_arg(list, int));
			break;
		case 'd':
			hash = mix(hash, (uint64_t)(va_arg(list, double) * 8));
			break;
		}
	}
	va_end(list);
	return hash;
}

static void *elsewhere(void *argument)
{
	va_list *list = argument;
	uint64_t hash = 0;

	for (int i = 0; i < 4; i++) {
		poll();
		hash = mix(hash, va_arg(*list, int));
		hash = mix(hash, (uint64_t)(va_arg(*list, double) * 8));
	}
	return (void *)hash;
}

static uint64_t on_thread(int first, ...)
{
	pthread_t thread;
	va_list list;
	void *result;

	va_start(list, first);
	CHECK(!pthread_create(&thread, NULL, elsewhere, &list));
	CHECK(!pthread_join(thread, &result));
	va_end(list);
	return mix((uint64_t)result, first);
}

/* With fixed parameters that fill every register first. */
static uint64_t late(int a, double b, struct big c, long d, long e, long f,
		     long g, long h, long i, double j, struct aligned32 k, ...)
{
	va_list list;
	uint64_t hash = mix(a + d + e + f + g + h + i, (uint64_t)(b + j));

	va_start(list, k);
	poll();
	hash = mix(hash, va_arg(list, int) + strlen(c.text));
	hash = mix(hash, (uint64_t)va_arg(list, long double) + k.b);
	hash = mix(hash, va_arg(list, int));
	va_end(list);
	return hash;
}

int main(void)
{
	struct empty e;
	struct big b = {"a structure larger than two registers"};

	for (int i = 0; i < 60; i++) {
		struct aligned16 a = {i};
		struct aligned32 A = {i, i * 3};
		struct floats f = {i, i / 2.f};
		struct mixed m = {i / 4.f, i};
		int4 v = {i, i + 1, i + 2, i + 3};
		__int128 w = (__int128)i << 90 | i;

		printf("%016llx %016llx %016llx %016llx\n",
		       (unsigned long long)paces(9, 1l * i, 2l, 3l, 4l, 5l, 6l,
						 7l, 8l, 9l),
		       (unsigned long long)odd("eiaiAfmbcCFvwpideiwAiCvd", e, i,
					       a, 3, A, f, m, b, i + 2.0 * I,
					       i + 0.5L * I, 0.5f + i * 1.f * I,
					       v, w, strlen, i, i / 8.0, e, 1,
					       w, A, 2, 3.0L + i * I, v, 2.5),
		       (unsigned long long)on_thread(i, 1, 1.5, i, i * .25, 3,
						     3.5, 4, 4.5),
		       (unsigned long long)late(i, 1.5, b, 1, 2, 3, 4, 5, 6,
						2.5, A, i, i * 2.0L, 77));
	}
	return 0;
}
