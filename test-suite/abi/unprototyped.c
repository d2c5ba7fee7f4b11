/*
 * Calls without a prototype in scope, which work on every machine as long as
 * the promoted arguments fit the definition.
 *
 * CFLAGS: -std=gnu89 -Wno-implicit-function-declaration
 * -Wno-deprecated-non-prototype
 */
#include <stdio.h>

int later();

static int old_style(a, b, c)
int a;
double b;
char *c;
{
	return a + (int)b + c[0];
}

int main()
{
	int (*pointer)() = later;
	int i, total = 0;

	for (i = 0; i < 4000; i++) {
		total += old_style(i, 2.5, "q");
		total += later(i, i * 2, 1.5);
		total += pointer(i, 3, 2.5);
	}
	printf("%d\n", total);
	return 0;
}

int later(int a, int b, double c)
{
	int sum = 0;

	while (a-- > 0)
		sum += b;
	return sum + (int)(c * 2);
}
