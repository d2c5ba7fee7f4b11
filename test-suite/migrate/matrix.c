/*
 * Vectorisable kernels: what runs between two polls is each ISA's own
 * business, the bits of the result are not.
 *
 * MODES: usual spread
 * LEVELS: O2 O3
 */
#include "check.h"
#include <string.h>

#define N 72

static double a[N][N], b[N][N], c[N][N];
static float row[N * 8];

static void multiply(void)
{
	for (int i = 0; i < N; i++)
		for (int k = 0; k < N; k++)
			for (int j = 0; j < N; j++)
				c[i][j] += a[i][k] * b[k][j];
}

int main(void)
{
	uint64_t hash = 0, bits;

	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			a[i][j] = (i * 7 + j) % 11 / 3.0;
			b[i][j] = (i + j * 5) % 13 / 7.0;
		}
	multiply();
	for (int i = 0; i < N * 8; i++)
		row[i] = (float)c[i % N][i / 8] * 0.37f;
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			memcpy(&bits, &c[i][j], 8);
			hash = mix(hash, bits);
		}
	for (int i = 0; i < N * 8; i++) {
		uint32_t word;

		memcpy(&word, &row[i], 4);
		hash = mix(hash, word);
	}
	printf("%016llx\n", (unsigned long long)hash);
	return 0;
}
