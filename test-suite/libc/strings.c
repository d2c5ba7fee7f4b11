/* String and memory functions, also through pointers kept over moves. */
#include "check.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

static size_t (*volatile length)(const char *) = strlen;
static void *(*copy)(void *, const void *, size_t) = memcpy;
static int (*compare)(const void *, const void *, size_t) = memcmp;

int main(void)
{
	char buffer[300], other[300], *save, *word;
	uint64_t hash = 0;

	for (int i = 1; i < 250; i++) {
		for (int k = 0; k < i; k++)
			buffer[k] = (char)('a' + (k * i) % 26);
		buffer[i] = 0;
		CHECK(length(buffer) == (size_t)i);
		copy(other, buffer, (size_t)i + 1);
		CHECK(!compare(buffer, other, (size_t)i + 1));
		memmove(other + i / 3, other, (size_t)i / 2 + 1);
		memset(other, 'x', (size_t)i / 4);
		hash = mix(hash, (uint64_t)(strcmp(buffer, other) > 0));
		hash = mix(hash, (uint64_t)strspn(buffer, "abcdefgh"));
		word = strchr(buffer, 'q');
		hash = mix(hash, word ? (uint64_t)(word - buffer) : 999);
		word = strrchr(buffer, 'e');
		hash = mix(hash, word ? (uint64_t)(word - buffer) : 999);
		word = strstr(buffer, "gh");
		hash = mix(hash, word ? (uint64_t)(word - buffer) : 999);
		for (char *c = buffer; *c; c++)
			*c = (char)toupper(*c);
		CHECK(strncasecmp(buffer, other + 300 - 300, 0) == 0);
	}
	strcpy(buffer, "one,two;;three four");
	for (word = strtok_r(buffer, ",; ", &save); word;
	     word = strtok_r(NULL, ",; ", &save))
		printf("[%s]", word);
	strcpy(buffer, "abc");
	strncat(buffer, "defghi", 3);
	printf("%s %d %s\n", buffer, strcoll("a", "b") < 0, strerror(2));
	printf("%016llx %ld %lu %.3f\n", (unsigned long long)hash,
	       strtol("-0x1fz", NULL, 16), strtoul("777", NULL, 8),
	       strtod("1e-3", NULL));
	return 0;
}
