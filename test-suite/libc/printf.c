/*
 * printf and scanf with every conversion, %n aside.
 *
 * REFERENCE: aarch64
 */
#include "check.h"
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <wchar.h>

int main(void)
{
	int day, year, parsed;
	double real;
	long double quad;
	char word[20], set[20];
	unsigned hex;

	for (int i = -3; i < 4; i++) {
		printf("%d|%5d|%-5d|%05d|%+d|% d|%x|%#o|%c|\n", i, i, i, i, i,
		       i, (unsigned)i, (unsigned)i, 'c' + i);
		printf("%f|%10.3f|%-10.2e|%g|%G|%a|%+.0f|\n", i / 3.0, i / 3.0,
		       i / 3.0, i / 3.0, i * 1e20, i / 3.0, i / 2.0);
		printf("%Lf|%.30Lg|%La|\n", i / 3.0L, i / 7.0L, i / 3.0L);
	}
	printf("%hhd %hd %ld %lld %jd %zu %td\n", 300, 70000, 1l << 40,
	       -(1ll << 50), (intmax_t)-5, sizeof(int), (ptrdiff_t)-7);
	printf("%" PRIu64 " %" PRIx32 " %s %.3s %*s %-*s|\n", (uint64_t)1 << 63,
	       (uint32_t)0xbeef, "text", "truncated", 8, "right", 8, "left");
	printf("%2$s %1$s %%\n", "second", "first");
	printf("%p\n", (void *)0x1234);
	parsed = sscanf("31 dec 2025 0x1.8p3 2.5 beef abc123",
			"%d %19s %d %la %Lf %x %[a-c]", &day, word, &year,
			&real, &quad, &hex, set);
	printf("%d: %d %s %d %.2f %.2Lf %x %s\n", parsed, day, word, year, real,
	       quad, hex, set);
	swprintf((wchar_t[32]){0}, 32, L"%d", 5);
	return 0;
}
