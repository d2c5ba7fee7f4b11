/*
 * <fenv.h>: rounding modes and exception flags are the thread's own, come from
 * its creator, and go along when it moves; libm and conversions follow them.
 *
 * REFERENCE: aarch64
 * CFLAGS: -pthread -fno-builtin
 * SELF: 3
 * LEVELS: O0 O2
 */
#include "check.h"
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#pragma STDC FENV_ACCESS ON

static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD,
			    FE_TOWARDZERO};
static const char *const names[] = {"nearest", "up", "down", "zero"};
static volatile double one = 1, three = 3, ten = 10, huge = DBL_MAX,
		       tiny = DBL_MIN, zero;
static volatile float third = 3;
static volatile long double quad_three = 3;

static const char *flags(void)
{
	static char text[6];
	int raised = fetestexcept(FE_ALL_EXCEPT);

	strcpy(text, "-----");
	if (raised & FE_INVALID)
		text[0] = 'v';
	if (raised & FE_DIVBYZERO)
		text[1] = 'z';
	if (raised & FE_OVERFLOW)
		text[2] = 'o';
	if (raised & FE_UNDERFLOW)
		text[3] = 'u';
	if (raised & FE_INEXACT)
		text[4] = 'x';
	return text;
}

/* Long enough to be moved. */
static void wait_a_little(void)
{
	for (volatile int i = 0; i < 2000; i++)
		;
}

static int mode_of(const char *name)
{
	for (int i = 0; i < 4; i++)
		if (!strcmp(name, names[i]))
			return modes[i];
	return -1;
}

static void rounding(const char *name)
{
	CHECK(!fesetround(mode_of(name)));
	wait_a_little();
	CHECK(fegetround() == mode_of(name));
	printf("%s %d: %a %a %a %La", name, FLT_ROUNDS, one / three,
	       -one / three, 1 / third, 1 / quad_three);
	wait_a_little();
	printf(" %a %a %a %a", huge * ten, -huge * ten, tiny / huge,
	       (double)(float)(one / three));
	printf(" %g %g %ld %ld %g", rint(2.5), rint(-2.5), lrint(1.5),
	       lrint(-1.25), nearbyint(0.75));
	wait_a_little();
	printf(" %.2f %.1f %.0e %a %a", 0.125, 0.25, 12345.0,
	       strtod("0.1", NULL), (double)strtof("1e-46", NULL));
	printf(" %a %g %g %g\n", sqrt(2), floor(-0.5), ceil(0.5), round(2.5));
}

static void raised_by(const char *what, volatile double result)
{
	(void)result;
	wait_a_little();
	printf("%s %s\n", what, flags());
	feclearexcept(FE_ALL_EXCEPT);
}

static void exceptions(void)
{
	feclearexcept(FE_ALL_EXCEPT);
	raised_by("nothing", 0);
	raised_by("3/3", three / three);
	raised_by("1/3", one / three);
	raised_by("1/0", one / zero);
	raised_by("0/0", zero / zero);
	raised_by("max*10", huge * ten);
	raised_by("min/max", tiny / huge);
	raised_by("sqrt(-1)", sqrt(-one));
	raised_by("log(0)", log(zero));
	raised_by("exp(1000)", exp(1000 * one));
	raised_by("exp(-1000)", exp(-1000 * one));
	raised_by("float", (float)(one / ten));
	raised_by("nearbyint", nearbyint(0.5 * one));
	raised_by("rint", rint(0.5 * one));
	raised_by("fma", fma(huge, ten, -huge));
}

static void environments(void)
{
	fenv_t kept;
	fexcept_t some;

	CHECK(!fesetenv(FE_DFL_ENV));
	printf("default %d %s\n", fegetround() == FE_TONEAREST, flags());
	CHECK(!feraiseexcept(FE_DIVBYZERO | FE_INVALID));
	wait_a_little();
	printf("raised %s\n", flags());
	CHECK(!fegetexceptflag(&some, FE_DIVBYZERO));
	CHECK(!feclearexcept(FE_DIVBYZERO));
	wait_a_little();
	printf("cleared %s\n", flags());
	CHECK(!fesetexceptflag(&some, FE_DIVBYZERO));
	printf("set %s\n", flags());
	CHECK(!fesetround(FE_UPWARD));
	CHECK(!feholdexcept(&kept));
	wait_a_little();
	printf("held %s %d\n", flags(), fegetround() == FE_UPWARD);
	CHECK(!fesetround(FE_DOWNWARD));
	CHECK(!feraiseexcept(FE_INEXACT));
	CHECK(!feupdateenv(&kept));
	wait_a_little();
	printf("updated %s %d\n", flags(), fegetround() == FE_UPWARD);
	CHECK(fesetround(12345));
	CHECK(fegetround() == FE_UPWARD);
	CHECK(!fesetenv(FE_DFL_ENV));
}

static void *thread(void *argument)
{
	int mode = *(int *)argument;

	printf("inherited %d\n", fegetround() == FE_DOWNWARD);
	fesetround(mode);
	wait_a_little();
	CHECK(fegetround() == mode);
	feraiseexcept(FE_OVERFLOW);
	return NULL;
}

static void handler(int signal)
{
	(void)signal;
	fesetround(FE_TOWARDZERO);
	feraiseexcept(FE_INVALID);
	wait_a_little();
}

static void others(void)
{
	int mode = FE_UPWARD;
	pthread_t id;

	feclearexcept(FE_ALL_EXCEPT);
	CHECK(!fesetround(FE_DOWNWARD));
	CHECK(!pthread_create(&id, NULL, thread, &mode));
	CHECK(!pthread_join(id, NULL));
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	wait_a_little();
	CHECK(fegetround() == FE_DOWNWARD);
	printf("own %s\n", flags());
	CHECK(!fesetround(FE_TONEAREST));
}

int main(void)
{
	printf("start %d %s\n", fegetround() == FE_TONEAREST, flags());
	for (int i = 0; i < 4; i++)
		rounding(names[i]);
	CHECK(!fesetround(FE_TONEAREST));
	exceptions();
	environments();
	others();
	return 0;
}
