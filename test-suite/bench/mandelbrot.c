/* The Mandelbrot set as a bitmap's checksum: a hot scalar loop. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	int size = argc > 1 ? atoi(argv[1]) : 2500;
	unsigned checksum = 1;

	for (int y = 0; y < size; y++) {
		unsigned bits = 0;

		for (int x = 0; x < size; x++) {
			double cr = 2.0 * x / size - 1.5,
			       ci = 2.0 * y / size - 1;
			double zr = 0, zi = 0, rr = 0, ii = 0;
			int n = 0;

			while (n < 50 && rr + ii <= 4) {
				zi = 2 * zr * zi + ci;
				zr = rr - ii + cr;
				rr = zr * zr;
				ii = zi * zi;
				n++;
			}
			bits = bits << 1 | (n == 50);
			if (x % 32 == 31)
				checksum = checksum * 31 + bits;
		}
		checksum = checksum * 31 + bits;
	}
	printf("%08x\n", checksum);
	return 0;
}
