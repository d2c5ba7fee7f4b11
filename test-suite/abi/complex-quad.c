/*
 * The same of long double: as complex-bits.c.
 *
 * REFERENCE: aarch64
 */
#include "check.h"
#include "complex-operands.h"

int main(void)
{
	uint64_t hash = 0, random = 88172645463325252u;

	for (int i = 0; i < 8000; i++) {
		long double a = OPERAND(long double, unsigned __int128, LDBL,
					112),
			    b = OPERAND(long double, unsigned __int128, LDBL,
					112),
			    c = OPERAND(long double, unsigned __int128, LDBL,
					112),
			    d = OPERAND(long double, unsigned __int128, LDBL,
					112);

		MIX_RESULTS(long double, a, b, c, d);
		if (i % 400 == 0)
			printf("%d %016llx\n", i, (unsigned long long)hash);
	}
	printf("%016llx\n", (unsigned long long)hash);
	return 0;
}
