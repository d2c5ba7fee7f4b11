/*
 * A switch in a loop with registers in locals, as interpreters have it; jump
 * tables are each ISA's own.
 *
 * LEVELS: O0 O2 O3
 * SELF: 5
 */
#include "check.h"

enum { LOAD, ADD, SUB, XOR, SHIFT, CALL, STORE, BRANCH, OUT, HALT };

struct instruction {
	uint8_t op, a, b, c;
};

static uint64_t memory[64];

static uint64_t helper(uint64_t x)
{
	uint64_t bits = 0;

	for (; x; x &= x - 1)
		bits++;
	return bits;
}

static uint64_t run(const struct instruction *program, unsigned limit)
{
	uint64_t r[8] = {0}, out = 0;
	unsigned pc = 0;

	while (limit--) {
		struct instruction i = program[pc++];

		switch (i.op) {
		case LOAD:
			r[i.a] = memory[(r[i.b] + i.c) % 64];
			break;
		case ADD:
			r[i.a] = r[i.b] + r[i.c] + 1;
			break;
		case SUB:
			r[i.a] = r[i.b] - i.c;
			break;
		case XOR:
			r[i.a] = r[i.b] ^ r[i.c] * 0x9e3779b97f4a7c15ull;
			break;
		case SHIFT:
			r[i.a] = r[i.b] >> (i.c & 63);
			break;
		case CALL:
			r[i.a] = helper(r[i.b]);
			break;
		case STORE:
			memory[(r[i.b] + i.c) % 64] = r[i.a];
			break;
		case BRANCH:
			if (r[i.a] & 1)
				pc = i.b;
			break;
		case OUT:
			out = mix(out, r[i.a]);
			break;
		default:
			pc = 0;
		}
	}
	return mix(out, r[0] ^ r[7]);
}

int main(void)
{
	static const struct instruction program[] = {
		{ADD, 1, 1, 2},	 {XOR, 2, 1, 3},    {LOAD, 3, 1, 5},
		{SUB, 4, 3, 9},	 {SHIFT, 5, 2, 7},  {STORE, 5, 1, 3},
		{CALL, 6, 2, 0}, {BRANCH, 6, 0, 0}, {OUT, 5, 0, 0},
		{ADD, 7, 6, 5},	 {STORE, 7, 6, 1},  {HALT, 0, 0, 0},
	};

	for (unsigned i = 1; i <= 5; i++)
		printf("%016llx\n", (unsigned long long)run(program, i * 4000));
	return 0;
}
