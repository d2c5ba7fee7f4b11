/*
 * Streams keep their state over moves: positions, pushed-back characters,
 * buffers of the program's own, memory streams, orientation, errors; scanf of
 * all kinds; errno.
 *
 * MODES: usual spread spread-user links
 */
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

static void poll(void)
{
	for (volatile int i = 0; i < 5; i++)
		;
}

static void positions(void)
{
	static char buffer[64];
	FILE *file = fopen("positions", "w+");
	char line[40];
	fpos_t middle;

	CHECK(file && !setvbuf(file, buffer, _IOFBF, sizeof(buffer)));
	for (int i = 0; i < 50; i++) {
		fprintf(file, "%03d:line\n", i);
		poll();
	}
	CHECK(!fseek(file, 18 * 10, SEEK_SET) && !fgetpos(file, &middle));
	CHECK(fgets(line, sizeof(line), file));
	fputs(line, stdout);
	CHECK(ungetc('#', file) == '#' && ftell(file) == 18 * 10 + 8);
	poll();
	CHECK(getc(file) == '#' && fgets(line, sizeof(line), file));
	fputs(line, stdout);
	CHECK(!fsetpos(file, &middle) && fwrite("XYZ", 1, 3, file) == 3);
	poll();
	CHECK(!fflush(file) && !fseeko(file, -9, SEEK_END));
	CHECK(fgets(line, sizeof(line), file) && getc(file) == EOF);
	printf("%s%d %d ", line, !!feof(file), !!ferror(file));
	clearerr(file);
	rewind(file);
	for (int i = 0; i < 23 && fgets(line, sizeof(line), file); i++)
		poll();
	printf("%s%ld\n", line, ftell(file));
	CHECK(!fclose(file) && !unlink("positions"));
}

static void memory(void)
{
	char *text, fixed[32] = "fixed text", *line = NULL;
	wchar_t *wide;
	size_t size, room = 0;
	FILE *file = open_memstream(&text, &size);

	for (int i = 0; i < 30; i++) {
		fprintf(file, "%d,", i * i);
		poll();
	}
	fflush(file);
	printf("%zu %s\n", size, text);
	fseek(file, 4, SEEK_SET);
	fputs("####", file);
	fclose(file);
	printf("%zu %s\n", size, text);
	file = fmemopen(text, size, "r");
	while (getdelim(&line, &room, ',', file) > 0) {
		printf("[%s]", line);
		poll();
	}
	puts("");
	fclose(file);
	free(line);
	free(text);
	file = fmemopen(fixed, sizeof(fixed), "r+");
	fseek(file, 6, SEEK_SET);
	fprintf(file, "%x", 0xbeef);
	fclose(file);
	puts(fixed);
	file = open_wmemstream(&wide, &size);
	fwprintf(file, L"%ls %lc %d", L"wide \u00e4", L'\u20ac', 5);
	poll();
	fclose(file);
	printf("%zu %ls\n", size, wide);
	free(wide);
}

static void scans(void)
{
	static const char text[] =
		" -17 0x1f 077 1e10 abc[x] 3.25e-2 nan %5 words till, end é";
	int a, b, c, read, count;
	double d, e;
	float f;
	char set[10], word[10], *allocated, third[3];
	wchar_t wide[8];

	count = sscanf(text, "%d%i%o%le %4[a-c[]%*[x]]%f%lf%%5 %ms %*s", &a, &b,
		       &c, &d, set, &f, &e, &allocated);
	printf("%d %d %d %d %g %s %g\n", count, a, b, c, d, set, f);
	count = sscanf("12:34:56.789 rest", "%2d:%2d:%lf%n %3c", &a, &b, &e,
		       &read, third);
	printf("%d %d %d %.3f %d %.3s\n", count, a, b, e, read, third);
	count = sscanf("255 ff -1 q", "%hhu %hx %lld %1[pq]%ls",
		       (unsigned char *)set, (unsigned short *)word,
		       (long long *)&d, third, wide);
	printf("%d %d %d %s\n", count, (unsigned char)set[0],
	       *(unsigned short *)word, third);
	count = sscanf("é€x", "%2ls", wide);
	printf("%d %lx %lx\n", count, (long)wide[0], (long)wide[1]);
	printf("%d %d\n", sscanf("", "%d", &a), sscanf("x", "%d", &a));
}

static void errors(void)
{
	FILE *file;

	errno = 0;
	file = fopen("/nonexistent/file", "r");
	poll();
	printf("%d %s\n", !file, strerror(errno));
	errno = ERANGE;
	poll();
	printf("%d %m\n", errno);
	file = fopen("/dev/full", "w");
	CHECK(file);
	fputs("text", file);
	printf("%d ", fflush(file));
	poll();
	printf("%d %s\n", !!ferror(file), strerror(errno));
	fclose(file);
	errno = 0;
	CHECK(read(-1, NULL, 0) == -1);
	poll();
	perror("read");
	psignal(11, "signal");
}

int main(void)
{
	CHECK(setlocale(LC_ALL, "C.UTF-8"));
	setvbuf(stdout, NULL, _IOFBF, 100);
	setvbuf(stderr, NULL, _IONBF, 0);
	for (int i = 0; i < 5; i++) {
		positions();
		memory();
		scans();
	}
	fflush(stdout);
	errors();
	printf("%d %d\n", fwide(stdout, 0), fwide(stdin, 0));
	wprintf(L"not on a byte stream\n");
	return 0;
}
