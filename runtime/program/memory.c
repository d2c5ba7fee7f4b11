/*
 * memory.c - the program's memory: brk and the mmap family in the portable
 * windows, every mapping written down; the run time's private memory.
 *
 * The program may map inside the mmap window only: elsewhere an address would
 * not be the same, or not be free, on another node.
 */
#include "away.h"
#include "vma.h"

#include <linux/fcntl.h>
#include <linux/mman.h>

#define MAP_GENERIC                                                            \
	(MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS |                \
	 MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_LOCKED |            \
	 MAP_HUGETLB)

/* The window's part that is used first, bytes. */
#define MMAP_FIRST (4ul << 20)

static uint64_t private_next = PCN_PRIVATE_BASE + PCN_PAGE_SIZE;

static long native_map(uint64_t address, uint64_t size, long prot, long flags,
		       int fd, uint64_t offset)
{
	long at = pcn_sys(__NR_mmap, address, size, prot, flags | MAP_FIXED, fd,
			  offset);

	/* A kernel that knows better than MAP_FIXED is no kernel to run on. */
	if (!pcn_is_error(at) && (uint64_t)at != address)
		pcn_die("mmap of %lx gave %lx", address, at);
	return at;
}

/* The program's memory, where pcn_process->lock is held. */
static long portable_map(uint64_t address, uint64_t size, long prot, long flags,
			 int fd, uint64_t offset)
{
	return pcn_shared
		       ? pcn_share_map(address, size, prot, flags, fd, offset)
		       : native_map(address, size, prot, flags, fd, offset);
}

static long portable_unmap(uint64_t address, uint64_t size)
{
	return pcn_shared ? pcn_share_unmap(address, size)
			  : pcn_sys(__NR_munmap, address, size);
}

/* Private memory is taken upwards and only reused by the page: machine stacks
 * have their own cache, and the window holds thousands of them.  No lock here:
 * the child of a fork would wait for it for ever. */
int64_t pcn_private_map(uint64_t size)
{
	uint64_t at = __atomic_load_n(&private_next, __ATOMIC_RELAXED);

	size = PCN_ALIGN_UP(size, PCN_PAGE_SIZE);
	do {
		if (at + size > PCN_PRIVATE_END)
			return -ENOMEM;
	} while (!__atomic_compare_exchange_n(
		&private_next, &at, at + size + PCN_PAGE_SIZE, false,
		__ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return native_map(at, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

void pcn_private_unmap(uint64_t address, uint64_t size)
{
	uint64_t end;

	size = PCN_ALIGN_UP(size, PCN_PAGE_SIZE);
	end = address + size + PCN_PAGE_SIZE;
	pcn_sys(__NR_munmap, address, size);
	__atomic_compare_exchange_n(&private_next, &end, address, false,
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

int pcn_state_map(void)
{
	long at = native_map(
		PCN_STATE_BASE, PCN_STATE_SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return pcn_is_error(at) ? (int)at : 0;
}

/* The table of a fresh program: its image's data and the state itself. */
int pcn_memory_start(void)
{
	struct pcn_vma data = {pcn_image.data_start,
			       pcn_image.data_end,
			       PROT_READ | PROT_WRITE,
			       MAP_PRIVATE,
			       PCN_VMA_IMAGE,
			       -1,
			       0};
	struct pcn_vma state = {PCN_STATE_BASE,
				PCN_STATE_BASE + PCN_STATE_SIZE,
				PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS,
				PCN_VMA_STATE,
				-1,
				0};

	pcn_process->brk = PCN_BRK_BASE;
	pcn_process->mmap_hint = PCN_MMAP_BASE;
	pcn_process->mmap_limit = PCN_MMAP_BASE + MMAP_FIRST;
	if (data.end > data.start)
		pcn_vma_insert_locked(&data);
	pcn_vma_insert_locked(&state);
	return 0;
}

/* --- portable memory for the run time itself --- */

int64_t pcn_portable_map(uint64_t size, uint32_t prot, uint64_t guard)
{
	struct pcn_vma vma = {.prot = prot,
			      .flags = MAP_PRIVATE | MAP_ANONYMOUS,
			      .kind = PCN_VMA_ANON,
			      .path = -1};
	uint64_t at;
	long result = -ENOMEM;

	if (pcn_away) /* only records, without a guard */
		return __popcorn_syscall(222 /* mmap */, 0, (long)size, prot,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size = PCN_ALIGN_UP(size, PCN_PAGE_SIZE);
	guard = PCN_ALIGN_UP(guard, PCN_PAGE_SIZE);
	pcn_lock(&pcn_process->lock);
	at = pcn_vma_room_locked(4) ? pcn_vma_room_for_locked(guard + size) : 0;
	if (at) {
		if (guard)
			portable_map(at, guard, PROT_NONE,
				     MAP_PRIVATE | MAP_ANONYMOUS |
					     MAP_NORESERVE,
				     -1, 0);
		result = portable_map(
			at + guard, size, prot,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	}
	if (!pcn_is_error(result)) {
		vma.start = at + guard;
		vma.end = at + guard + size;
		pcn_vma_insert_locked(&vma);
		if (guard) {
			vma.start = at;
			vma.end = at + guard;
			vma.prot = PROT_NONE;
			pcn_vma_insert_locked(&vma);
		}
	}
	pcn_unlock(&pcn_process->lock);
	return result;
}

int pcn_portable_unmap(uint64_t address, uint64_t size)
{
	long result;

	if (pcn_away)
		return (int)__popcorn_syscall(215 /* munmap */, (long)address,
					      (long)size, 0, 0, 0, 0);
	pcn_lock(&pcn_process->lock);
	result = portable_unmap(address, size);
	if (!result)
		pcn_vma_remove_locked(
			address, address + PCN_ALIGN_UP(size, PCN_PAGE_SIZE));
	pcn_unlock(&pcn_process->lock);
	return result;
}

/* --- the program's calls --- */

static bool in_window(uint64_t address, uint64_t size)
{
	return address >= PCN_MMAP_BASE && address + size <= PCN_MMAP_END &&
	       address + size >= address;
}

static long choose(uint64_t hint, uint64_t size, long flags)
{
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (hint % PCN_PAGE_SIZE)
			return -EINVAL;
		if (!in_window(hint, size))
			return -ENOMEM;
		if ((flags & MAP_FIXED_NOREPLACE) &&
		    !pcn_vma_free_locked(hint, hint + size))
			return -EEXIST;
		return hint;
	}
	hint = PCN_ALIGN_UP(hint, PCN_PAGE_SIZE);
	if (hint && in_window(hint, size) &&
	    pcn_vma_free_locked(hint, hint + size))
		return hint;
	hint = pcn_vma_room_for_locked(size);
	return hint ? (long)hint : -ENOMEM;
}

static bool is_read_only(int fd)
{
	return (pcn_sys(__NR_fcntl, fd, F_GETFL) & O_ACCMODE) == O_RDONLY;
}

int64_t pcn_memory_map(uint64_t hint, uint64_t size, long prot, long flags,
		       int fd, uint64_t offset)
{
	struct pcn_vma vma = {
		.prot = prot, .flags = flags, .kind = PCN_VMA_ANON, .path = -1};
	long at;

	if (!size)
		return -EINVAL;
	size = PCN_ALIGN_UP(size, PCN_PAGE_SIZE);
	if (!size || size > PCN_MMAP_END - PCN_MMAP_BASE)
		return -ENOMEM;
	pcn_lock(&pcn_process->lock);
	at = pcn_vma_room_locked(2) ? choose(hint, size, flags) : -ENOMEM;
	if (!pcn_is_error(at))
		at = portable_map(at, size, prot, flags & MAP_GENERIC, fd,
				  offset);
	if (!pcn_is_error(at)) {
		if (!(flags & MAP_ANONYMOUS)) {
			vma.kind = flags & MAP_SHARED ? PCN_VMA_SHARED
						      : PCN_VMA_FILE;
			vma.path = pcn_path_slot_locked(fd);
			if (vma.kind == PCN_VMA_SHARED && is_read_only(fd))
				vma.flags |= PCN_VMA_READ_ONLY;
			vma.offset = offset;
		}
		vma.start = at;
		vma.end = at + size;
		pcn_vma_insert_locked(&vma);
	}
	pcn_unlock(&pcn_process->lock);
	return at;
}

long pcn_call_mmap(struct pcn_call *call)
{
	return pcn_memory_map(call->a[0], call->a[1], call->a[2], call->a[3],
			      call->a[4], call->a[5]);
}

long pcn_call_munmap(struct pcn_call *call)
{
	uint64_t address = call->a[0],
		 size = PCN_ALIGN_UP(call->a[1], PCN_PAGE_SIZE);

	if (address % PCN_PAGE_SIZE || !size || !in_window(address, size))
		return -EINVAL;
	if (!pcn_vma_room_locked(2))
		return -ENOMEM;
	return pcn_portable_unmap(address, size);
}

long pcn_call_mprotect(struct pcn_call *call)
{
	uint64_t address = call->a[0],
		 size = PCN_ALIGN_UP(call->a[1], PCN_PAGE_SIZE);
	long result;

	pcn_lock(&pcn_process->lock);
	if (!pcn_vma_room_locked(2))
		result = -ENOMEM;
	else if (pcn_shared)
		result = pcn_share_protect(address, size, call->a[2]);
	else
		result = pcn_sys(__NR_mprotect, address, size, call->a[2]);
	if (!result && size)
		pcn_vma_protect_locked(address, address + size, call->a[2]);
	pcn_unlock(&pcn_process->lock);
	return result;
}

/* By hand: what is mapped is one file, whose pages do not move.  vma is what
 * begins at old. */
static long remap_shared(const struct pcn_vma *vma, uint64_t old,
			 uint64_t old_size, uint64_t at, uint64_t size)
{
	const long flags = MAP_PRIVATE | MAP_ANONYMOUS;
	long result;

	if (vma->kind == PCN_VMA_SHARED)
		return pcn_share_remap_file(vma, old_size, at, size);
	if (at == old) {
		result = pcn_share_map(old + old_size, size - old_size,
				       vma->prot, flags, -1, 0);
		return pcn_is_error(result) ? result : (long)old;
	}
	result = pcn_share_map(at, size, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (pcn_is_error(result))
		return result;
	memcpy((void *)at, (void *)old, old_size < size ? old_size : size);
	if (vma->prot != (PROT_READ | PROT_WRITE))
		pcn_share_protect(at, size, vma->prot);
	pcn_share_unmap(old, old_size);
	return result;
}

/* Moves [old, old + old_size) or grows it where it is; the kernel does the work
 * at the address the table has room for. */
static long remap(uint64_t old, uint64_t old_size, uint64_t size, long flags,
		  uint64_t fixed)
{
	uint32_t i = pcn_vma_find_locked(old);
	struct pcn_vma vma;
	uint64_t at;
	long result;

	if (i == pcn_process->vma_count || pcn_process->vmas[i].start > old ||
	    pcn_process->vmas[i].end < old + old_size)
		return -EFAULT;
	vma = pcn_process->vmas[i];
	vma.offset += old - vma.start;
	vma.start = old;
	if (flags & MREMAP_FIXED) {
		if (!(flags & MREMAP_MAYMOVE) || fixed % PCN_PAGE_SIZE ||
		    (fixed < old + old_size && old < fixed + size))
			return -EINVAL;
		if (!in_window(fixed, size))
			return -ENOMEM;
		at = fixed;
	} else if (size <= old_size) {
		result = old;
		if (size < old_size)
			result = portable_unmap(old + size, old_size - size)
					 ?: (long)old;
		if (!pcn_is_error(result) && size < old_size)
			pcn_vma_remove_locked(old + size, old + old_size);
		return result;
	} else if (in_window(old, size) &&
		   pcn_vma_free_locked(old + old_size, old + size)) {
		at = old;
	} else if (flags & MREMAP_MAYMOVE) {
		at = pcn_vma_room_for_locked(size);
		if (!at)
			return -ENOMEM;
	} else {
		return -ENOMEM;
	}
	if (pcn_shared)
		result = remap_shared(&vma, old, old_size, at, size);
	else if (at == old)
		result = pcn_sys(__NR_mremap, old, old_size, size, 0, 0);
	else
		result = pcn_sys(__NR_mremap, old, old_size, size,
				 MREMAP_MAYMOVE | MREMAP_FIXED, at);
	if (pcn_is_error(result))
		return result;
	if (at != old)
		pcn_vma_remove_locked(old, old + old_size);
	vma.start = at;
	vma.end = at + size;
	pcn_vma_insert_locked(&vma);
	return at;
}

long pcn_call_mremap(struct pcn_call *call)
{
	uint64_t old = call->a[0],
		 old_size = PCN_ALIGN_UP(call->a[1], PCN_PAGE_SIZE);
	uint64_t size = PCN_ALIGN_UP(call->a[2], PCN_PAGE_SIZE);
	long result;

	if (old % PCN_PAGE_SIZE || !old_size || !size ||
	    !in_window(old, old_size) ||
	    (call->a[3] & ~(MREMAP_MAYMOVE | MREMAP_FIXED)))
		return -EINVAL;
	pcn_lock(&pcn_process->lock);
	result = pcn_vma_room_locked(3)
			 ? remap(old, old_size, size, call->a[3], call->a[4])
			 : -ENOMEM;
	pcn_unlock(&pcn_process->lock);
	return result;
}

static bool file_at(uint64_t address)
{
	uint32_t i;
	bool found;

	pcn_lock(&pcn_process->lock);
	i = pcn_vma_find_locked(address);
	found = i < pcn_process->vma_count &&
		pcn_process->vmas[i].start <= address &&
		pcn_process->vmas[i].kind == PCN_VMA_SHARED;
	pcn_unlock(&pcn_process->lock);
	return found;
}

/* What is shared is a file of memory, of which the kernel forgets nothing. */
long pcn_call_madvise(struct pcn_call *call)
{
	uint64_t address = call->a[0],
		 size = PCN_ALIGN_UP(call->a[1], PCN_PAGE_SIZE);
	long advice = call->a[2], result;

	if (!pcn_shared || file_at(address))
		return pcn_call_native(call);
	if (address % PCN_PAGE_SIZE)
		return -EINVAL;
	if (!size || (advice != MADV_DONTNEED && advice != MADV_FREE))
		return 0;
	pcn_lock(&pcn_process->lock);
	result = pcn_share_zero(address, size);
	pcn_unlock(&pcn_process->lock);
	return result;
}

long pcn_call_brk(struct pcn_call *call)
{
	uint64_t wanted = call->a[0], old_end, end;
	struct pcn_vma vma = {.start = PCN_BRK_BASE,
			      .prot = PROT_READ | PROT_WRITE,
			      .flags = MAP_PRIVATE | MAP_ANONYMOUS,
			      .kind = PCN_VMA_BRK,
			      .path = -1};
	long result = 0;

	pcn_lock(&pcn_process->lock);
	old_end = PCN_ALIGN_UP(pcn_process->brk, PCN_PAGE_SIZE);
	end = PCN_ALIGN_UP(wanted, PCN_PAGE_SIZE);
	if (wanted >= PCN_BRK_BASE && wanted <= PCN_BRK_END &&
	    pcn_vma_room_locked(2)) {
		if (end > old_end)
			result = portable_map(old_end, end - old_end, vma.prot,
					      vma.flags, -1, 0);
		else if (end < old_end)
			result = portable_unmap(end, old_end - end);
		if (!pcn_is_error(result)) {
			pcn_process->brk = wanted;
			if (end > old_end) {
				vma.start = old_end;
				vma.end = end;
				pcn_vma_insert_locked(&vma);
			} else if (end < old_end) {
				pcn_vma_remove_locked(end, old_end);
			}
		}
	}
	result = pcn_process->brk;
	pcn_unlock(&pcn_process->lock);
	return result;
}
