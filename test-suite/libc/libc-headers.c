/*
 * Small headers of the C library, each used for what it is for: the order of
 * bytes, what a stream has buffered, sizes of malloc, paths, exit statuses,
 * limits under their old names, messages of another language, system calls.
 *
 * MODES: usual spread spread-user links
 * CFLAGS: -Wno-#warnings
 */
#define _GNU_SOURCE
#include "check.h"
#include <byteswap.h>
#include <endian.h>
#include <errno.h>
#include <features.h>
#include <libintl.h>
#include <limits.h>
#include <locale.h>
#include <malloc.h>
#include <memory.h>
#include <paths.h>
#include <signal.h>
#include <stdio_ext.h>
#include <stropts.h>
#include <syscall.h>
#include <sysexits.h>
#include <unistd.h>
#include <values.h>
#include <wait.h>

static volatile int three = 3;

static void poll(void)
{
	for (volatile int i = 0; i < 5; i++)
		;
}

static void bytes(void)
{
	static const unsigned char memory[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	volatile uint64_t value = 0x0123456789abcdefull;
	uint16_t two;
	uint32_t four;
	uint64_t eight;

	memcpy(&two, memory, 2);
	memcpy(&four, memory, 4);
	memcpy(&eight, memory, 8);
	poll();
	printf("%x %lx %llx\n", bswap_16((uint16_t)value),
	       (unsigned long)bswap_32((uint32_t)value),
	       (unsigned long long)bswap_64(value));
	printf("%x %x %llx\n", be16toh(two), be32toh(four),
	       (unsigned long long)be64toh(eight));
	printf("%x %x %llx\n", le16toh(two), le32toh(four),
	       (unsigned long long)le64toh(eight));
	printf("%x %x %llx\n", htobe16(0x102), htobe32(0x1020304),
	       (unsigned long long)htobe64(value));
	printf("%x %x %llx\n", htole16(0x102), htole32(0x1020304),
	       (unsigned long long)htole64(value));
	printf("%d %d %d %d\n", BYTE_ORDER, LITTLE_ENDIAN, BIG_ENDIAN,
	       PDP_ENDIAN);
}

static void buffers(void)
{
	FILE *file = fopen("stream", "w+");
	char line[40];
	size_t size;

	CHECK(file);
	printf("%zu %d %d\n", __fpending(file), !!__freadable(file),
	       !!__fwritable(file));
	fputs("pending\nmore\n", file);
	poll();
	printf("%zu %d %d %d %zu\n", __fpending(file), !!__fwriting(file),
	       !!__freading(file), !!__flbf(file), __fbufsize(file));
	_flushlbf();
	CHECK(!fflush(file) && !__fpending(file));
	fputs("lost", file);
	poll();
	__fpurge(file);
	CHECK(!__fpending(file));
	rewind(file);
	CHECK(fgets(line, sizeof(line), file));
	poll();
	CHECK(__freading(file) && !__fwriting(file));
	{
		const char *ahead = __freadptr(file, &size);

		CHECK(ahead && size == 5 && !memcmp(ahead, "more\n", 5));
		__freadptrinc(file, 2);
	}
	CHECK(fgets(line, sizeof(line), file));
	printf("%s", line);
	CHECK(!fgets(line, sizeof(line), file) && feof(file));
	printf("%d\n", __fsetlocking(file, FSETLOCKING_BYCALLER));
	__fseterr(file);
	poll();
	CHECK(ferror(file));
	fclose(file);
	file = fopen("stream", "r");
	CHECK(file && __freadable(file) && !__fwritable(file));
	CHECK(!setvbuf(file, line, _IOLBF, sizeof(line)));
	poll();
	printf("%d\n", !!__flbf(file));
	fclose(file);
	unlink("stream");
}

static void memory(void)
{
	char *blocks[40], *volatile nothing;

	for (size_t i = 0; i < 40; i++) {
		size_t size = i * i * 30 + 1, usable;

		blocks[i] = i & 1 ? malloc(size) : memalign(64, size);
		CHECK(blocks[i]);
		CHECK(i & 1 || !((uintptr_t)blocks[i] & 63));
		usable = malloc_usable_size(blocks[i]);
		CHECK(usable >= size);
		memset(blocks[i], (int)i, usable); /* it is all ours */
		poll();
		CHECK(malloc_usable_size(blocks[i]) == usable);
	}
	for (size_t i = 0; i < 40; i++) {
		size_t usable = malloc_usable_size(blocks[i]);

		for (size_t at = 0; at < usable; at += 499)
			CHECK(blocks[i][at] == (char)i);
		CHECK(blocks[i][usable - 1] == (char)i);
		free(blocks[i]);
	}
	CHECK(malloc_usable_size(NULL) == 0);
	CHECK(!((uintptr_t)(blocks[0] = memalign(4096, 10)) & 4095));
	free(blocks[0]);
	nothing = memalign((size_t)three, 8);
	CHECK(!nothing);
	CHECK(memccpy(blocks, "ab;cd", ';', 5) == (char *)blocks + 3);
}

/* Without a catalogue each message is its own translation. */
static void messages(void)
{
	const char *text = "a message";

	CHECK(!strcmp(textdomain(NULL), "messages"));
	CHECK(bindtextdomain("suite", "/nonexistent") && textdomain("suite"));
	poll();
	printf("%s %s\n", textdomain(NULL), bindtextdomain("suite", NULL));
	CHECK(gettext(text) == text && dgettext("other", text) == text);
	CHECK(dcgettext("suite", text, LC_MESSAGES) == text);
	for (unsigned long n = 0; n < 3; n++) {
		poll();
		printf("%s ", ngettext("one", "many", n));
	}
	printf("%s\n", dngettext("other", "one", "many", 1));
	CHECK(!bindtextdomain("never bound", NULL));
	CHECK(bind_textdomain_codeset("suite", "UTF-8") == NULL);
	errno = 0;
	CHECK(!bind_textdomain_codeset("suite", "ASCII") && errno == EINVAL);
}

static void calls(void)
{
	long pid = syscall(SYS_getpid);
	char text[8] = "";
	int fd;

	for (int i = 0; i < 10; i++) {
		poll();
		CHECK(syscall(SYS_getpid) == pid && pid == getpid());
		CHECK(syscall(SYS_getppid) == getppid());
	}
	fd = (int)syscall(SYS_openat, -100, "called", 0102, 0600);
	CHECK(fd >= 0 && syscall(SYS_write, fd, "written", 7) == 7);
	poll();
	CHECK(syscall(SYS_lseek, fd, 3, SEEK_SET) == 3 &&
	      syscall(SYS_read, fd, text, 8) == 4);
	CHECK(!syscall(SYS_close, fd) &&
	      !syscall(SYS_unlinkat, -100, "called", 0));
	errno = 0;
	CHECK(syscall(SYS_read, -1, text, 1) == -1 && errno == EBADF);
	errno = 0;
	CHECK(syscall(5000) == -1 && errno == ENOSYS);
	/* No stream of System V's. */
	errno = 0;
	CHECK(isastream(0) == 0 && isastream(-1) == -1 && errno == EBADF);
	printf("%s %x %x\n", text, (unsigned)I_PUSH, (unsigned)I_STR);
}

static void names(void)
{
	printf("%s %s %s %s %s %s\n", _PATH_BSHELL, _PATH_DEVNULL, _PATH_TMP,
	       _PATH_CONSOLE, _PATH_SHELLS, _PATH_DEFPATH);
	CHECK(!access(_PATH_BSHELL, X_OK) && !access(_PATH_DEVNULL, W_OK) &&
	      _PATH_TMP[sizeof(_PATH_TMP) - 2] == '/');
	printf("%d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d\n", EX_OK,
	       EX__BASE, EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_NOUSER, EX_NOHOST,
	       EX_UNAVAILABLE, EX_SOFTWARE, EX_OSERR, EX_OSFILE, EX_CANTCREAT,
	       EX_IOERR, EX_TEMPFAIL, EX_NOPERM, EX_CONFIG);
	printf("%d %d %d %ld %zu %zu %zu\n", MAXSHORT, MINSHORT, MAXINT,
	       MAXLONG, CHARBITS, INTBITS, LONGBITS);
	printf("%a %a %a %a\n", (double)MAXFLOAT, (double)MINFLOAT, MAXDOUBLE,
	       MINDOUBLE);
	printf("%d %d %d\n", FMAXEXP, DMINEXP, DMAXEXP);
	CHECK(MINLONG == LONG_MIN && MININT == INT_MIN);
#ifndef _FEATURES_H
#error "features.h is not musl's"
#endif
#ifdef __GLIBC__
#error "it is not glibc"
#endif
	/* What wait() says. */
	printf("%d %d %d %d %d\n", WIFEXITED(0x300), WEXITSTATUS(0x300),
	       WIFSIGNALED(SIGKILL), WTERMSIG(SIGKILL), WSTOPSIG(0x137f));
	printf("%d %d %d\n", !!WIFSTOPPED(0x137f), !!WIFCONTINUED(0xffff),
	       !!WCOREDUMP(0x86));
}

int main(void)
{
	for (int i = 0; i < 2; i++) {
		bytes();
		buffers();
		memory();
		calls();
	}
	messages();
	names();
	return EX_OK;
}
