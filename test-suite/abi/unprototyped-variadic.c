/*
 * Variadic functions called without a prototype: by name, through pointers
 * without parameters, through pointers of a type that is not variadic; others
 * through pointers of a variadic type; K&R definitions of parameters that are
 * promoted; too many and too few arguments.
 *
 * CFLAGS: -std=gnu89 -w -Wno-error=incompatible-function-pointer-types
 * LEVELS: O0 O2
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct pair {
	int a, b;
};
struct triple {
	long a, b, c;
};

extern int total(const char *types, ...);
extern double average(int count, ...);
int (*any_total)() = total;
double (*any_average)() = average;
int (*typed_total)(const char *, int, int,
		   int) = (int (*)(const char *, int, int, int))total;
int (*print)() = printf;

static void poll(void)
{
	volatile int i;

	for (i = 0; i < 3; i++)
		;
}

static int promoted(c, s, f, u)
char c;
short s;
float f;
unsigned char u;
{
	poll();
	return c * 1000 + s * 10 + (int)(f * 4) + u;
}

static struct triple spread(p, f, t)
struct pair p;
float f;
struct triple t;
{
	poll();
	t.a += p.a;
	t.b -= p.b;
	t.c *= (long)f;
	return t;
}

static long long wide(n, x, d)
int n;
long long x;
double d;
{
	poll();
	return n ? wide(n - 1, x * 3, d + 1) : x + (long long)d;
}

static int none()
{
	poll();
	return 7;
}

static int add(a, b)
int a, b;
{
	poll();
	return a * 3 + b;
}

static double scale(double a, double by)
{
	poll();
	return a * by;
}

/* Of a variadic type, but what they lead to is not, or sometimes. */
static int (*volatile dotted[2])(int, ...) = {(int (*)(int, ...))add,
					      (int (*)(int, ...))add};
static double (*volatile dotted_scale)(double,
				       ...) = (double (*)(double, ...))scale;
static int (*volatile either[2])(const char *, ...) = {
	total, (int (*)(const char *, ...))strcmp};

static int (*volatile operations[4])() = {promoted, none, total, printf};

static int through(f, n) int (*f)();
int n;
{
	return f("iid", n, n * 2, n / 4.0);
}

int main()
{
	struct pair p;
	struct triple t;
	int i;
	char text[40];

	for (i = 0; i < 120; i++) {
		p.a = i, p.b = i * 2;
		t.a = 1000, t.b = 2000, t.c = i;
		printf("%d ", total("iidl", i, -i, i / 2.0, 1l << 40));
		printf("%d ", any_total("lid", 100l, i, 0.5));
		printf("%d ", typed_total("iii", i, 2, 3));
		printf("%.3f ", average(3, 1.0, i / 3.0, 7.5));
		printf("%.3f ", any_average(2, i * 1.0, 2.5));
		printf("%d ", operations[0]('a', i, 1.25, 200));
		printf("%d ", operations[1](i, 2.5, "ignored"));
		printf("%d ", operations[2]("ii", i, 5));
		print("%d %s %.2f ", i, "by pointer", i / 8.0);
		operations[3]("%c%c %ld ", 'x', 'y', 1l << i % 60);
		printf("%d ", through(total, i));
		print("%d ", through(i & 1 ? total : any_total, i));
		printf("%d %.2f ", dotted[i & 1](i, 7), dotted_scale(i, 0.25));
		printf("%d ", either[i & 1]("iid", i & 1 ? "iid" : (char *)5,
					    i & 1 ? 0 : 3, 1.5) > 0);
		t = spread(p, 2.5f, t);
		printf("%ld %ld %ld ", t.a, t.b, t.c);
		printf("%lld\n", wide(i % 7, 5ll, 1.5));
		sprintf(text, "%d-%d", i, none(1, 2, 3));
		print("%s\n", text);
		fflush(stdout);
		dprintf(1, "%d %.1f %s\n", i, i / 2.0, "undeclared");
	}
	return 0;
}

int total(const char *types, ...)
{
	va_list list;
	long sum = 0;

	va_start(list, types);
	for (; *types; types++) {
		poll();
		if (*types == 'i')
			sum += va_arg(list, int);
		else if (*types == 'l')
			sum += va_arg(list, long) >> 35;
		else
			sum += (long)(va_arg(list, double) * 8);
	}
	va_end(list);
	return (int)sum;
}

double average(int count, ...)
{
	va_list list;
	double sum = 0;
	int i;

	va_start(list, count);
	for (i = 0; i < count; i++) {
		poll();
		sum += va_arg(list, double);
	}
	va_end(list);
	return sum / count;
}
