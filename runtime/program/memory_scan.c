/*
 * Finds and writes the pages a stream has to hold.
 *
 * /proc/self/pagemap tells which pages exist: absent ones are zero, and the
 * image's file-backed ones are in the executable as they are.  Without it every
 * page is looked at.
 */
#include "memory_scan.h"

#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#define LIST_ROOM                                                              \
	((PCN_STREAM_SEGMENT_MAX + 1ul) * sizeof(struct pcn_elf_segment))
#define PAGEMAP_STEP 8192u /* pages looked up at once */

#define PAGE_PRESENT (1ull << 63)
#define PAGE_SWAPPED (1ull << 62)
#define PAGE_OF_FILE (1ull << 61)

struct scan {
	struct pcn_memory_list *list;
	uint64_t *pagemap; /* PAGEMAP_STEP entries */
	int fd;		   /* of /proc/self/pagemap, or -1 */
	uint32_t gap;	   /* absent pages that do not end a segment */
};

static bool is_zero(uint64_t address)
{
	const uint64_t *word = (const uint64_t *)address, *end = word + 512;

	if (*word)
		return false;
	for (; word < end; word += 8)
		if (word[0] | word[1] | word[2] | word[3] | word[4] | word[5] |
		    word[6] | word[7])
			return false;
	return true;
}

static uint32_t segment_flags(uint32_t prot) /* PROT_* to PF_* */
{
	return (prot & PROT_READ ? 4 : 0) | (prot & PROT_WRITE ? 2 : 0) |
	       (prot & PROT_EXEC ? 1 : 0);
}

/* Adds a page; -ENOBUFS when the list is full. */
static int add_page(struct scan *s, const struct pcn_vma *v, uint64_t address)
{
	struct pcn_memory_list *list = s->list;

	if (list->count) {
		struct pcn_elf_segment *last = &list->segments[list->count - 1];
		uint64_t end = last->vaddr + last->filesz;

		/* A gap is joined only inside one map. */
		if (address == end && last->flags == segment_flags(v->prot)) {
			last->filesz += PCN_PAGE_SIZE;
			return 0;
		}
		if (last->vaddr >= v->start &&
		    address - end <= s->gap * PCN_PAGE_SIZE) {
			last->filesz = address + PCN_PAGE_SIZE - last->vaddr;
			return 0;
		}
	}
	if (list->count == PCN_STREAM_SEGMENT_MAX)
		return -ENOBUFS;
	list->segments[list->count++] =
		(struct pcn_elf_segment){.vaddr = address,
					 .filesz = PCN_PAGE_SIZE,
					 .flags = segment_flags(v->prot)};
	return 0;
}

static bool needed(const struct pcn_vma *v, uint64_t entry, uint64_t address)
{
	if (v->kind == PCN_VMA_FILE) /* the file may change or vanish */
		return true;
	if (!(entry & (PAGE_PRESENT | PAGE_SWAPPED)))
		return false;
	if (v->kind == PCN_VMA_IMAGE) /* its fresh pages need not be zero */
		return !(entry & PAGE_OF_FILE);
	return !is_zero(address);
}

static int scan_vma(struct scan *s, const struct pcn_vma *v)
{
	int err = 0;

	if (v->kind == PCN_VMA_SHARED)
		return 0;
	for (uint64_t at = v->start; at < v->end && !err;) {
		uint64_t pages = (v->end - at) / PCN_PAGE_SIZE;
		long n = -1;

		if (pages > PAGEMAP_STEP)
			pages = PAGEMAP_STEP;
		if (s->fd >= 0)
			n = pcn_sys(__NR_pread64, s->fd, s->pagemap, pages * 8,
				    at / PCN_PAGE_SIZE * 8);
		for (uint64_t i = 0; i < pages && !err;
		     i++, at += PCN_PAGE_SIZE) {
			uint64_t entry = (long)(i * 8) < n ? s->pagemap[i]
							   : PAGE_PRESENT;

			if (needed(v, entry, at))
				err = add_page(s, v, at);
		}
	}
	return err;
}

/* The executable's data and the process's state lie below all the rest, whether
 * or not the table lists them. */
static int scan_fixed(struct scan *s)
{
	const struct pcn_vma image = {.start = pcn_image.data_start,
				      .end = pcn_image.data_end,
				      .prot = PROT_READ | PROT_WRITE,
				      .kind = PCN_VMA_IMAGE};
	const struct pcn_vma state = {.start = PCN_STATE_BASE,
				      .end = PCN_STATE_BASE + PCN_STATE_SIZE,
				      .prot = PROT_READ | PROT_WRITE,
				      .kind = PCN_VMA_STATE};
	int err = scan_vma(s, &image);

	return err ? err : scan_vma(s, &state);
}

/* Memory without PROT_READ is made readable for the time of the stop. */
static void make_readable(bool readable)
{
	for (uint32_t i = 0; i < pcn_process->vma_count; i++) {
		const struct pcn_vma *v = &pcn_process->vmas[i];

		if (!(v->prot & PROT_READ) && v->kind != PCN_VMA_SHARED)
			pcn_sys(__NR_mprotect, v->start, v->end - v->start,
				readable ? v->prot | PROT_READ : v->prot);
	}
}

int pcn_memory_scan(struct pcn_memory_list *list)
{
	struct scan s = {.list = list, .gap = 0};
	int64_t memory = pcn_private_map(LIST_ROOM), map;
	int err;

	list->segments = NULL;
	list->count = 0;
	if (pcn_is_error(memory))
		return (int)memory;
	list->segments = (void *)memory;
	map = pcn_private_map(PAGEMAP_STEP * 8);
	if (pcn_is_error(map))
		return (int)map;
	s.pagemap = (void *)map;
	s.fd = (int)pcn_sys(__NR_openat, AT_FDCWD, "/proc/thread-self/pagemap",
			    O_RDONLY | O_CLOEXEC, 0);
	make_readable(true);
	do {
		err = 0;
		list->count = 0;
		err = scan_fixed(&s);
		for (uint32_t i = 0; i < pcn_process->vma_count && !err; i++)
			if (pcn_process->vmas[i].start >=
			    PCN_STATE_BASE + PCN_STATE_SIZE)
				err = scan_vma(&s, &pcn_process->vmas[i]);
		s.gap = s.gap ? s.gap * 4 : 4;
	} while (err == -ENOBUFS && s.gap < 1u << 24);
	if (s.fd >= 0)
		pcn_sys(__NR_close, s.fd);
	pcn_private_unmap((uint64_t)map, PAGEMAP_STEP * 8);
	return err;
}

void pcn_memory_free(struct pcn_memory_list *list)
{
	if (!list->segments)
		return;
	make_readable(false);
	pcn_private_unmap((uint64_t)list->segments, LIST_ROOM);
	list->segments = NULL;
}

struct part {
	uint64_t address, size;
};

/* A page behind the end of a mapped file cannot be read: the stream gets a
 * hole. */
static int skip_page(struct part *part, int fd)
{
	long r = pcn_sys(__NR_lseek, fd, PCN_PAGE_SIZE, 1 /* SEEK_CUR */);

	if (r < 0)
		return (int)r;
	part->address += PCN_PAGE_SIZE;
	part->size -= PCN_PAGE_SIZE;
	return 0;
}

static int write_parts(struct part *parts, uint32_t count, int fd)
{
	uint32_t first = 0;

	while (first < count) {
		long n = pcn_sys(__NR_writev, fd, parts + first, count - first);

		if (n == -EINTR)
			continue;
		if (n == -EFAULT)
			n = skip_page(&parts[first], fd);
		else if (n == 0)
			n = -EIO;
		if (n < 0)
			return (int)n;
		while (first < count && (uint64_t)n >= parts[first].size)
			n -= (long)parts[first++].size;
		if (first < count) {
			parts[first].address += (uint64_t)n;
			parts[first].size -= (uint64_t)n;
		}
	}
	return 0;
}

int pcn_memory_write(const struct pcn_memory_list *list, int fd)
{
	struct part parts[256];
	int err = 0;

	for (uint32_t i = 0; i < list->count && !err;) {
		uint32_t n = 0;
		uint64_t size = 0;

		/* One call writes less than 2 GiB. */
		for (; i < list->count && n < 256 && size < (64ul << 20);
		     i++, n++) {
			parts[n].address = list->segments[i].vaddr;
			parts[n].size = list->segments[i].filesz;
			size += parts[n].size;
		}
		err = write_parts(parts, n, fd);
	}
	return err;
}
