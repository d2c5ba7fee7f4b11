/*
 * A handler on an alternate stack hears of a stack that calls or locals have
 * filled, and jumps out, as interpreters do to recover from deep recursion:
 * again and again, in the main thread and in another; the handler of another
 * signal, on the full stack, is jumped out of too.  Then all is as before.
 *
 * MODES: native verify qemu
 * CFLAGS: -pthread
 */
#define _GNU_SOURCE
#include "check.h"
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define ALTERNATE 65536

static __thread sigjmp_buf back, inner;
static __thread char *alternate;
static __thread volatile int jumps_twice;
static volatile long input = 3;
static volatile __int128 wide = 5;
static volatile int usr1;

static int is_alternate(const volatile char *at)
{
	return at >= alternate && at < alternate + ALTERNATE;
}

static __attribute__((noinline)) int writes(char *text, int n)
{
	snprintf(text, 100, "%d", n);
	return is_alternate(text);
}

static void handler(int signal, siginfo_t *info, void *context)
{
	char text[100];
	stack_t now;

	CHECK(signal == SIGSEGV && info->si_addr);
	CHECK(writes(text, 5) && !strcmp(text, "5"));
	CHECK(!sigaltstack(NULL, &now) && now.ss_flags == SS_ONSTACK);
	if (jumps_twice) { /* a jump within the handler leaves it be */
		if (!sigsetjmp(inner, 1))
			siglongjmp(inner, 1);
		CHECK(writes(text, 6) && !strcmp(text, "6"));
	}
	siglongjmp(back, 1);
}

/* Much lives across the call, so that not too many frames fill the stack. */
static __attribute__((noinline)) long calls(long depth)
{
	__int128 a = wide, b = wide, c = wide, d = wide, e = wide, f = wide,
		 g = wide, h = wide, i = wide, j = wide, k = wide, l = wide,
		 m = wide, n = wide, o = wide, p = wide, q = wide, r = wide,
		 s = wide, t = wide, u = wide, v = wide, w = wide, x = wide;

	if (depth < 0)
		return 0;
	return calls(depth + input) * 3 +
	       (long)(a + (b ^ c) + (d ^ e) + (f ^ g) + (h ^ i) + (j ^ k) +
		      (l ^ m) + (n ^ o) + (p ^ q) + (r ^ s) + (t ^ u) +
		      (v ^ w) + x);
}

static __attribute__((noinline)) long locals(long depth, const char *outer)
{
	char text[1000];

	if (depth < 0)
		return outer[0];
	memset(text, (int)depth, sizeof text);
	return locals(depth + input, text) + text[depth % 1000];
}

static long (*volatile fill_calls)(long) = calls;

static void on_usr1(int signal)
{
	(void)signal;
	usr1++;
	if (jumps_twice)
		fill_calls(0);
}

static __attribute__((noinline)) long raises(long depth)
{
	if (!depth) {
		raise(SIGUSR1);
		return 0;
	}
	return raises(depth - 1) + input;
}

static void *recover(void *name)
{
	stack_t stack = {.ss_sp = malloc(ALTERNATE), .ss_size = ALTERNATE};
	volatile int recovered = 0;
	sigset_t mask;

	alternate = stack.ss_sp;
	CHECK(!sigaltstack(&stack, NULL));
	for (volatile int i = 0; i < 7; i++) {
		int kept = i * 7;

		jumps_twice = i > 4;
		if (sigsetjmp(back, 1)) {
			CHECK(kept == i * 7);
			recovered++;
		} else if (i == 6) {
			raises(20);
		} else if (i & 1) {
			locals(0, "");
		} else {
			fill_calls(0);
		}
		CHECK(!sigaltstack(NULL, &stack) && stack.ss_flags == 0);
		sigprocmask(SIG_BLOCK, NULL, &mask);
		CHECK(!sigismember(&mask, SIGSEGV) &&
		      !sigismember(&mask, SIGUSR1));
	}
	jumps_twice = 0;
	raises(3);
	printf("%s: %d times, %d\n", (char *)name, recovered, usr1);
	return NULL;
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = handler,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK};
	pthread_attr_t attributes;
	pthread_t thread;

	sigaction(SIGSEGV, &action, NULL);
	signal(SIGUSR1, on_usr1);
	recover("main");
	pthread_attr_init(&attributes);
	CHECK(!pthread_attr_setstacksize(&attributes, 1 << 18));
	CHECK(!pthread_create(&thread, &attributes, recover, "thread"));
	pthread_join(thread, NULL);
	return 0;
}
