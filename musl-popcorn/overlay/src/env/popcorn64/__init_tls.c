/*
 * Thread-local storage of the portable machine: one static block per thread,
 * laid out as in abi.h above struct pcn_thread.  There is no dynamic TLS.
 */
#define SYSCALL_NO_TLS 1
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include "pthread_impl.h"
#include "libc.h"
#include "syscall.h"
#include "pcn/abi.h"

volatile int __thread_list_lock;

_Thread_local struct __pthread __popcorn_pthread;
_Thread_local void *__popcorn_side_sp
	__attribute__((__tls_model__("local-exec")));

uintptr_t __popcorn_pthread_offset;

static unsigned char *main_block;

/* Fills zeroed memory at block, aligned as the image says. */
static void make_block(unsigned char *block)
{
	const struct pcn_tls_image *tls = __popcorn_tls_image();
	struct pcn_thread *thread = (void *)(block + tls->span);

	memcpy(block + tls->align, tls->image, tls->file_size);
	thread->self = thread;
	thread->block = (uintptr_t)block;
}

/* Runs before there is a side stack: no object here has its address taken. */
__attribute__((__noinline__)) void __popcorn_start_tls(void)
{
	long mem;

	libc.tls_align = __popcorn_tls_image()->align;
	libc.tls_size = libc.tls_align - 1 + __popcorn_tls_image()->span
		+ sizeof(struct pcn_thread);
	libc.tls_size = (libc.tls_size + 15) & -16ul;
	mem = __syscall(SYS_mmap, 0, libc.tls_size, PROT_READ|PROT_WRITE,
		MAP_ANONYMOUS|MAP_PRIVATE, -1, 0);
	if (mem < 0 && mem >= -4095) a_crash();
	main_block = (void *)mem; /* PCN_TLS_ALIGN_MAX is a page */
	make_block(main_block);
	__popcorn_set_tls(main_block);
}

/* A function of its own: in the one that sets the thread pointer the compiler
 * might compute addresses from it too early. */
__attribute__((__noinline__)) void __popcorn_start_side_stack(void *top)
{
	__popcorn_side_sp = top;
	__popcorn_pthread_offset = __get_tp() - (uintptr_t)main_block;
}

int __init_tp(void *p)
{
	pthread_t td = p;

	td->self = td;
	libc.can_do_threads = 1;
	td->detach_state = DT_JOINABLE;
	td->tid = __syscall(SYS_set_tid_address, &__thread_list_lock);
	td->locale = &libc.global_locale;
	td->robust_list.head = &td->robust_list.head;
	td->next = td->prev = td;
	return 0;
}

void __init_tls(size_t *aux)
{
	__init_tp(__pthread_self());
}

void *__copy_tls(unsigned char *mem)
{
	mem += -(uintptr_t)mem & (libc.tls_align - 1);
	make_block(mem);
	return mem + __popcorn_pthread_offset;
}
