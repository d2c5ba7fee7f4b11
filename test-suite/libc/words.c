/*
 * Words of a command line and of the language: getopt and its long form,
 * getsubopt, wordexp, glob, err and warn, and the headers of macros alone:
 * <tgmath.h>, <iso646.h>, <stdbool.h>, <assert.h>, <tar.h>, <cpio.h>,
 * <stdnoreturn.h>, queues and bits of <sys/...>.
 *
 * MODES: native verify self qemu move
 * CFLAGS: -w
 * REFERENCE: aarch64
 */
#define _GNU_SOURCE
#include "check.h"
#include <assert.h>
#include <complex.h>
#include <cpio.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <iso646.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/param.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <tar.h>
#include <tgmath.h>
#include <unistd.h>
#include <wordexp.h>

static void spin(void)
{
	for (volatile int i = 0; i < 20; i++)
		;
}

static void options(void)
{
	static char *const lines[][9] = {
		{"p", "-ab", "-c", "value", "rest"},
		{"p", "-cvalue", "--", "-a"},
		{"p", "first", "-a", "second", "-x"},
		{"p", "-c"},
		{"p", "--long", "--with=7", "--opt", "--no-such", "-a"},
		{"p", "--lo", "--with", "8", "--opt=9", "x", "-b"},
	};
	static const struct option longs[] = {
		{"long", no_argument, NULL, 'l'},
		{"with", required_argument, NULL, 'w'},
		{"opt", optional_argument, NULL, 'o'},
		{0}};

	opterr = 0;
	for (int l = 0; l < 6; l++)
		for (int form = 0; form < 2; form++) {
			char *argv[9];
			int argc = 0, c;

			while (lines[l][argc])
				argc++;
			memcpy(argv, lines[l], sizeof(argv));
			optind = 0;
			while ((c = form ? getopt_long(argc, argv,
						       "abc:", longs, NULL)
					 : getopt(argc, argv, ":abc:")) != -1) {
				spin();
				printf("%c:%s ", c, optarg ? optarg : "-");
			}
			printf("| %d", optind);
			for (int i = optind; i < argc; i++)
				printf(" %s", argv[i]);
			puts("");
		}
}

static void words(void)
{
	static const char *const texts[] = {"one 'two three' \"four  $X\"",
					    "~/x",
					    "$((1+2)) `echo sub`",
					    "$UNSET-${X:-no}",
					    "a|b",
					    "\\$X"};
	static char *const tokens[] = {"ro", "size", NULL};
	char *text = strdup("size=5,ro,other=1"), *value;
	wordexp_t list;
	glob_t names;
	FILE *file;

	setenv("X", "ex", 1);
	setenv("HOME", "/home/me", 1);
	for (int i = 0; i < 6; i++) {
		int error = wordexp(texts[i], &list, 0);

		spin();
		printf("%d", error);
		for (size_t n = 0; not error and n < list.we_wordc; n++)
			printf(" <%s>", list.we_wordv[n]);
		puts("");
		if (not error)
			wordfree(&list);
	}
	while (*text) {
		int n = getsubopt(&text, tokens, &value);

		printf("%d=%s ", n, value ? value : "-");
	}
	puts("");
	for (int i = 0; i < 3; i++) {
		char name[] = "file0.c";

		name[4] += i;
		file = fopen(name, "w");
		fclose(file);
	}
	CHECK(not glob("file[01].?", GLOB_MARK, NULL, &names));
	CHECK(not glob("{*2.c,none}", GLOB_APPEND | GLOB_NOCHECK, NULL,
		       &names));
	for (size_t i = 0; i < names.gl_pathc; i++)
		printf("%s ", names.gl_pathv[i]);
	puts("");
	globfree(&names);
	CHECK(glob("*.none", 0, NULL, &names) == GLOB_NOMATCH);
}

static jmp_buf back;

static void on_abort(int signal)
{
	longjmp(back, signal);
}

static void ends(void)
{
	static const char *const how[] = {"err", "errx", "assert", "warn"};

	dup2(1, 2);
	for (int i = 0; i < 4; i++) {
		int status;

		fflush(stdout);
		if (not fork()) {
			program_invocation_name = "program";
			program_invocation_short_name = "program";
			errno = ENOENT;
			if (i == 0)
				err(3, "%d", i);
			if (i == 1)
				errx(4, "%d", i);
			if (i == 2) {
				signal(SIGABRT, on_abort);
				if (setjmp(back))
					_exit(9);
				assert(i == 7);
			}
			warn("%s", how[i]);
			warnx("%s", how[i]);
			_exit(6);
		}
		wait(&status);
		printf("%s %d\n", how[i], WEXITSTATUS(status));
	}
}

static noreturn void leave(void)
{
	longjmp(back, 3);
}

#define SIZE(e) (int)sizeof(e)

static void macros(void)
{
	float f = 2;
	double d = 2;
	long double l = 2;
	float complex c = 3 + 4 * I;
	struct timeval a = {5, 900000}, b = {2, 200000}, r;
	bool yes = 5, no = not yes;

	printf("%d %d %d %d %d\n", SIZE(sqrt(f)), SIZE(sqrt(d)), SIZE(sqrt(l)),
	       SIZE(fabs(c)), SIZE(pow(f, 2)));
	printf("%a %a %La %a\n", sin(f), exp(d), log(l), fabs(c));
	printf("%a %d %d\n", (double)creal(sqrt(c)), yes, no);
	printf("%d %d %d %d\n", 5 bitand 3, 5 bitor 3, 5 xor 3, compl 5);
	timeradd(&a, &b, &r);
	printf("%ld.%06ld ", (long)r.tv_sec, (long)r.tv_usec);
	timersub(&a, &b, &r);
	printf("%ld.%06ld %d\n", (long)r.tv_sec, (long)r.tv_usec,
	       timercmp(&a, &b, >));
	printf("%u %u %d %s %o %c\n", major(makedev(8, 17)),
	       minor(makedev(8, 300)), howmany(10, 4), TMAGIC, C_ISDIR,
	       DIRTYPE);
	if (not setjmp(back))
		leave();
	puts("left");
}

int main(void)
{
	options();
	words();
	ends();
	macros();
	return 0;
}
