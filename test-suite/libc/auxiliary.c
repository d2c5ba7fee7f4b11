/*
 * getauxval(): what the system tells a program when it begins is the same on
 * every ISA, and stays what and where it was.  Of the machine it tells nothing
 * that another one could not do.
 *
 * MODES: usual spread spread-user links
 */
#include "check.h"
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static void poll(void)
{
	for (volatile int i = 0; i < 5; i++)
		;
}

static const unsigned long types[] = {
	AT_PAGESZ, AT_CLKTCK, AT_UID,	 AT_EUID,   AT_GID,
	AT_EGID,   AT_SECURE, AT_RANDOM, AT_EXECFN, AT_HWCAP};
#define TYPES (sizeof(types) / sizeof(types[0]))

/* errno says whether it is there. */
static unsigned long get(unsigned long type)
{
	unsigned long value;

	errno = 0;
	value = getauxval(type);
	CHECK(!errno || (errno == ENOENT && !value));
	return value;
}

int main(int argc, char **argv)
{
	unsigned long values[TYPES];
	unsigned char random[16], ones = 0;
	char name[500];

	for (size_t i = 0; i < TYPES; i++) {
		values[i] = get(types[i]);
		CHECK(!errno);
	}
	memcpy(random, (void *)getauxval(AT_RANDOM), 16);
	for (int i = 0; i < 16; i++)
		ones |= random[i];
	CHECK(ones);
	snprintf(name, sizeof(name), "%s", (char *)getauxval(AT_EXECFN));
	CHECK(argc == 1 && !strcmp(name, argv[0]) && !access(name, X_OK));
	for (int round = 0; round < 40; round++) {
		for (size_t i = 0; i < TYPES; i++) {
			poll();
			CHECK(get(types[i]) == values[i] && !errno);
		}
		CHECK(!memcmp((void *)getauxval(AT_RANDOM), random, 16));
		CHECK(!strcmp((char *)getauxval(AT_EXECFN), name));
		CHECK(getauxval(AT_UID) == getuid() &&
		      getauxval(AT_EUID) == geteuid() &&
		      getauxval(AT_GID) == getgid() &&
		      getauxval(AT_EGID) == getegid());
		CHECK(get(AT_NULL) == 0 && errno == ENOENT);
		CHECK(get(9999) == 0 && errno == ENOENT);
		CHECK(get(-1ul) == 0 && errno == ENOENT);
#ifndef PLAIN
		/* Neither its instructions nor its code. */
		CHECK(!getauxval(AT_HWCAP) && !get(AT_HWCAP2));
		CHECK(!get(AT_PLATFORM) && errno == ENOENT);
		CHECK(!get(AT_SYSINFO_EHDR) && errno == ENOENT);
		CHECK(!get(AT_ENTRY) && errno == ENOENT);
#endif
	}
	printf("page %lu tick %lu secure %lu\n", getauxval(AT_PAGESZ),
	       getauxval(AT_CLKTCK), getauxval(AT_SECURE));
	CHECK(getauxval(AT_PAGESZ) == (unsigned long)sysconf(_SC_PAGESIZE));
	CHECK(getauxval(AT_CLKTCK) == (unsigned long)sysconf(_SC_CLK_TCK));
	return 0;
}
