/* Times that are measured often, and their median, in microseconds. */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stdlib.h>
#include <time.h>

#define TIMES 501

static _Alignas(4096) double samples[TIMES];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(void)
{
	qsort(samples, TIMES, sizeof(*samples), by_size);
	return samples[TIMES / 2];
}

#endif
