/* isa.h - what the tools and the run time know of each ISA. */
#ifndef PCN_ISA_H
#define PCN_ISA_H

#include <stdint.h>

struct pcn_isa {
	const char *name;     /* as uname -m and the triple say */
	uint16_t machine;     /* ELF e_machine */
	const char *emulator; /* QEMU user mode's command */
	const char *cpu;      /* its -cpu, NULL: the default */
};

#define PCN_ISA_COUNT 2
extern const struct pcn_isa pcn_isas[PCN_ISA_COUNT]; /* isa.c: a line each */

/* NULL: none of that name. */
const struct pcn_isa *pcn_isa_find(const char *name);

#endif
