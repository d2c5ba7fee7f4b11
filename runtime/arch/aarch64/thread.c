/*
 * thread.c - the thread pointer of AArch64: tpidr_el0.
 */
#include "native.h"

void pcn_arch_set_thread_pointer(uint64_t value)
{
	__asm__ volatile("msr tpidr_el0, %0" ::"r"(value) : "memory");
}
