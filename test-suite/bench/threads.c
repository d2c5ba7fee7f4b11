/*
 * threads MIB - what leaving alone costs, one number a line: microseconds of
 * the first leave (memory is copied into shared memory), of going there and
 * back, of a system call made away; MB/s of reading memory that is at home;
 * microseconds of a write to a page that is readable there; MB/s of changing
 * what is readable, and of writing what nobody has; microseconds of a fork,
 * which makes memory private again.  Medians where something is done often.
 */
#define _GNU_SOURCE
#include "samples.h"
#include <popcorn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void go(int node)
{
	if (popcorn_migrate_thread(node)) {
		perror("popcorn_migrate_thread");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	size_t size = (size_t)(argc > 1 ? atoi(argv[1]) : 64) << 20, at = 0;
	char *memory = malloc(size), *fresh = malloc(size);
	double start;
	long sum = 0;

	memset(memory, 1, size);
	start = now();
	go(1);
	printf("first_leave %.1f\n", now() - start);
	for (int i = 0; i < TIMES; i++) {
		start = now();
		go(0);
		go(1);
		samples[i] = now() - start;
	}
	printf("there_and_back %.1f\n", median());
	for (int i = 0; i < TIMES; i++) {
		start = now();
		getppid();
		samples[i] = now() - start;
	}
	printf("call %.1f\n", median());
	start = now();
	for (size_t i = 0; i < size; i += 4096)
		sum += memory[i];
	printf("scan %.0f\n", (double)size / (now() - start));
	/* Not one page after the other: those come by runs. */
	for (int i = 0; i < TIMES; i++, at = (at + 31 * 4096) % size) {
		start = now();
		memory[at]++;
		samples[i] = now() - start;
	}
	printf("upgrade %.1f\n", median());
	start = now();
	for (size_t i = 0; i < size; i += 4096)
		memory[i] = 2;
	printf("change %.0f\n", (double)size / (now() - start));
	start = now();
	for (size_t i = 0; i < size; i += sizeof(long))
		*(volatile long *)(fresh + i) = 1;
	printf("fill %.0f\n", (double)size / (now() - start));
	go(0);
	start = now();
	if (!fork())
		_exit(0);
	printf("fork %.1f\n", now() - start);
	return sum != (long)(size / 4096);
}
