/* executable.h - the slices of a program (docs/FORMATS.md, "Executable"). */
#ifndef PCN_AGENT_EXECUTABLE_H
#define PCN_AGENT_EXECUTABLE_H

#include "error.h"

#include <pcn/isa.h>

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

struct executable {
	int fd; /* open as long as the agent lives: a rebuilt program is another
		 */
	char path[4096]; /* absolute */
	const uint8_t *bytes;
	uint64_t size;
	uint16_t machine; /* of the file itself */
	uint8_t build_id[32];
	bool has_build_id;
	uint32_t abi_version;
	int slices[PCN_ISA_COUNT]; /* memfds, -1: not extracted yet */
};

/* Opens a program, looked for in PATH if its name has no slash. */
int pcn_executable_open(struct executable *x, const char *name,
			struct error *error);
/* The same of an open file, which is the executable's from now on (-1: that is
 * the error, in errno); path is what messages and its name come from. */
int pcn_executable_open_fd(struct executable *x, int fd, const char *path,
			   struct error *error);
void pcn_executable_close(struct executable *x);
/* A descriptor that can be executed on that ISA; stays the executable's. */
int pcn_executable_slice(struct executable *x, const struct pcn_isa *isa,
			 struct error *error);

/* A section's header, or NULL; every bound is checked here. */
const Elf64_Shdr *pcn_executable_section(const struct executable *x,
					 const char *name);
const Elf64_Shdr *pcn_executable_slice_section(const struct executable *x,
					       const struct pcn_isa *isa);

#endif
