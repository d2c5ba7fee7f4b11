/*
 * Cancellation.  Signal handlers run only at polls and at the end of system
 * calls, and an interrupted call does not go on by itself, so nothing has to
 * look at the interrupted program counter: pthread_cancel sets the flag and
 * interrupts, the loop around the blocked call sees the flag.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include "pthread_impl.h"
#include "syscall.h"
#include "restart.h"

hidden long __cancel(), __syscall_cp_c();

long __cancel()
{
	pthread_t self = __pthread_self();

	if (self->canceldisable == PTHREAD_CANCEL_ENABLE || self->cancelasync)
		pthread_exit(PTHREAD_CANCELED);
	self->canceldisable = PTHREAD_CANCEL_DISABLE;
	return -ECANCELED;
}

long __syscall_cp_c(syscall_arg_t nr, syscall_arg_t u, syscall_arg_t v,
	syscall_arg_t w, syscall_arg_t x, syscall_arg_t y, syscall_arg_t z)
{
	pthread_t self = __pthread_self();
	int disabled = self->canceldisable;
	long r;

	if (disabled && (disabled == PTHREAD_CANCEL_DISABLE || nr == SYS_close))
		return __syscall_restart(0, nr, u, v, w, x, y, z);

	if (self->cancel) return __cancel();
	r = __syscall_restart(&self->cancel, nr, u, v, w, x, y, z);
	if (r == -EINTR && nr != SYS_close && self->cancel
	 && self->canceldisable != PTHREAD_CANCEL_DISABLE)
		r = __cancel();
	return r;
}

static void cancel_handler(int sig)
{
	pthread_t self = __pthread_self();

	if (!self->cancel || !self->cancelasync
	 || self->canceldisable == PTHREAD_CANCEL_DISABLE)
		return;
	__cancel();
}

void __testcancel()
{
	pthread_t self = __pthread_self();

	if (self->cancel && !self->canceldisable)
		__cancel();
}

static void init_cancellation(void)
{
	struct sigaction sa = {
		.sa_flags = SA_RESTART,
		.sa_handler = cancel_handler
	};
	memset(&sa.sa_mask, -1, _NSIG/8);
	__libc_sigaction(SIGCANCEL, &sa, 0);
}

int pthread_cancel(pthread_t t)
{
	static int init;

	if (!init) {
		init_cancellation();
		init = 1;
	}
	a_store(&t->cancel, 1);
	if (t == pthread_self()) {
		if (t->canceldisable == PTHREAD_CANCEL_ENABLE && t->cancelasync)
			pthread_exit(PTHREAD_CANCELED);
		return 0;
	}
	return pthread_kill(t, SIGCANCEL);
}
