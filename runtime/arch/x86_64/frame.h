/*
 * frame.h - what a walk over the stack carries from frame to frame: the
 * registers that a callee keeps, by their DWARF numbers in the psABI.
 */
#ifndef PCN_FRAME_H
#define PCN_FRAME_H

#include <stdint.h>

#define PCN_ARCH_SAVED	  6 /* rbx rbp r12 r13 r14 r15 */
#define PCN_ARCH_DWARF_SP 7
#define PCN_ARCH_DWARF_RA 16

static inline int pcn_arch_saved_index(uint64_t dwarf)
{
	if (dwarf >= 12 && dwarf <= 15)
		return (int)dwarf - 10;
	return dwarf == 3 ? 0 : dwarf == 6 ? 1 : -1;
}

#endif
