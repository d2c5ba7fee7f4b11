/*
 * Regular expressions, patterns, character sets, wide and multibyte text,
 * locales, times, sorting and splitting of strings: what plain musl answers.
 *
 * MODES: usual
 * SELF: 50
 */
#define _GNU_SOURCE
#include "check.h"
#include <ctype.h>
#include <fnmatch.h>
#include <iconv.h>
#include <langinfo.h>
#include <libgen.h>
#include <locale.h>
#include <regex.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <uchar.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

static void expressions(void)
{
	static const char *const patterns[] = {"^a(b*)c",
					       "([0-9]+)-([0-9]+)",
					       "x|yy|zzz",
					       "(a|ab)(c|bcd)(d*)",
					       "[[:alpha:]_][[:alnum:]_]*",
					       "(^|,)([^,]*)",
					       "a{2,3}(b|$)",
					       "\\bfoo",
					       "(",
					       "[z-a]",
					       "(a*)*b",
					       "((a)|(b))*"};
	static const char *const texts[] = {
		"abbbc", "12-345",  "zzzyy",
		"abcd",	 "  _id9 ", "one,two,,",
		"aaab",	 "éa",	    "aaaaaaaaaaaaaaaaaaaac",
		"abab"};
	char error[80];

	for (int p = 0; p < 12; p++)
		for (int flags = 0; flags < 4; flags++) {
			regex_t regex;
			int code = regcomp(&regex, patterns[p],
					   (flags & 1 ? REG_EXTENDED : 0) |
						   (flags & 2 ? REG_ICASE : 0));

			if (code) {
				regerror(code, &regex, error, sizeof(error));
				printf("%s: %s\n", patterns[p], error);
				continue;
			}
			for (int t = 0; t < 10; t++) {
				regmatch_t match[4];

				if (regexec(&regex, texts[t], 4, match, 0))
					continue;
				printf("%d/%d %d", p, flags, t);
				for (int i = 0; i < 4; i++)
					printf(" %d-%d", (int)match[i].rm_so,
					       (int)match[i].rm_eo);
				puts("");
			}
			regfree(&regex);
		}
}

static void patterns(void)
{
	static const char *const globs[] = {"*.c",   "[a-c]?", "[!a]*",
					    "a/*/c", "\\*",    "*[[:digit:]]",
					    "**",    "?é"};
	static const char *const names[] = {"x.c", "b1", "zz", "a/b/c",
					    "*",   "a9", ".c", "aé"};

	for (int g = 0; g < 8; g++)
		for (int n = 0; n < 8; n++)
			printf("%d%d%d ", !fnmatch(globs[g], names[n], 0),
			       !fnmatch(globs[g], names[n], FNM_PATHNAME),
			       !fnmatch(globs[g], names[n],
					FNM_PERIOD | FNM_NOESCAPE));
	puts("");
}

static void convert(const char *from, const char *to, const char *text,
		    size_t size)
{
	iconv_t cd = iconv_open(to, from);
	char out[100], *at = out, *in = (char *)text;
	size_t room = sizeof(out), done;

	if (cd == (iconv_t)-1) {
		printf("no %s to %s\n", from, to);
		return;
	}
	done = iconv(cd, &in, &size, &at, &room);
	printf("%s>%s %zd %zu:", from, to, done, size);
	for (char *c = out; c < at; c++)
		printf(" %02x", (unsigned char)*c);
	puts("");
	iconv_close(cd);
}

static void multibyte(void)
{
	const char *text = "aé€😀\xff";
	mbstate_t state = {0};
	wchar_t wide[10];
	char back[8];
	char16_t c16;
	size_t n;

	printf("%zu %d\n", MB_CUR_MAX, mblen(text + 1, 5));
	while (*text) {
		n = mbrtowc(wide, text, 4, &state);
		printf("%zd:%lx ", n, (long)*wide);
		if (n > 4)
			break;
		text += n;
	}
	printf("%zd ", wcrtomb(back, 0x20ac, &state));
	n = mbrtoc16(&c16, "😀", 4, &state);
	printf("%zd %x ", n, c16);
	n = mbrtoc16(&c16, "", 0, &state);
	printf("%zd %x\n", n, c16);
	printf("%d %d %d %lx %d\n", iswalpha(L'é'), iswupper(L'É'),
	       wcwidth(L'€'), (long)towupper(L'ß'), wcwidth(0x4e00));
	printf("%d %zu %ls\n", wcscoll(L"a", L"b"), wcsxfrm(wide, L"abc", 10),
	       wcsstr(L"one two", L"tw"));
}

static void times(void)
{
	static const char *const zones[] = {
		"UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0",
		"<+0530>-5:30"};
	static const time_t moments[] = {
		0,  1000000000, 1711846799, 1711846800,
		-1, 951782400,	4102444800, 67767976233532799};
	char text[200];

	for (int z = 0; z < 4; z++) {
		setenv("TZ", zones[z], 1);
		tzset();
		for (int i = 0; i < 8; i++) {
			struct tm tm, parsed = {0};

			CHECK(localtime_r(&moments[i], &tm));
			strftime(text, sizeof(text),
				 "%a %A %b %c %d %e %F %H %I %j %m %M %p %S %T "
				 "%u %U %V %G %w %W %x %X %y %Y %z %Z %s %%",
				 &tm);
			printf("%s %ld\n", text,
			       (long)(mktime(&tm) - moments[i]));
			strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
			if (i < 7 && strptime(text, "%Y-%m-%d %T", &parsed))
				printf("%ld %d\n", (long)timegm(&parsed),
				       parsed.tm_wday);
		}
	}
}

static void strings(void)
{
	char list[] = "a,b;;c", *save, *rest = list, path[] = "/usr//lib/",
	     copy[20];
	const char *text = "The quick brown fox";

	for (char *t = strtok_r(list, ",;", &save); t;
	     t = strtok_r(NULL, ",;", &save))
		printf("[%s]", t);
	strcpy(list, "x::y");
	while (rest)
		printf("<%s>", strsep(&rest, ":"));
	printf("%s %s\n", basename(path), dirname(path));
	printf("%zu %zu %s %s %d\n", strspn(text, "Theqk "), strcspn(text, "w"),
	       strpbrk(text, "xb"), strcasestr(text, "BROWN"),
	       strncasecmp("ABCd", "abce", 3));
	printf("%d %d %s %zu\n", strverscmp("a10", "a9") > 0,
	       strcoll("a", "B") > 0, strchrnul(text, 'z'),
	       strlcpy(copy, text, sizeof(copy)));
	printf("%s %s\n", nl_langinfo(CODESET), nl_langinfo(MON_3));
	printf("%s\n", (char *)memmem(text, 19, "fox", 3));
	swab("abcdef", copy, 6);
	printf("%.6s %s\n", copy, strsignal(9));
}

int main(void)
{
	locale_t c, utf8;

	CHECK(setlocale(LC_ALL, "C.UTF-8"));
	for (int i = 0; i < 2; i++) {
		expressions();
		patterns();
		convert("UTF-8", "UTF-16LE", "a\xc3\xa9\xf0\x9f\x98\x80", 7);
		convert("ISO-8859-15", "UTF-8", "\xa4 \xe9", 3);
		convert("UTF-8", "US-ASCII", "\xc3\xa9x", 3);
		convert("SHIFT_JIS", "UTF-8", "\x93\xfa\x96\x7b", 4);
		convert("UTF-32BE", "UTF-8", "\0\0\x20\xac", 4);
		multibyte();
		times();
		strings();
	}
	c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", duplocale(c));
	uselocale(c);
	printf("%zu ", MB_CUR_MAX);
	uselocale(utf8);
	printf("%zu %s\n", MB_CUR_MAX, setlocale(LC_ALL, NULL));
	uselocale(LC_GLOBAL_LOCALE);
	freelocale(c);
	freelocale(utf8);
	return 0;
}
