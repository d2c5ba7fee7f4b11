/*
 * clock.c - the time without entering the kernel: the function of the vDSO that
 * this node's kernel gave the process.  Its address never leaves native memory.
 */
#include "away.h"

#include <asm/unistd.h>
#include <linux/auxvec.h>
#include <linux/elf.h>
#include <linux/time.h>

#include <pcn/home_clocks.h>

typedef int (*clock_function)(int clock, struct pcn_timespec *time);

static clock_function clock_gettime;

struct vdso {
	const Elf64_Sym *symbols;
	const char *strings;
	const uint32_t *hash, *gnu_hash;
};

static struct vdso read_dynamic(uint64_t bias, const Elf64_Dyn *d)
{
	struct vdso out = {0};

	for (; d->d_tag != DT_NULL; d++) {
		uint64_t address = bias + d->d_un.d_ptr;

		if (d->d_tag == DT_SYMTAB)
			out.symbols = (const void *)address;
		else if (d->d_tag == DT_STRTAB)
			out.strings = (const void *)address;
		else if (d->d_tag == DT_HASH)
			out.hash = (const void *)address;
		else if (d->d_tag == 0x6ffffef5 /* DT_GNU_HASH */)
			out.gnu_hash = (const void *)address;
	}
	return out;
}

/* Only the hash tables tell how many symbols there are. */
static uint32_t symbol_count(const struct vdso *d)
{
	uint32_t buckets, first, last = 0;
	const uint32_t *bucket, *chain;

	if (d->hash)
		return d->hash[1];
	if (!d->gnu_hash)
		return 0;
	buckets = d->gnu_hash[0];
	first = d->gnu_hash[1];
	bucket = d->gnu_hash + 4 + 2 * d->gnu_hash[2];
	chain = bucket + buckets;
	for (uint32_t i = 0; i < buckets; i++)
		if (bucket[i] > last)
			last = bucket[i];
	if (last < first)
		return first;
	while (!(chain[last - first] & 1))
		last++;
	return last + 1;
}

void pcn_clock_start(void)
{
	const Elf64_Ehdr *image = (const void *)pcn_getauxval(AT_SYSINFO_EHDR);
	const Elf64_Phdr *p;
	uint64_t bias = 0;
	const Elf64_Dyn *dynamic = NULL;
	struct vdso d;

	if (!image)
		return;
	p = (const void *)((uint64_t)image + image->e_phoff);
	for (uint32_t i = 0; i < image->e_phnum; i++) {
		if (p[i].p_type == PT_LOAD && !bias)
			bias = (uint64_t)image + p[i].p_offset - p[i].p_vaddr;
		else if (p[i].p_type == PT_DYNAMIC)
			dynamic =
				(const void *)((uint64_t)image + p[i].p_offset);
	}
	if (!dynamic)
		return;
	d = read_dynamic(bias, dynamic);
	if (!d.symbols || !d.strings)
		return;
	for (uint32_t i = 0, n = symbol_count(&d); i < n; i++)
		if (d.symbols[i].st_shndx &&
		    !pcn_strcmp(d.strings + d.symbols[i].st_name,
				PCN_ARCH_CLOCK_GETTIME))
			clock_gettime =
				(clock_function)(bias + d.symbols[i].st_value);
}

static bool read_clock(long clock, struct pcn_timespec *time)
{
	return !(clock_gettime ? clock_gettime((int)clock, time)
			       : pcn_sys(__NR_clock_gettime, clock, time));
}

/* A thread that is away on another machine is told what its home's clocks say.
 */
static bool home_clock(long clock, struct pcn_timespec *time)
{
	int64_t home;

	if (!read_clock(CLOCK_MONOTONIC, time) ||
	    !pcn_home_clocks_read(&__popcorn_control.home_clocks,
				  clock == CLOCK_REALTIME,
				  time->s * 1000000000 + time->ns, &home))
		return false;
	time->s = home / 1000000000;
	time->ns = home % 1000000000;
	return true;
}

long pcn_call_clock_gettime(struct pcn_call *call)
{
	long clock = pcn_real_clock(call->a[0]);
	struct pcn_timespec time;

	call->a[0] = clock;
	/* Not straight to the program's memory: a bad pointer is the kernel's.
	 */
	if (call->a[1] < (long)PCN_IMAGE_BASE ||
	    (!clock_gettime && !pcn_away) ||
	    (!(pcn_away && home_clock(clock, &time)) &&
	     !read_clock(clock, &time)))
		return pcn_call_native(call);
	*(struct pcn_timespec *)call->a[1] = time;
	return 0;
}
