/*
 * A thread recovers from a stack that locals have filled, by a jump out of a
 * handler on an alternate stack: also where the frames that are left were
 * restored ones.
 *
 * MODES: usual
 * LEVELS: O0 O2
 * CFLAGS: -pthread
 */
#include "check.h"
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

static sigjmp_buf back;
static char alternate[16384];
static volatile int input = 3;
static volatile uint32_t deepest;

static void handler(int signal)
{
	char local[100];

	memset(local, signal, sizeof local);
	CHECK(local[input] == SIGSEGV);
	CHECK(local >= alternate && local < alternate + sizeof alternate);
	siglongjmp(back, 1);
}

static __attribute__((noinline)) int locals(int depth, const char *outer)
{
	char text[1000];

	if (depth < 0)
		return outer[0];
	deepest = depth;
	memset(text, depth, sizeof text);
	return locals(depth + 1, text) + text[depth % 1000];
}

static void *recover(void *unused)
{
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
	volatile int times = 0;

	CHECK(!sigaltstack(&stack, NULL));
	for (volatile int i = 0; i < 3; i++) {
		if (sigsetjmp(back, 1))
			times++;
		else
			locals(0, "");
		CHECK(deepest > 50);
	}
	printf("%d times\n", times);
	return unused;
}

int main(void)
{
	struct sigaction action = {.sa_handler = handler,
				   .sa_flags = SA_ONSTACK};
	pthread_attr_t attributes;
	pthread_t thread;

	sigaction(SIGSEGV, &action, NULL);
	pthread_attr_init(&attributes);
	CHECK(!pthread_attr_setstacksize(&attributes, 1 << 17));
	CHECK(!pthread_create(&thread, &attributes, recover, NULL));
	pthread_join(thread, NULL);
	return 0;
}
