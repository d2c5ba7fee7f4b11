/*
 * thread.c - the thread pointer of x86-64: the base of %fs.
 */
#include "native.h"

#define ARCH_SET_FS 0x1002

void pcn_arch_set_thread_pointer(uint64_t value)
{
	pcn_sys(__NR_arch_prctl, ARCH_SET_FS, value);
}
