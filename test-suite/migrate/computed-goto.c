/*
 * Computed goto: labels in tables and in memory are portable.
 *
 * LEVELS: O0 O2
 */
#include "check.h"

static void *saved_label;

static long interpret(const unsigned char *code, long input)
{
	static void *const labels[] = {&&push, &&add,	  &&mul,
				       &&dup,  &&jump_if, &&halt};
	long stack[32];
	int top = 0;

	stack[top++] = input;
#define NEXT goto *labels[*code++]
	NEXT;
push:
	stack[top++] = *code++;
	NEXT;
add:
	top--;
	stack[top - 1] += stack[top];
	NEXT;
mul:
	top--;
	stack[top - 1] = stack[top - 1] * stack[top] % 1000003;
	NEXT;
dup:
	stack[top] = stack[top - 1];
	top++;
	NEXT;
jump_if:
	code++;
	if (stack[top - 1] % 7)
		code -= code[-1];
	NEXT;
halt:
	return stack[top - 1];
}

static int resume_at(int value)
{
	int result = 0;

	saved_label = value & 1 ? &&odd : &&even;
	for (volatile int i = 0; i < 20; i++)
		result += i;
	goto *saved_label;
odd:
	return result + 1;
even:
	return result + 2;
}

int main(void)
{
	/* do { x = x * x + 3 } while (x % 7) */
	static const unsigned char code[] = {3, 2, 0, 3, 1, 4, 7, 5};

	for (long i = 0; i < 200; i++)
		printf("%ld %d%c", interpret(code, i), resume_at((int)i),
		       i % 10 == 9 ? '\n' : ' ');
	return 0;
}
