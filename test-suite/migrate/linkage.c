/*
 * Constructors and destructors by priority, weak definitions and references,
 * aliases, visibility, sections read as arrays, common symbols, inline and
 * noreturn functions, all with migrations inside.
 *
 * CFLAGS: -w -fcommon
 * LEVELS: O0 O2
 */
#include "check.h"
#include <string.h>

static int order[32], steps;
int common[8];
int common[8];

static void step(int what)
{
	for (volatile int i = 0; i < 3; i++)
		;
	order[steps++] = what;
}

#define CTOR(n)                                                                \
	__attribute__((constructor(n))) static void c##n(void)                 \
	{                                                                      \
		step(n);                                                       \
	}
#define DTOR(n)                                                                \
	__attribute__((destructor(n))) static void d##n(void)                  \
	{                                                                      \
		step(-n);                                                      \
		printf("gone %d after %d\n", n, order[steps - 2]);             \
		fflush(stdout);                                                \
	}
CTOR(300)
CTOR(101)
CTOR(65535)
CTOR(200)
DTOR(300)
DTOR(101)
DTOR(200)
__attribute__((constructor)) static void last(void)
{
	step(99999);
}
__attribute__((constructor, destructor)) static void both(void)
{
	step(7);
}

int weak_missing(int) __attribute__((weak));
extern int weak_object __attribute__((weak));
__attribute__((weak)) int weak_default(int n)
{
	step(n & 31);
	steps--;
	return n * 2;
}
int real_name(int n)
{
	for (volatile int i = 0; i < 3; i++)
		n += i;
	return n;
}
int other_name(int) __attribute__((alias("real_name")));
int weak_name(int) __attribute__((weak, alias("real_name")));
static int (*volatile names[])(int) = {real_name, other_name, weak_name};
static int target = 5;
extern int alias_of_object __attribute__((alias("target")));
__attribute__((visibility("hidden"))) int hidden(int n)
{
	return real_name(n) + 1;
}
__attribute__((visibility("protected"))) int protected(int n)
{
	return hidden(n) + 1;
}

struct entry {
	const char *name;
	int (*call)(int);
};
#define ENTRY(function)                                                        \
	static const struct entry entry_##function                             \
		__attribute__((section("registry"), used)) = {#function,       \
							      function}
ENTRY(real_name);
ENTRY(hidden);
ENTRY(protected);
ENTRY(weak_default);
extern const struct entry __start_registry[], __stop_registry[];

static int writable __attribute__((section("mine"))) = 3;
static int more[4] __attribute__((section("mine"))) = {1, 2, 3, 4};

inline int inlined(int n)
{
	return n + 1;
}
extern inline int inlined(int n);

__attribute__((noreturn)) static void leave(int status)
{
	for (volatile int i = 0; i < 3; i++)
		;
	exit(status);
}

__attribute__((pure)) static int pure_sum(const int *p, int n)
{
	int sum = 0;

	for (int i = 0; i < n; i++)
		sum += p[i];
	return sum;
}
__attribute__((const)) static int square(int n)
{
	for (volatile int i = 0; i < 2; i++)
		;
	return n * n;
}

int main(void)
{
	int total = 0;

	for (int i = 0; i < steps; i++)
		printf("%d ", order[i]);
	puts("");
	CHECK(!weak_missing && !&weak_object);
	CHECK(names[0] == names[1] && names[1] == names[2]);
	for (int i = 0; i < 20; i++) {
		for (const struct entry *e = __start_registry;
		     e < __stop_registry; e++)
			total = total * 3 + e->call(i) + (int)strlen(e->name);
		alias_of_object += other_name(i) + weak_name(i);
		common[i % 8] += target + square(i);
		writable += more[i % 4]++;
		total += pure_sum(common, 8) + inlined(writable);
		printf("%d %d\n", total, target);
	}
	leave(total & 63);
}
