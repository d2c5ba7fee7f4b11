/*
 * mapped.h - files whose pages the program shares (PCN_VMA_SHARED).
 */
#ifndef PCN_MAPPED_H
#define PCN_MAPPED_H

#include "native.h"

/*
 * The file that v maps, opened once more by its name, to be mapped as it is (or
 * may be later): a descriptor or -errno; -ESTALE: another file has the name.
 * World stopped, or pcn_process->lock held.
 */
int pcn_mapped_open(const struct pcn_vma *v);
/* The same, for a process that is to be as v says and has not mapped it. */
long pcn_mapped_open_by_name(const struct pcn_vma *v);
/* World stopped.  Could all of them be mapped again elsewhere on this machine?
 * 0, or -errno and why not. */
int pcn_mapped_check(const char **why);

#endif
