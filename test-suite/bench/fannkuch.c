/* Flips of prefixes over all permutations: small arrays, branches. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 10;
	int permutation[16], work[16], count[16];
	int most = 0, checksum = 0, r = n, index = 0;

	if (n < 2 || n > 15)
		return 1;
	for (int i = 0; i < n; i++)
		permutation[i] = i;
	for (;;) {
		int flips = 0, first;

		for (; r != 1; r--)
			count[r - 1] = r;
		for (int i = 0; i < n; i++)
			work[i] = permutation[i];
		while ((first = work[0])) {
			for (int low = 0, high = first; low < high;
			     low++, high--) {
				int swap = work[low];

				work[low] = work[high];
				work[high] = swap;
			}
			flips++;
		}
		if (flips > most)
			most = flips;
		checksum += index & 1 ? -flips : flips;
		for (;; r++) {
			int moved = permutation[0];

			if (r == n) {
				printf("%d\nmost flips of %d: %d\n", checksum,
				       n, most);
				return 0;
			}
			for (int i = 0; i < r; i++)
				permutation[i] = permutation[i + 1];
			permutation[r] = moved;
			if (--count[r] > 0)
				break;
		}
		index++;
	}
}
