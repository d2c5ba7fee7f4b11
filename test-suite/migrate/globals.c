/*
 * Static data of all kinds: zeroed, initialised, constant, pointers into each
 * other, over-aligned, function-local, weak and in a named section.
 */
#include "check.h"
#include <string.h>

extern int absent __attribute__((weak));
int zero[1000];
int initialised[] = {1, 2, 3, 4, 5, 6, 7};
const char *const names[] = {"one", "two", "three", "four"};
int *middle = &initialised[3];
int **to_middle = &middle;
const char text[] = "constant";
static char page[8192] __attribute__((aligned(4096)));
static double over __attribute__((aligned(256))) = 2.5;
static int in_section __attribute__((section("mine"))) = 77;
__attribute__((weak)) int weak_value = 5;

static int counter(void)
{
	static int count = 100;
	static int calls;

	calls++;
	return count += calls;
}

int main(void)
{
	CHECK(!&absent);
	CHECK(!((uintptr_t)page & 4095) && !((uintptr_t)&over & 255));
	for (int i = 0; i < 30000; i++) {
		int *slot = &zero[i % 1000];

		CHECK(i >= 1000 || !*slot);
		*slot = counter() & 0xffff;
		**to_middle += *slot;
		page[i % 1000 * 8] = names[i % 4][0];
	}
	CHECK(*to_middle == initialised + 3);
	CHECK(!strcmp(text, "constant"));
	printf("%d %d %c %.2f %d %d\n", zero[999], initialised[3], page[24],
	       over, in_section + weak_value, (int)strlen(names[2]));
	return 0;
}
