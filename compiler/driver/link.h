/* link.h - objects to an executable for every ISA, step by step. */
#ifndef PCN_DRIVER_LINK_H
#define PCN_DRIVER_LINK_H

#include "options.h"
#include "tools.h"

/* What the linker takes bitcode of the portable machine for. */
#define PCN_MERGE_EMULATION "elf64lriscv"

struct link {
	const struct tools *tools;
	struct options *options;
	const char *output;
	char *merged, *portable;
	struct {
		char *bitcode, *object, *script, *slice;
	} isa[8]; /* as options->isas */
};

/* Names every input: no native code, every -l found.  Each step returns 0 or
 * -errno, and leaves its result among the intermediate files. */
int pcn_link_check_inputs(struct link *link, struct error *error);
/* -shared: the objects as one bitcode library. */
int pcn_link_library(struct link *link, struct error *error);
/* -r: the objects as one bitcode object. */
int pcn_link_relocatable(struct link *link, struct error *error);
/* Symbols, archives, weak and common definitions resolved: one module. */
int pcn_link_merge(struct link *link, struct error *error);
/* The portable passes, once. */
int pcn_link_portable(struct link *link, struct error *error);
/* Per ISA, in parallel: its passes and its code. */
int pcn_link_generate(struct link *link, struct error *error);
/* Equal addresses: one linker script per ISA. */
int pcn_link_layout(struct link *link, struct error *error);
/* Per ISA, in parallel: an ELF executable. */
int pcn_link_slices(struct link *link, struct error *error);
/* All slices in one file. */
int pcn_link_fat(struct link *link, struct error *error);

#endif
