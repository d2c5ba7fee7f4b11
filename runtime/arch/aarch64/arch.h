/*
 * arch.h - AArch64 Linux, AAPCS64.  TLS variant I: the thread pointer
 * (tpidr_el0) is the start of the TLS block.
 */
#ifndef PCN_ARCH_H
#define PCN_ARCH_H

#include "pcn/abi.h"

#include <asm/sigcontext.h>
#include <asm/signal.h>

#define PCN_ARCH_NAME "aarch64"
/* In the vDSO. */
#define PCN_ARCH_CLOCK_GETTIME "__kernel_clock_gettime"

struct pcn_ucontext {
	unsigned long flags;
	void *link;
	stack_t stack;
	uint64_t mask;
	uint8_t unused[1024 / 8 - sizeof(uint64_t)];
	struct sigcontext mcontext;
};

struct pcn_native_sigaction {
	void (*handler)(int, void *, void *);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

#define PCN_ARCH_SA_RESTORER 0ul
#define PCN_ARCH_RESTORER    NULL

static inline struct pcn_thread *pcn_arch_self(void)
{
	uint64_t block, span;

	__asm__ volatile("mrs %0, tpidr_el0\n\t"
			 "movz %1, #:abs_g1:__popcorn_tls_span\n\t"
			 "movk %1, #:abs_g0_nc:__popcorn_tls_span"
			 : "=r"(block), "=r"(span));
	return (struct pcn_thread *)(block + span);
}

/* The value the thread pointer has for this thread. */
static inline uint64_t pcn_arch_thread_pointer(const struct pcn_thread *thread)
{
	return thread->block;
}

static inline uint64_t *pcn_arch_pc(struct pcn_ucontext *context)
{
	return (uint64_t *)&context->mcontext.pc;
}

void pcn_arch_set_thread_pointer(uint64_t value);

#endif
