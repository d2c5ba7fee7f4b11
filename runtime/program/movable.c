/*
 * movable.c - what ties the process to where it is, so that a copy elsewhere
 * would go on with less, or with more, than the program knows of.
 */
#include "movable.h"
#include "mapped.h"
#include "native.h"

#include <asm/unistd.h>
#include <linux/mman.h>

/* Real, effective and saved: users, then groups. */
struct identity {
	uint32_t users[3], groups[3];
};

static struct identity at_start;

static struct identity identity(void)
{
	struct identity now;

	pcn_sys(__NR_getresuid, &now.users[0], &now.users[1], &now.users[2]);
	pcn_sys(__NR_getresgid, &now.groups[0], &now.groups[1], &now.groups[2]);
	return now;
}

void pcn_movable_start(void)
{
	at_start = identity();
}

void pcn_movable_lend_locked(void)
{
	for (uint32_t i = 0; i < pcn_process->vma_count; i++) {
		struct pcn_vma *v = &pcn_process->vmas[i];

		if (v->kind == PCN_VMA_ANON && (v->flags & MAP_SHARED))
			v->flags |= PCN_VMA_LENT;
	}
}

int pcn_movable(const char **why)
{
	struct identity now = identity();

	if (pcn_memcmp(&now, &at_start, sizeof now)) {
		*why = "the program has changed its user or group";
		return -EPERM;
	}
	for (uint32_t i = 0; i < pcn_process->vma_count; i++)
		if (pcn_process->vmas[i].flags & PCN_VMA_LENT) {
			*why = "the program shares anonymous memory with "
			       "another process";
			return -EOPNOTSUPP;
		}
	return pcn_mapped_check(why);
}
