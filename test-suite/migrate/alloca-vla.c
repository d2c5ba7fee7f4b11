/*
 * Variable-length arrays and alloca, also in loops, live on the side stack and
 * die with their scope or frame.
 *
 * MODES: usual spread
 * LEVELS: O0 O2
 */
#include "check.h"
#include <alloca.h>
#include <string.h>

static uint64_t vla(int n)
{
	uint64_t hash = 0;

	for (int size = 1; size <= n; size++) {
		int values[size][size % 3 + 1];

		for (int i = 0; i < size; i++)
			for (int j = 0; j <= size % 3; j++)
				values[i][j] = i * j + size;
		if (size > 4 && size % 5 == 0)
			hash ^= vla(size / 3);
		hash = mix(hash, (uint64_t)values[size - 1][size % 3] +
					 sizeof(values));
	}
	return hash;
}

static char *chain(int depth)
{
	char *text = NULL;

	for (int i = 0; i < depth; i++) {
		char *longer = alloca((size_t)i + 2);

		memset(longer, 'a' + i % 26, (size_t)i + 1);
		longer[i + 1] = 0;
		if (text)
			CHECK(strlen(text) == (size_t)i);
		text = longer;
	}
	return strdup(text);
}

int main(void)
{
	char *text = chain(300);

	printf("%016llx\n", (unsigned long long)vla(60));
	printf("%zu %c\n", strlen(text), text[299]);
	free(text);
	/* Leaving the scope gives the memory back: far more than a stack. */
	for (int i = 0; i < 3000; i++) {
		char big[20000 + i];

		memset(big, i, sizeof(big));
		CHECK(big[19999 + i] == (char)i);
	}
	puts("done");
	return 0;
}
