/*
 * _Complex multiplication and division give the bits that plain clang's helper
 * library gives, on ordinary numbers and on extremes.
 */
#include "check.h"
#include "complex-operands.h"

int main(void)
{
	uint64_t hash = 0, random = 88172645463325252u;

	for (int i = 0; i < 60000; i++) {
		double a = OPERAND(double, uint64_t, DBL, 52),
		       b = OPERAND(double, uint64_t, DBL, 52),
		       c = OPERAND(double, uint64_t, DBL, 52),
		       d = OPERAND(double, uint64_t, DBL, 52);
		float e = OPERAND(float, uint32_t, FLT, 23),
		      f = OPERAND(float, uint32_t, FLT, 23),
		      g = OPERAND(float, uint32_t, FLT, 23),
		      h = OPERAND(float, uint32_t, FLT, 23);

		MIX_RESULTS(double, a, b, c, d);
		MIX_RESULTS(float, e, f, g, h);
		if (i % 1000 == 0)
			printf("%d %016llx\n", i, (unsigned long long)hash);
	}
	printf("%016llx\n", (unsigned long long)hash);
	return 0;
}
