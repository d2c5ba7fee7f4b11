/* memory_scan.h - which pages of the process a stream has to hold. */
#ifndef PCN_PROGRAM_MEMORY_SCAN_H
#define PCN_PROGRAM_MEMORY_SCAN_H

#include <pcn/stream.h> /* before program.h, which shortens pcn_process */

#include "program.h"

struct pcn_memory_list {
	struct pcn_elf_segment *segments; /* vaddr, filesz, flags */
	uint32_t count;
};

/* Lists the memory that differs from what a fresh process has: zeroes, or the
 * executable's own data.  World stopped.  0 or -errno. */
int pcn_memory_scan(struct pcn_memory_list *list);
void pcn_memory_free(struct pcn_memory_list *list);
/* Writes the listed memory at the file's current offset.  0 or -errno. */
int pcn_memory_write(const struct pcn_memory_list *list, int fd);

#endif
