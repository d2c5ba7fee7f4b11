/*
 * generated - makes machine code for x86_64 in its own memory, which calls back
 * into the program; many polls and returns with that code on the stack.
 * "generated STOP": waits there until the file STOP is there.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* uint64_t f(uint64_t x, uint64_t (*g)(uint64_t)): g(x) ^ x, with x in a
 * register that calls keep. */
static const unsigned char code[] = {
	0x53,		  /* push rbx */
	0x48, 0x89, 0xfb, /* mov rbx, rdi */
	0xff, 0xd6,	  /* call rsi */
	0x48, 0x31, 0xd8, /* xor rax, rbx */
	0x5b,		  /* pop rbx */
	0xc3,		  /* ret */
};

typedef uint64_t function(uint64_t);
typedef uint64_t generated(uint64_t, function *);

static const char *stop;
static generated *f;

static __attribute__((noinline)) uint64_t mix(uint64_t x)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)x * 31);
	return strtoull(text, NULL, 10);
}

static __attribute__((noinline)) void wait_for_stop(void)
{
	static const struct timespec moment = {0, 1000000};

	puts("ready");
	fflush(stdout);
	while (access(stop, F_OK))
		nanosleep(&moment, NULL);
	stop = NULL;
}

/* The generated code is on the stack as many times as it is deep. */
static uint64_t deep(uint64_t x)
{
	uint64_t before = mix(x), inner = x % 5 ? f(x - 1, deep) : 7;

	if (stop)
		wait_for_stop();
	return before + inner + mix(x);
}

static uint64_t expected(uint64_t x)
{
	return 2 * 31 * x + (x % 5 ? expected(x - 1) ^ (x - 1) : 7);
}

int main(int argc, char **argv)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return 2;
	memcpy(memory, code, sizeof(code));
	f = (generated *)memory;
	stop = argc > 1 ? argv[1] : NULL;
	for (uint64_t x = 4; x < 200; x += 5)
		if (deep(x) != expected(x))
			printf("WRONG: %llu\n", (unsigned long long)x);
	puts("done");
	return 0;
}
