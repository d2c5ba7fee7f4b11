/*
 * cfi.h - how to leave a frame: one row of the unwind information, for one
 * return address, and the landing pad there.
 */
#ifndef PCN_CFI_H
#define PCN_CFI_H

#include "native.h"

#include "frame.h"

struct pcn_frame {
	uint64_t saved[PCN_ARCH_SAVED];
	uint64_t sp, ip; /* as they are when the callee has returned */
};

#define PCN_CFI_SAME INT32_MIN /* the callee kept it */

struct pcn_row {
	struct pcn_row *next; /* same bucket */
	uint64_t ip;
	uint64_t pad;	      /* 0: none */
	int32_t cfa_register; /* index of a saved register, or -1: sp */
	int32_t cfa_offset;   /* CFA: what sp was before the frame's own call */
	int32_t ra_offset;    /* from the CFA */
	int32_t offset[PCN_ARCH_SAVED]; /* from the CFA, or PCN_CFI_SAME */
	uint32_t pushed; /* bytes of arguments that a pad finds gone */
	bool returns;	 /* nothing follows the call but a return */
	bool foreign;	 /* no code of the executable's; all else is zero */
};

/* Fills row for row->ip; ends the process if the information is of an unknown
 * kind. */
void pcn_cfi_read(struct pcn_row *row);
/* The landing pad for a call that returns to ip, or 0; table: its function's
 * language-specific data. */
uint64_t pcn_pad_find(const uint8_t *table, uint64_t start, uint64_t ip);

/* LEB128 numbers; *p moves on. */
uint64_t pcn_uleb128(const uint8_t **p);
int64_t pcn_sleb128(const uint8_t **p);

#endif
