/*
 * __attribute__((cleanup)): run once each, in order, on every way out of a
 * scope, with migrations inside the scope and inside the cleanups.
 *
 * MODES: usual spread
 * LEVELS: O0 O2
 */
#include "check.h"
#include <setjmp.h>
#include <string.h>

static char log_text[100000];
static size_t length;
static jmp_buf jump;

static void say(char c)
{
	for (volatile int i = 0; i < 2; i++)
		;
	log_text[length++] = c;
}

static void close_char(char *c)
{
	say(*c);
	say('.');
}

static void release(void *pointer)
{
	char **memory = pointer;

	say(**memory);
	free(*memory);
}

#define SCOPED(name, c) __attribute__((cleanup(close_char))) char name = c

static int ways(int n)
{
	SCOPED(outer, 'o');
	__attribute__((cleanup(release))) char *memory = strdup("m");

	for (int i = 0; i < 4; i++) {
		SCOPED(loop, (char)('0' + i));

		if (i == 1 && n % 5 == 1)
			continue;
		if (i == 2 && n % 5 == 2)
			break;
		if (i == 3 && n % 5 == 3)
			return loop + ways(n / 5);
		if (n % 5 == 4)
			goto out;
		{
			SCOPED(inner, 'i');
			outer = (char)('A' + n % 26);
		}
	}
	say('-');
out:
	switch (n & 3) {
	case 0: {
		SCOPED(zero, 'z');
		return zero;
	}
	case 1:
		if (n > 40)
			longjmp(jump, n);
	default:
		break;
	}
	memory[0] = 'M';
	return outer;
}

int main(void)
{
	for (volatile int n = 0; n < 60; n++) {
		int result = setjmp(jump);

		length = result ? length : 0;
		if (!result)
			printf("%d ", ways(n));
		else
			printf("jumped %d ", result);
		printf("%.*s\n", (int)length, log_text);
	}
	return 0;
}
