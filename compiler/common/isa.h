/*
 * isa.h - what the compiler's tools know of each ISA.
 *
 * To add one: a row in isa.c, a target in passes/, runtime/arch/<isa>/, and
 * POPCORN_LIBGCC_<isa> in CMakeLists.txt.
 */
#ifndef PCN_COMMON_ISA_H
#define PCN_COMMON_ISA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pcn_isa {
	const char *name;      /* first word of the triple */
	const char *emulation; /* ld.lld -m */
	const char *libgcc;    /* soft quad floats, 128-bit division */
	uint16_t machine;      /* e_machine */
	/* The thread pointer is at the start of the TLS block (variant I, the
	 * first variable a gap behind it) or at its end (variant II). */
	bool tls_above_tp;
	uint32_t trap; /* fills the gaps between functions; big-endian bytes */
};

extern const struct pcn_isa pcn_isas[];
extern const size_t pcn_isa_count;

const struct pcn_isa *pcn_isa_by_name(const char *name, size_t length);
const struct pcn_isa *pcn_isa_by_machine(uint16_t machine);
/* The ISA this tool itself runs on: the slice an executable starts with. */
const struct pcn_isa *pcn_isa_host(void);

#endif
