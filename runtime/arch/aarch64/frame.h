/*
 * frame.h - what a walk over the stack carries from frame to frame: the
 * registers that a callee keeps, by their DWARF numbers (DWARF for the Arm
 * 64-bit Architecture).
 */
#ifndef PCN_FRAME_H
#define PCN_FRAME_H

#include <stdint.h>

#define PCN_ARCH_SAVED	  19 /* x19-x29, d8-d15 */
#define PCN_ARCH_DWARF_SP 31
#define PCN_ARCH_DWARF_RA 30

static inline int pcn_arch_saved_index(uint64_t dwarf)
{
	if (dwarf >= 19 && dwarf <= 29)
		return (int)dwarf - 19;
	return dwarf >= 72 && dwarf <= 79 ? (int)dwarf - 72 + 11 : -1;
}

#endif
