/*
 * arch.h - x86-64 Linux, System V psABI.  TLS variant II: the thread pointer
 * (%fs) is the address of struct pcn_thread, whose first word is itself.
 */
#ifndef PCN_ARCH_H
#define PCN_ARCH_H

#include "pcn/abi.h"

#include <asm/signal.h>
#include <asm/sigcontext.h>

#define PCN_ARCH_NAME "x86_64"
/* In the vDSO. */
#define PCN_ARCH_CLOCK_GETTIME "__vdso_clock_gettime"

struct pcn_ucontext {
	unsigned long flags;
	void *link;
	stack_t stack;
	struct sigcontext mcontext;
	uint64_t mask;
};

struct pcn_native_sigaction {
	void (*handler)(int, void *, void *);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

void pcn_sigreturn(void);

#define PCN_ARCH_SA_RESTORER 0x04000000ul
#define PCN_ARCH_RESTORER    pcn_sigreturn

static inline struct pcn_thread *pcn_arch_self(void)
{
	struct pcn_thread *self;

	__asm__ volatile("movq %%fs:0, %0" : "=r"(self));
	return self;
}

/* The value the thread pointer has for this thread. */
static inline uint64_t pcn_arch_thread_pointer(const struct pcn_thread *thread)
{
	return (uint64_t)thread;
}

static inline uint64_t *pcn_arch_pc(struct pcn_ucontext *context)
{
	return (uint64_t *)&context->mcontext.rip;
}

void pcn_arch_set_thread_pointer(uint64_t value);

#endif
