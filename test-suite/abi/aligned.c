/*
 * Over-aligned types: locals, parameters, results, arrays of variable length,
 * statics, members, in recursion and across polls.
 *
 * LEVELS: O0 O2
 */
#include "check.h"
#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#define AT(pointer, align) CHECK(!((uintptr_t)(pointer) & ((align) - 1)))

struct line {
	alignas(64) unsigned value;
	char text[70];
};
struct page {
	alignas(4096) unsigned first;
	unsigned last;
};
typedef unsigned wide __attribute__((aligned(32)));
struct holder {
	char c;
	struct line line;
	wide w;
	char d;
};

static struct page pages[2];
static alignas(1024) unsigned char table[3];
static struct holder global = {'c', {5, "text"}, 6, 'd'};

static void poll(void)
{
	for (volatile int i = 0; i < 2; i++)
		;
}

static __attribute__((noinline)) struct line turn(struct line in, unsigned by,
						  struct holder *keep)
{
	struct line out = in;

	AT(&out, 64);
	poll();
	out.value = out.value * 31 + by;
	out.text[by % 70]++;
	keep->line = out;
	keep->w ^= out.value;
	AT(&keep->w, 32);
	return out;
}

static __attribute__((noinline)) unsigned pageful(struct page in,
						  unsigned depth)
{
	struct page mine = in;
	struct page *volatile at = &mine;

	AT(&mine, 4096);
	at->last += depth;
	if (depth)
		at->last += pageful(mine, depth - 1);
	poll();
	AT(at, 4096);
	return at->first * 3 + at->last;
}

static __attribute__((noinline)) unsigned variable(unsigned n)
{
	struct line lines[n];
	char bytes[n * 3];
	wide *more = __builtin_alloca_with_align(n * sizeof(wide), 2048);
	unsigned sum = 0;

	AT(lines, 64);
	AT(more, 256);
	memset(lines, 0, sizeof(lines));
	memset(bytes, 1, sizeof(bytes));
	memset(more, 0, n * sizeof(wide));
	for (unsigned i = 0; i < n; i++) {
		lines[i].value = i;
		poll();
		bytes[i * 3] += i;
	}
	for (unsigned i = 0; i < n; i++)
		sum = sum * 31 + lines[i].value + bytes[i * 3] + more[i];
	AT(lines, 64);
	return sum + (n > 3 ? variable(n - 3) : 0) + lines[n - 1].value;
}

int main(void)
{
	alignas(512) struct holder local = global;
	struct line line = {1, "line"};
	struct page page = {7, 8};

	AT(&local, 512);
	AT(pages, 4096);
	AT(table, 1024);
	AT(&global.line, 64);
	printf("%zu %zu %zu %zu\n", sizeof(struct holder),
	       offsetof(struct holder, w), alignof(struct page), sizeof(pages));
	for (unsigned i = 0; i < 60; i++) {
		line = turn(line, i, i & 1 ? &local : &global);
		page.first = line.value;
		pages[i & 1] = page;
		table[i % 3] += i;
		printf("%u %u %u %u %u\n", line.value, pageful(page, i % 5),
		       variable(i % 17 + 1), local.w, pages[i & 1].last);
	}
	return table[2] & 63;
}
