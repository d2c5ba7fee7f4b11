/*
 * vma.c - the table of portable mappings and room among them.
 *
 * The table in struct pcn_process is sorted and has no overlaps; it is what a
 * saved process is made from, so every change of a mapping goes through here.
 * All functions want pcn_process->lock held.
 */
#include "vma.h"

uint32_t pcn_vma_find_locked(uint64_t address)
{
	uint32_t low = 0, high = pcn_process->vma_count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (pcn_process->vmas[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void open_gap(uint32_t at, uint32_t count)
{
	struct pcn_vma *v = pcn_process->vmas;

	/* memmove upwards is five times as slow. */
	for (uint32_t i = pcn_process->vma_count; i-- > at;)
		v[i + count] = v[i];
	pcn_process->vma_count += count;
}

static void close_gap(uint32_t at, uint32_t count)
{
	struct pcn_vma *v = pcn_process->vmas;

	if (!count)
		return;
	memmove(v + at, v + at + count,
		(pcn_process->vma_count - at - count) * sizeof *v);
	pcn_process->vma_count -= count;
}

bool pcn_vma_room_locked(uint32_t more)
{
	return pcn_process->vma_count + more <= PCN_VMA_MAX;
}

/* Makes address a border between two entries, if it lies inside one. */
static void split(uint64_t address)
{
	uint32_t i = pcn_vma_find_locked(address);
	struct pcn_vma *v = &pcn_process->vmas[i];

	if (i == pcn_process->vma_count || v->start >= address)
		return;
	open_gap(i, 1);
	v[0].end = address;
	v[1].offset += address - v[1].start;
	v[1].start = address;
}

static bool joins(const struct pcn_vma *a, const struct pcn_vma *b)
{
	return a->end == b->start && a->kind == b->kind && a->prot == b->prot &&
	       a->flags == b->flags && a->path == b->path &&
	       (a->path < 0 || a->offset + (a->end - a->start) == b->offset);
}

static void join_around(uint64_t start, uint64_t end)
{
	struct pcn_vma *v = pcn_process->vmas;
	uint32_t i = pcn_vma_find_locked(start ? start - 1 : 0);

	while (i + 1 < pcn_process->vma_count && v[i].start <= end) {
		if (joins(&v[i], &v[i + 1])) {
			v[i].end = v[i + 1].end;
			close_gap(i + 1, 1);
		} else {
			i++;
		}
	}
}

void pcn_vma_remove_locked(uint64_t start, uint64_t end)
{
	uint32_t first, last;

	split(start);
	split(end);
	first = last = pcn_vma_find_locked(start);
	while (last < pcn_process->vma_count &&
	       pcn_process->vmas[last].start < end)
		last++;
	close_gap(first, last - first);
}

void pcn_vma_insert_locked(const struct pcn_vma *vma)
{
	uint32_t at;

	pcn_vma_remove_locked(vma->start, vma->end);
	at = pcn_vma_find_locked(vma->start);
	open_gap(at, 1);
	pcn_process->vmas[at] = *vma;
	join_around(vma->start, vma->end);
}

void pcn_vma_protect_locked(uint64_t start, uint64_t end, uint32_t prot)
{
	split(start);
	split(end);
	for (uint32_t i = pcn_vma_find_locked(start);
	     i < pcn_process->vma_count && pcn_process->vmas[i].start < end;
	     i++)
		pcn_process->vmas[i].prot = prot;
	join_around(start, end);
}

bool pcn_vma_free_locked(uint64_t start, uint64_t end)
{
	uint32_t i = pcn_vma_find_locked(start);

	return i == pcn_process->vma_count || pcn_process->vmas[i].start >= end;
}

static uint64_t fit(uint64_t from, uint64_t to, uint64_t size, uint64_t align)
{
	uint64_t at = PCN_ALIGN_UP(from, align);

	for (uint32_t i = pcn_vma_find_locked(at); at + size <= to; i++) {
		if (i == pcn_process->vma_count ||
		    pcn_process->vmas[i].start >= at + size)
			return at;
		at = PCN_ALIGN_UP(pcn_process->vmas[i].end, align);
	}
	return 0;
}

/*
 * Next fit, round and round below a limit, which rises when there is no room
 * and by a quarter more than it must: whoever keeps something for each address
 * that was ever in use, as kernels and directories do, keeps little more than
 * for what was in use at once.  Large areas are aligned so that the kernel may
 * use huge pages.
 */
uint64_t pcn_vma_room_for_locked(uint64_t size)
{
	uint64_t align = size >= (2ul << 20) ? 2ul << 20 : PCN_PAGE_SIZE;
	uint64_t hint = pcn_process->mmap_hint;
	uint64_t limit = pcn_process->mmap_limit, at;

	if (limit < PCN_MMAP_BASE || limit > PCN_MMAP_END)
		limit = PCN_MMAP_END;
	if (hint < PCN_MMAP_BASE || hint > limit)
		hint = PCN_MMAP_BASE;
	at = fit(hint, limit, size, align);
	if (!at)
		at = fit(PCN_MMAP_BASE, limit, size, align);
	if (!at) {
		at = fit(PCN_MMAP_BASE, PCN_MMAP_END, size, align);
		limit = at + size + (limit - PCN_MMAP_BASE) / 4;
		if (at)
			pcn_process->mmap_limit =
				limit < PCN_MMAP_END ? limit : PCN_MMAP_END;
	}
	if (at)
		pcn_process->mmap_hint = at + size;
	return at;
}

const char *pcn_path(int32_t slot)
{
	if (slot < 0 || (uint32_t)slot >= PCN_PATHS)
		return NULL;
	return (const char *)PCN_PATHS_BASE + (uint64_t)slot * PCN_PATH_MAX;
}

static bool path_used(int32_t slot)
{
	for (uint32_t i = 0; i < pcn_process->vma_count; i++)
		if (pcn_process->vmas[i].path == slot)
			return true;
	return false;
}

/* Slots are taken in order, so the first empty one ends the search; one that no
 * mapping uses any more is taken again. */
int32_t pcn_path_slot_locked(int fd)
{
	char name[32], path[PCN_PATH_MAX];
	int32_t reuse = -1, slot = 0;
	long n;

	pcn_format(name, sizeof name, "/proc/thread-self/fd/%d", fd);
	n = pcn_sys(__NR_readlinkat, -100 /* AT_FDCWD */, name, path,
		    sizeof path - 1);
	if (n <= 0)
		return -1;
	path[n] = 0;
	for (; slot < (int32_t)PCN_PATHS && *pcn_path(slot); slot++) {
		if (!pcn_strcmp(pcn_path(slot), path))
			return slot;
		if (reuse < 0 && !path_used(slot))
			reuse = slot;
	}
	if (reuse >= 0)
		slot = reuse;
	if (slot == (int32_t)PCN_PATHS)
		return -1;
	pcn_strcopy((char *)pcn_path(slot), path, PCN_PATH_MAX);
	return slot;
}
