#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include "pthread_impl.h"
#include "syscall.h"
#include "pcn/abi.h"

#define THREAD (CLONE_VM|CLONE_THREAD|CLONE_SIGHAND|CLONE_SETTLS)

extern _Thread_local void *__popcorn_side_sp
	__attribute__((__tls_model__("local-exec")));

/*
 * Three uses: a thread (pthread_create: `tls` is its struct pthread), a
 * process with its own copy of memory, which is a fork that goes on in func
 * and for which `stack` is of no use, and sharing memory between processes,
 * which the portable machine does not have.
 *
 * The new thread's __popcorn_side_sp is written here, into its TLS block; the
 * run time only starts a machine stack and calls func.
 */
int __clone(int (*func)(void *), void *stack, int flags, void *arg, ...)
{
	va_list ap;
	int *ptid, *ctid;
	void *tls;

	va_start(ap, arg);
	ptid = va_arg(ap, int *);
	tls = va_arg(ap, void *);
	ctid = va_arg(ap, int *);
	va_end(ap);

	if ((flags & THREAD) == THREAD) {
		struct pthread *new = tls;
		char *self = (char *)__pthread_self();
		char *block = (char *)new - __popcorn_pthread_offset;
		char *self_block = self - __popcorn_pthread_offset;
		struct pcn_thread *thread =
			(void *)(block + __popcorn_tls_image()->span);
		void **side_sp = (void *)(block
			+ ((char *)&__popcorn_side_sp - self_block));

		stack = (void *)((uintptr_t)stack & -16ul);
		*side_sp = stack;
		thread->side_base = (uintptr_t)new->map_base;
		thread->side_size = new->map_size;
		return __popcorn_clone(func, stack, flags, arg, ptid, block,
			ctid);
	}
	if (flags & (CLONE_VM|CLONE_THREAD|CLONE_SETTLS))
		return -ENOSYS;

	long pid = __syscall(SYS_clone, flags, 0, ptid, 0, ctid);
	if (pid) return pid;
	__syscall(SYS_exit_group, func(arg));
	for (;;) a_crash();
}
