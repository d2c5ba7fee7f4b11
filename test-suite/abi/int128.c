/*
 * __int128 in locals, arguments, results, memory and across calls.
 *
 * MODES: usual spread
 * LEVELS: O0 O2
 */
#include "check.h"

typedef unsigned __int128 wide;

static void print(wide w)
{
	char digits[40];
	int at = sizeof(digits);

	digits[--at] = 0;
	do
		digits[--at] = (char)('0' + (int)(w % 10));
	while (w /= 10);
	puts(digits + at);
}

static wide factorial(int n)
{
	return n < 2 ? 1 : (wide)n * factorial(n - 1);
}

struct holder {
	char tag;
	wide value;
	__int128 negative;
};

static wide fold(struct holder h, wide by, int n)
{
	for (int i = 0; i < n; i++) {
		h.value = h.value * by + (wide)i;
		h.negative = (h.negative >> 1) - ((__int128)h.value >> 3);
		h.value ^= (wide)h.negative << 5;
	}
	return h.value;
}

int main(void)
{
	for (int n = 1; n <= 33; n += 4)
		print(factorial(n));
	for (int n = 0; n < 900; n += 31)
		print(fold((struct holder){'h', n, -n}, ((wide)1 << 70) + 3,
			   n));
	print((wide)1e30);
	printf("%.6e\n", (double)factorial(30));
	return 0;
}
