/*
 * Numbers to text and back: strtod and strtol on hard cases, printf of all
 * conversions with flags, widths and precisions, <inttypes.h>, long double.
 *
 * REFERENCE: aarch64
 * MODES: native verify self qemu move
 * CFLAGS: -w
 */
#include "check.h"
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <wchar.h>

static uint64_t hash;

static void add(const char *text)
{
	while (*text)
		hash = mix(hash, (unsigned char)*text++);
}

static void say(const char *format, ...)
{
	char text[6000];
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	CHECK(length == (int)strlen(text));
	add(text);
}

static const char *const reals[] = {
	"0",
	"-0",
	"1",
	"1e",
	"1e+",
	".5e-3",
	"0x1.8p3",
	"0x.1p-1074",
	"2.2250738585072011e-308",
	"2.2250738585072014e-308",
	"4.9406564584124654e-324",
	"2.4703282292062327e-324",
	"1.7976931348623157e308",
	"1.7976931348623159e308",
	"1e400",
	"-1e-400",
	"9007199254740993",
	"9007199254740992.999999999999999999999",
	"0.1",
	"3.4028235e38",
	"1.17549435e-38",
	"7.0e-46",
	"inf",
	"-INFINITY",
	"nan(123)",
	"nanq",
	"123456789012345678901234567890e-10",
	"0x1p",
	"0x1.fffffffffffff8p0",
	"0x1.00000000000008p0",
	"1.00000005960464477539",
	"1.18973149535723176508575932662800702e4932",
	"3.36210314311209350626267781732175260e-4932",
	"  +12.5xyz",
	"1,5",
	"179769313486231580793728971405301e276",
	"5e-4951",
	"1e-5000"};

static void parse(void)
{
	for (size_t i = 0; i < sizeof(reals) / sizeof(*reals); i++) {
		char *end, *end_f, *end_l;
		double d;
		float f;
		long double l;

		errno = 0;
		d = strtod(reals[i], &end);
		say("%d ", errno);
		f = strtof(reals[i], &end_f);
		errno = 0;
		l = strtold(reals[i], &end_l);
		printf("%s: %a %a %La %d %td %td\n", reals[i], d, f, l, errno,
		       end - reals[i], end_l - end);
		say("%.*e %.*g %.*f %.40Lg", (int)i, d, (int)i % 20, f,
		    (int)i % 9, fabs(d) < 1e20 ? d : 1, l);
	}
}

static const char *const integers[] = {"0",
				       "-1",
				       "+077",
				       "0x",
				       "0xfFz",
				       "9223372036854775807",
				       "9223372036854775808",
				       "-9223372036854775809",
				       "18446744073709551616",
				       "zz",
				       "-zz",
				       "  12 ",
				       "0b11",
				       "2147483648",
				       "4294967296",
				       ""};

static void parse_integers(void)
{
	static const int bases[] = {0, 2, 8, 10, 16, 36};

	for (size_t i = 0; i < sizeof(integers) / sizeof(*integers); i++)
		for (int b = 0; b < 6; b++) {
			char *end;
			wchar_t wide[40], *wide_end;

			errno = 0;
			say("%ld", strtol(integers[i], &end, bases[b]));
			say("%d%td", errno, end - integers[i]);
			errno = 0;
			say("%llu", strtoull(integers[i], &end, bases[b]));
			say("%d%td", errno, end - integers[i]);
			say("%jd", strtoimax(integers[i], NULL, bases[b]));
			mbstowcs(wide, integers[i], 40);
			say("%ld", wcstol(wide, &wide_end, bases[b]));
			say("%d", atoi(integers[i]));
		}
	printf("%016llx\n", (unsigned long long)hash);
}

static void formats(void)
{
	static const char *const flags[] = {"",	 "-", "0",   "+",
					    " ", "#", "-+#", "0 #"};
	static const char *const kinds[] = {"d", "i", "u", "o", "x", "X"};
	static const char *const floats[] = {"f", "e", "g", "a", "F", "G", "A"};
	static const double values[] = {
		0,	   -0.0,	 1.5,	-2.5,	  1e10, 1.0 / 3,
		123456789, 9.9999999e-5, 1e300, INFINITY, NAN,	5e-324};
	char format[40];

	for (int f = 0; f < 8; f++)
		for (int width = 0; width < 3; width++)
			for (int precision = -1; precision < 18;
			     precision += 6) {
				for (int k = 0; k < 6; k++) {
					sprintf(format, "%%%s%.0d.%dl%s|",
						flags[f], width * 9,
						precision < 0 ? 1 : precision,
						kinds[k]);
					say(format, -123456789012l);
					sprintf(format, "%%%s%.0dhh%s|%%%s*%s",
						flags[f], width * 5, kinds[k],
						flags[f], kinds[k]);
					say(format, 300, width * 3, 0);
				}
				for (int k = 0; k < 7; k++)
					for (int v = 0; v < 12; v++) {
						sprintf(format,
							"%%%s%.0d.%d%s|%%%sL%s",
							flags[f], width * 11,
							precision < 0
								? 6
								: precision,
							floats[k], flags[f],
							floats[k]);
						say(format, values[v],
						    (long double)values[v] * 3);
					}
			}
	printf("%016llx\n", (unsigned long long)hash);
	printf("%5s|%-5s|%.2s|%5.1s|%c|%%|%p|%n\n", "ab", "ab", "abc", "xyz",
	       'c', (void *)0x1234, &(int){0});
	printf("%3$s %1$d %2$*4$d\n", 1, 2, "three", 5);
	printf("%" PRId8 " %" PRIu64 " %" PRIxMAX " %zd %td %jd\n", (int8_t)-5,
	       UINT64_MAX, UINTMAX_MAX, (size_t)7, (ptrdiff_t)-8, INTMAX_MIN);
	printf("%.500f\n%.1000g\n", 5e-324, DBL_MAX);
	printf("%.4933Lf\n", LDBL_MAX);
	printf("%ls %lc %5.2ls|\n", L"wide", L'w', L"wxyz");
}

int main(void)
{
	parse();
	parse_integers();
	formats();
	return 0;
}
