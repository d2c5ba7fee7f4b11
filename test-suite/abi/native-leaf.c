/*
 * The way out for assembly: leaf functions with a text per ISA, called by name
 * and by pointer, from loops that move; and what needs no way out, empty asm
 * of all kinds.
 *
 * LEVELS: O0 O2
 */
#include "check.h"
#include <string.h>

struct wide {
	uint64_t low, high;
};

#ifdef PLAIN
static uint64_t high_product(uint64_t a, uint64_t b)
{
	return (uint64_t)((unsigned __int128)a * b >> 64);
}
static double square_root(double x)
{
	return __builtin_sqrt(x);
}
static uint64_t eighth(int a, int b, int c, int d, int e, int f, int g,
		       const uint64_t *h)
{
	(void)a, (void)b, (void)c, (void)d, (void)e;
	return *h + (uint64_t)f * 2 + (uint64_t)g * 0;
}
#else
#define TEXTS(x86_64, aarch64)                                                 \
	__attribute__((annotate("popcorn.native", "x86_64", x86_64, "aarch64", \
				aarch64)))
TEXTS("mov %rdi, %rax; mul %rsi; mov %rdx, %rax; ret", "umulh x0, x0, x1; ret")
uint64_t high_product(uint64_t a, uint64_t b);
TEXTS("sqrtsd %xmm0, %xmm0; ret", "fsqrt d0, d0; ret")
double square_root(double x);
/* The last two parameters are on x86_64's stack. */
TEXTS("mov 16(%rsp), %rax; mov (%rax), %rax; movslq %r9d, %rcx;"
      "lea (%rax,%rcx,2), %rax; ret",
      "ldr x0, [x7]; sxtw x5, w5; add x0, x0, x5, lsl #1; ret")
uint64_t eighth(int a, int b, int c, int d, int e, int f, int g,
		const uint64_t *h);
#endif

static uint64_t (*volatile pointer)(uint64_t, uint64_t) = high_product;

static uint64_t barriers(uint64_t x)
{
	uint64_t y = x * 3;
	double d = (double)x;
	struct wide w = {x, y};

	__asm__ volatile("");
	__asm__ volatile("" ::: "memory");
	__asm__ volatile("# only a comment" : "+r"(y));
	__asm__("" : "=r"(x) : "0"(x));
	__asm__ volatile("" : "+m"(w) : : "memory", "cc");
	__asm__ volatile("" : : "g"(d), "i"(5), "r"(&w));
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_ACQ_REL);
	__asm__ volatile("" : "+r"(d));
	for (volatile int i = 0; i < 2; i++)
		__asm__ volatile("" : : : "memory");
	return x + y + (uint64_t)d + w.low + w.high;
}

int main(void)
{
	uint64_t x = 0x123456789abcdefull, hash = 0;

	for (int i = 0; i < 400; i++) {
		uint64_t h = x >> 5;

		x = high_product(x | 1ull << 63,
				 0x9e3779b97f4a7c15ull * (i + 1));
		hash = mix(hash, x);
		hash = mix(hash, pointer(x, ~x));
		hash = mix(hash,
			   (uint64_t)(square_root((double)(x >> 11)) * 16));
		hash = mix(hash, eighth(1, 2, 3, 4, 5, -i, 7, &h));
		hash = mix(hash, barriers(x >> 40));
		if (i % 20 == 0)
			printf("%d %016llx\n", i, (unsigned long long)hash);
	}
	printf("%016llx %d\n", (unsigned long long)hash,
	       pointer == high_product);
	return 0;
}
