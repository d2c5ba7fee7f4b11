/*
 * What a program has set of its locale, and how far it has come in multibyte
 * text, stays over moves: the global locale and the thread's, MB_CUR_MAX,
 * nl_langinfo, shift states of mbrtowc and mbrtoc16, of libc's own too, and
 * conversions of iconv in the middle of a character.
 *
 * MODES: usual spread spread-user links
 * CFLAGS: -pthread
 */
#define _GNU_SOURCE
#include "check.h"
#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uchar.h>
#include <wchar.h>
#include <wctype.h>

static void poll(void)
{
	for (volatile int i = 0; i < 5; i++)
		;
}

/* What the present locale makes of two bytes that are one letter. */
static void say(const char *title)
{
	wchar_t wide = 0;
	int length;

	poll();
	mblen(NULL, 0);
	length = mbtowc(&wide, "\xc3\xa9", 2);
	poll();
	printf("%s: %zu %s %d %lx %d %d\n", title, MB_CUR_MAX,
	       nl_langinfo(CODESET), length, (long)wide, iswalpha(0xe9),
	       wctob(0xe9) != EOF);
}

static void global(void)
{
	struct lconv *conventions;

	say("C");
	CHECK(setlocale(LC_CTYPE, "C.UTF-8"));
	say("UTF-8");
	printf("%s\n", setlocale(LC_ALL, NULL));
	CHECK(setlocale(LC_MESSAGES, "xx_YY"));
	poll();
	printf("%s %s\n", setlocale(LC_MESSAGES, NULL),
	       setlocale(LC_ALL, NULL));
	/* The environment decides for those that are not set. */
	CHECK(!unsetenv("LC_ALL") && !unsetenv("LC_CTYPE") &&
	      !unsetenv("LC_TIME") && !setenv("LANG", "de_DE.UTF-8", 1));
	CHECK(setlocale(LC_TIME, ""));
	poll();
	printf("%s %s %s %s\n", setlocale(LC_TIME, NULL), nl_langinfo(DAY_1),
	       nl_langinfo(D_T_FMT), nl_langinfo(RADIXCHAR));
	CHECK(!setlocale(99, "C"));
	conventions = localeconv();
	poll();
	printf("'%s' '%s' '%s'\n", conventions->decimal_point,
	       conventions->thousands_sep, conventions->grouping);
	CHECK(setlocale(LC_ALL, "C"));
	say("C again");
	printf("%s\n", setlocale(LC_ALL, NULL));
}

static void of_thread(void)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0), utf8, copy;

	utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", duplocale(c));
	CHECK(c && utf8 && uselocale((locale_t)0) == LC_GLOBAL_LOCALE);
	CHECK(uselocale(utf8) == LC_GLOBAL_LOCALE);
	say("thread's");
	/* The global one is still C. */
	poll();
	CHECK(uselocale((locale_t)0) == utf8);
	printf("%s %s\n", setlocale(LC_CTYPE, NULL), nl_langinfo_l(CODESET, c));
	copy = duplocale(utf8);
	CHECK(uselocale(copy) == utf8);
	freelocale(utf8);
	say("copy");
	CHECK(uselocale(c) == copy);
	say("thread's C");
	CHECK(setlocale(LC_ALL, "C.UTF-8"));
	say("thread's C, not the global one");
	CHECK(uselocale(LC_GLOBAL_LOCALE) == c);
	say("global");
	printf("%d %d %s\n", isalpha_l(0xe9, copy), towupper_l(0xe9, copy),
	       strerror_l(EINVAL, copy));
	freelocale(copy);
	freelocale(c);
}

static void *thread(void *argument)
{
	locale_t mine = newlocale(LC_ALL_MASK, argument, (locale_t)0);
	size_t expected = uselocale(mine) == LC_GLOBAL_LOCALE ? MB_CUR_MAX : 0;

	for (int i = 0; i < 30; i++) {
		poll();
		CHECK(MB_CUR_MAX == expected && uselocale(NULL) == mine);
	}
	uselocale(LC_GLOBAL_LOCALE);
	freelocale(mine);
	return (void *)expected;
}

static void two_threads(void)
{
	pthread_t one, two;
	void *first, *second;

	CHECK(!pthread_create(&one, NULL, thread, "C"));
	CHECK(!pthread_create(&two, NULL, thread, "C.UTF-8"));
	CHECK(!pthread_join(one, &first) && !pthread_join(two, &second));
	printf("threads: %d %d\n", (int)(long)first, (int)(long)second);
}

/* Byte by byte, elsewhere in the middle of each character. */
static void multibyte(void)
{
	static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
	mbstate_t state = {0}, copy;
	wchar_t wide;
	char16_t unit;
	char32_t whole;
	char out[MB_LEN_MAX];
	size_t n;

	for (const char *c = text; *c; c++) {
		n = mbrtowc(&wide, c, 1, &state);
		poll();
		printf("%zd%s ", n, mbsinit(&state) ? "" : "+");
		if (n == 1)
			printf("%lx ", (long)wide);
	}
	puts("");
	/* Of libc's own state, and that of another function. */
	for (const char *c = text; *c; c++) {
		n = mbrtowc(&wide, c, 1, NULL);
		poll();
		printf("%zd %zd ", n, mbrlen(c, 1, NULL));
		poll();
	}
	puts("");
	for (const char *c = text; *c;) {
		n = mbrtoc16(&unit, c, strlen(c), &state);
		poll();
		printf("%zd:%x%s ", n, unit, mbsinit(&state) ? "" : "+");
		c += (ssize_t)n > 0 ? n : 0;
	}
	puts("");
	CHECK(mbrtoc32(&whole, "\xf0\x9f", 2, &state) == (size_t)-2);
	poll();
	copy = state;
	CHECK(mbrtoc32(&whole, "\x98\x80", 2, &state) == 2);
	poll();
	CHECK(mbrtoc32(&whole, "\x98\x81", 2, &copy) == 2);
	printf("%lx\n", (unsigned long)whole);
	CHECK(!c16rtomb(out, 0xd83d, &state) && !mbsinit(&state));
	poll();
	n = c16rtomb(out, 0xde00, &state);
	printf("%zd %02x%02x%02x%02x\n", n, out[0] & 255, out[1] & 255,
	       out[2] & 255, out[3] & 255);
	CHECK(mbrtowc(&wide, "\xe2", 1, &state) == (size_t)-2);
	poll();
	errno = 0;
	CHECK(mbrtowc(&wide, "x", 1, &state) == (size_t)-1 && errno == EILSEQ);
}

static void conversion(void)
{
	iconv_t cd = iconv_open("UTF-16", "UTF-8");
	char in[] = "\xc3\xa9\xe2\x82\xacz", out[64], *to = out, *from = in;
	size_t room = sizeof(out);

	CHECK(cd != (iconv_t)-1);
	for (size_t part = 1; from < in + 6; part++) {
		size_t left = part < (size_t)(in + 6 - from)
				      ? part
				      : (size_t)(in + 6 - from);
		size_t before = left,
		       done = iconv(cd, &from, &left, &to, &room);

		poll();
		printf("%zd/%zu ", done, before - left);
		if (done != (size_t)-1 || before != left)
			part = 0;
	}
	for (char *c = out; c < to; c++)
		printf("%02x", *c & 255);
	puts("");
	CHECK(!iconv_close(cd));
	/* A state that says which set of characters is meant. */
	cd = iconv_open("UTF-8", "ISO-2022-JP");
	if (cd == (iconv_t)-1) {
		puts("no ISO-2022-JP");
		return;
	}
	from = "\033$BF|K\\\033(B.";
	to = out;
	room = sizeof(out);
	for (size_t length = strlen(from), part = 1; length;) {
		size_t left = part, done = iconv(cd, &from, &left, &to, &room);

		poll();
		length -= part - left;
		part = done == (size_t)-1 && left == part ? part + 1 : 1;
		CHECK(part < 9);
	}
	printf("%.*s\n", (int)(to - out), out);
	CHECK(!iconv_close(cd));
}

int main(void)
{
	global();
	of_thread();
	two_threads();
	CHECK(setlocale(LC_ALL, "C.UTF-8"));
	for (int i = 0; i < 3; i++) {
		multibyte();
		conversion();
	}
	return 0;
}
