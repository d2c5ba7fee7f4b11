/*
 * vma.h - changes to the table of mappings; see vma.c.
 */
#ifndef PCN_VMA_H
#define PCN_VMA_H

#include "native.h"

bool pcn_vma_room_locked(uint32_t more);
bool pcn_vma_free_locked(uint64_t start, uint64_t end);
uint64_t pcn_vma_room_for_locked(uint64_t size);
/* Replaces whatever is in [vma->start, vma->end). */
void pcn_vma_insert_locked(const struct pcn_vma *vma);
void pcn_vma_remove_locked(uint64_t start, uint64_t end);
void pcn_vma_protect_locked(uint64_t start, uint64_t end, uint32_t prot);
/* The slot of fd's path, or -1 if it has none. */
int32_t pcn_path_slot_locked(int fd);

#endif
