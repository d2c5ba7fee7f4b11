/*
 * Moves while libc's qsort() and bsearch() wait for a callback of the program.
 *
 * MODES: usual spread links
 * LEVELS: O0 O2
 */
#include "check.h"
#include <string.h>

#define COUNT 600

static unsigned long comparisons;

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	/* A loop, hence a poll, inside of the callback. */
	for (volatile int i = 0; i < 3; i++)
		comparisons++;
	return (x > y) - (x < y);
}

struct record {
	char name[12];
	double weight;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct record *)a)->name,
		      ((const struct record *)b)->name);
}

int main(void)
{
	static uint32_t values[COUNT];
	struct record records[100];
	uint32_t state = 5;
	uint64_t hash = 0;

	for (int i = 0; i < COUNT; i++)
		values[i] = next_random(&state) % 5000;
	qsort(values, COUNT, sizeof(*values), by_value);
	for (int i = 0; i < COUNT; i++) {
		CHECK(!i || values[i - 1] <= values[i]);
		hash = mix(hash, values[i]);
	}
	for (int i = 0; i < 100; i++) {
		uint32_t *found = bsearch(&values[i * 6], values, COUNT,
					  sizeof(*values), by_value);
		CHECK(found && *found == values[i * 6]);
	}
	for (int i = 0; i < 100; i++) {
		snprintf(records[i].name, sizeof(records[i].name), "n%u",
			 (unsigned)next_random(&state) % 1000);
		records[i].weight = i / 8.0;
	}
	qsort(records, 100, sizeof(*records), by_name);
	for (int i = 0; i < 100; i += 9)
		printf("%s %.3f\n", records[i].name, records[i].weight);
	printf("%016llx %lu\n", (unsigned long long)hash, comparisons);
	return 0;
}
