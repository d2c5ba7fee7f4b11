/*
 * plan.h - which sections are portable, and where they stand.
 *
 * A slot is a place in the portable part that one section of each ISA's
 * object takes: its address is equal in every slice, its size and alignment
 * are the largest of all.
 */
#ifndef PCN_LAYOUT_PLAN_H
#define PCN_LAYOUT_PLAN_H

#include "object.h"

#define SLICES_MAX 8

/* The areas of the portable part, in the order of their addresses. */
enum area {
	AREA_DATA,
	AREA_NAMED_DATA, /* sections the program named: one output each */
	AREA_BSS,
	AREA_RODATA,
	AREA_NAMED_RODATA,
	AREA_TDATA,
	AREA_TBSS,
	AREA_PREINIT_ARRAY,
	AREA_INIT_ARRAY,
	AREA_FINI_ARRAY,
	AREA_TEXT,
	AREA_COUNT,
};

struct slot {
	struct section *sections[SLICES_MAX];
	bool runtime; /* of runtime.o, not of the program */
	uint64_t address, size, align;
	struct slot *next;
};

struct slice {
	const char *script;
	struct object program, runtime;
};

struct plan {
	struct slice slices[SLICES_MAX];
	size_t slice_count;
	struct slot *slots[AREA_COUNT], **slots_end[AREA_COUNT];
	uint64_t start[AREA_COUNT], end[AREA_COUNT];
	uint64_t tls_start, tls_align, tls_span;
	uint64_t data_start, data_end; /* writable, whole pages */
};

/* Matches the slices' sections and gives them addresses.  0 or -errno. */
int pcn_plan_make(struct plan *plan, struct error *error);
/* Its slots, and the objects of its slices. */
void pcn_plan_free(struct plan *plan);

/* Portable data must hold no address of the native part.  0 or -errno. */
int pcn_plan_check(const struct plan *plan, struct error *error);

/* Writes one slice's linker script to its path.  0 or -errno. */
int pcn_script_write(const struct plan *plan, size_t slice,
		     struct error *error);

#endif
