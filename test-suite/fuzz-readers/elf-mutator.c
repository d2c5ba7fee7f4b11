/*
 * Mutates ELF files where readers look: headers, tables, notes, symbols, unwind
 * information, and the same in slices inside.  Bytes chosen at random would
 * nearly always fall into code, which nobody reads.
 */
#define _GNU_SOURCE
#include "reader.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define REGIONS_MAX 256
#define CORE_PART   8192u /* of a segment of a saved process */

struct region {
	size_t at, size;
};

static struct region regions[REGIONS_MAX];
static size_t region_count;
static uint64_t random_state;

static uint64_t roll(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return below ? (random_state >> 11) % below : 0;
}

static void add(size_t at, size_t size, size_t end)
{
	if (at >= end || !size || region_count == REGIONS_MAX)
		return;
	regions[region_count++] =
		(struct region){at, size < end - at ? size : end - at};
}

static void collect(const uint8_t *data, size_t base, size_t end);

static void collect_sections(const uint8_t *data, size_t base, size_t end,
			     const Elf64_Ehdr *h)
{
	for (size_t i = 0; i < h->e_shnum && i < 128; i++) {
		size_t at = base + h->e_shoff + i * sizeof(Elf64_Shdr);
		Elf64_Shdr s;

		if (h->e_shoff > end || at > end || end - at < sizeof(s))
			return;
		memcpy(&s, data + at, sizeof(s));
		if (s.sh_type == SHT_NOBITS || s.sh_offset > end ||
		    s.sh_size > end || (s.sh_flags & SHF_EXECINSTR))
			continue;
		add(base + s.sh_offset, s.sh_size, end);
		if (!base && s.sh_offset && s.sh_offset + s.sh_size <= end)
			collect(data, s.sh_offset, s.sh_offset + s.sh_size);
	}
}

static void collect_segments(const uint8_t *data, size_t base, size_t end,
			     const Elf64_Ehdr *h)
{
	for (size_t i = 0; i < h->e_phnum && i < 128; i++) {
		size_t at = base + h->e_phoff + i * sizeof(Elf64_Phdr);
		Elf64_Phdr p;

		if (h->e_phoff > end || at > end || end - at < sizeof(p))
			return;
		memcpy(&p, data + at, sizeof(p));
		if (p.p_offset > end)
			continue;
		if (p.p_type == PT_NOTE)
			add(base + p.p_offset, p.p_filesz, end);
		else if (h->e_type == ET_CORE && p.p_type == PT_LOAD)
			add(base + p.p_offset, CORE_PART, end);
	}
}

static void collect(const uint8_t *data, size_t base, size_t end)
{
	Elf64_Ehdr h;

	if (end - base < sizeof(h) || memcmp(data + base, ELFMAG, SELFMAG))
		return;
	memcpy(&h, data + base, sizeof(h));
	add(base, sizeof(h), end);
	if (h.e_phoff < end)
		add(base + h.e_phoff, h.e_phnum * sizeof(Elf64_Phdr), end);
	if (h.e_shoff < end)
		add(base + h.e_shoff, h.e_shnum * sizeof(Elf64_Shdr), end);
	collect_segments(data, base, end, &h);
	collect_sections(data, base, end, &h);
}

/* A number that a bound could be wrong about. */
static uint64_t number(const uint8_t *data, size_t size, size_t width,
		       const struct region *r, uint64_t old)
{
	static const uint64_t edges[] = {
		0,	     1,		 2,	     7,		  8,
		0x7f,	     0x80,	 0xff,	     0x7fff,	  0xffff,
		0x7fffffff,  0x80000000, 0xffffffff, -1ull,	  1ull << 63,
		-4096ull,    0x10000000, 0x50000000, 0x100000000, 0x200000000,
		0x3000000000};
	uint64_t value = 0;

	switch (roll(7)) {
	case 0:
		return edges[roll(sizeof(edges) / sizeof(*edges))];
	case 1:
		return old + roll(17) - 8;
	case 2:
		return old ^ 1ull << roll(64);
	case 3:
		return size - roll(65);
	case 4:
		return regions[roll(region_count)].at + roll(65) - 32;
	case 5: /* one that stands elsewhere in this table */
		if (r->size >= width)
			memcpy(&value,
			       data + r->at + roll(r->size / width) * width,
			       width);
		return value;
	default:
		return roll(UINT64_MAX);
	}
}

static void edit(uint8_t *data, size_t size)
{
	const struct region *r = &regions[roll(region_count)];
	size_t width = 1u << roll(4), at;
	uint64_t value = 0;

	if (r->size < width)
		width = 1;
	at = r->at + roll(r->size / width) * width;
	memcpy(&value, data + at, width);
	value = number(data, size, width, r, value);
	memcpy(data + at, &value, width);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max,
			       unsigned int seed)
{
	random_state = seed * 0x9e3779b97f4a7c15ull + 1;
	region_count = 0;
	if (size)
		collect(data, 0, size);
	if (!region_count || !roll(16))
		return LLVMFuzzerMutate(data, size, size_max);
	if (!roll(32))
		return 1 + roll(size);
	for (uint64_t edits = 1 + roll(4); edits; edits--)
		edit(data, size);
	return size;
}

/* What is found goes below the build tree, from wherever this is started. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char prefix[] = "-artifact_prefix=" FUZZ_FOUND "/";
	char **more = calloc((size_t)*argc + 2, sizeof(*more));

	if (!more)
		abort();
	more[0] = (*argv)[0];
	more[1] = prefix; /* another one behind it wins */
	memcpy(more + 2, *argv + 1, sizeof(*more) * (size_t)(*argc - 1));
	*argv = more;
	*argc += 1;
	return 0;
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
	static char path[32];
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("input", 0);
	if (fd < 0 || ftruncate(fd, 0) ||
	    pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}
