/*
 * Reads the head of a saved process.  The bytes come from a file or from
 * another process: every length and offset is checked here, once.
 */
#include <pcn/stream.h>

#include "bytes.h"

#define EINVAL_	   22		 /* errno.h is libc's */
#define IMAGE_LATE (256ul << 10) /* bytes of the executable's data */

static int bad(struct pcn_stream *s, const char *why)
{
	s->why = why;
	return -EINVAL_;
}

/* [offset, offset + size) lies in [0, limit). */
static int within(uint64_t offset, uint64_t size, uint64_t limit)
{
	return offset <= limit && size <= limit - offset;
}

static int same(const void *a, const void *b, uint32_t size)
{
	const uint8_t *x = a, *y = b;

	while (size--)
		if (*x++ != *y++)
			return 0;
	return 1;
}

static int ends_in(const char *text, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		if (!text[i])
			return 1;
	return 0;
}

static int check_header(struct pcn_stream *s, const struct pcn_elf_header *h)
{
	static const uint8_t ident[7] = {0x7f, 'E', 'L', 'F', 2, 1, 1};

	if (!same(h->ident, ident, sizeof(ident)))
		return bad(s, "not a 64-bit little-endian ELF file");
	if (h->type != PCN_ELF_CORE)
		return bad(s, "not an ELF core file");
	if (h->ehsize != sizeof(*h) ||
	    h->phentsize != sizeof(struct pcn_elf_segment) ||
	    h->phoff != sizeof(*h))
		return bad(s, "unusual ELF header: not written by Popcorn");
	if (!h->phnum || h->phnum > PCN_STREAM_SEGMENT_MAX + 1)
		return bad(s, "no segments, or too many");
	return 0;
}

int pcn_stream_head_size(struct pcn_stream *s, const void *first,
			 uint64_t file_size, uint64_t *size)
{
	struct pcn_elf_header h;
	struct pcn_elf_segment note;
	uint64_t table;
	int err;

	if (file_size < PCN_STREAM_PEEK)
		return bad(s, "too short for a saved process");
	pcn_copy(&h, first, sizeof(h));
	pcn_copy(&note, (const uint8_t *)first + sizeof(h), sizeof(note));
	err = check_header(s, &h);
	if (err)
		return err;
	if (note.type != PCN_ELF_NOTE)
		return bad(
			s,
			"first segment holds no notes: not written by Popcorn");
	table = sizeof(h) + (uint64_t)h.phnum * sizeof(note);
	if (note.offset != table || note.filesz > PCN_STREAM_HEAD_MAX - table ||
	    !within(table, note.filesz, file_size))
		return bad(s, "notes are out of bounds or truncated");
	*size = table + note.filesz;
	return 0;
}

static int in_window(uint64_t start, uint64_t end, uint64_t lo, uint64_t hi)
{
	return start >= lo && end <= hi && start < end;
}

/* Memory that a saved process may hold. */
static int portable_range(uint64_t start, uint64_t end)
{
	return in_window(start, end, PCN_IMAGE_BASE, PCN_IMAGE_END) ||
	       in_window(start, end, PCN_STATE_BASE,
			 PCN_STATE_BASE + PCN_STATE_SIZE) ||
	       in_window(start, end, PCN_BRK_BASE, PCN_BRK_END) ||
	       in_window(start, end, PCN_MMAP_BASE, PCN_MMAP_END);
}

static int check_segments(struct pcn_stream *s)
{
	uint64_t page = PCN_PAGE_SIZE - 1, end = 0, data = s->head_size,
		 sum = 0;

	for (uint32_t i = 0; i < s->segment_count; i++) {
		const struct pcn_elf_segment *g = &s->segments[i];

		if (g->type != PCN_ELF_LOAD)
			return bad(s, "a segment is neither memory nor notes");
		if (!g->filesz || g->filesz != g->memsz || (g->vaddr & page) ||
		    (g->filesz & page) || (g->offset & page))
			return bad(s, "a segment is not page-aligned");
		if (g->filesz > PCN_MMAP_END || g->vaddr > PCN_MMAP_END ||
		    !portable_range(g->vaddr, g->vaddr + g->filesz))
			return bad(
				s,
				"a segment lies outside the portable windows");
		if (g->vaddr < end)
			return bad(s, "segments overlap or are not sorted");
		if (g->offset < data ||
		    !within(g->offset, g->filesz, s->file_size))
			return bad(s, "memory is truncated or out of bounds");
		end = g->vaddr + g->filesz;
		data = g->offset + g->filesz;
		sum += g->filesz;
	}
	if (sum != s->info->memory_bytes)
		return bad(s, "sizes of memory disagree");
	return 0;
}

struct payload {
	const void *data;
	uint32_t size;
};

static int collect_notes(struct pcn_stream *s, uint64_t at,
			 struct payload *notes)
{
	while (at < s->head_size) {
		struct pcn_elf_note note;

		if (!within(at, sizeof(note) + 4, s->head_size))
			return bad(s, "a note is truncated");
		pcn_copy(&note, s->head + at, sizeof(note));
		if (note.name_size != 12 || !same(note.name, "Popcorn", 8))
			return bad(s, "a note is not Popcorn's");
		at += sizeof(note) + 4;
		if ((note.size & 7) || !within(at, note.size, s->head_size))
			return bad(s, "a note is out of bounds");
		note.type -= PCN_NOTE_BASE;
		/* Kinds of later versions are skipped. */
		if (note.type && note.type < PCN_NOTE_KINDS) {
			if (notes[note.type].data)
				return bad(s, "a note stands twice");
			notes[note.type].data = s->head + at;
			notes[note.type].size = note.size;
		}
		at += note.size;
	}
	for (uint32_t i = 1; i < PCN_NOTE_KINDS; i++)
		if (!notes[i].data)
			return bad(s, "a note is missing");
	return 0;
}

static int check_info(struct pcn_stream *s)
{
	const struct pcn_stream_info *info = s->info;

	if (info->magic != PCN_STREAM_MAGIC)
		return bad(s, "not a saved process");
	if (info->version != PCN_STREAM_VERSION ||
	    info->abi_version != PCN_ABI_VERSION)
		return bad(s, "saved by another version of Popcorn");
	if (!ends_in(info->isa, sizeof(info->isa)) ||
	    !ends_in(info->node, sizeof(info->node)))
		return bad(s, "a name does not end");
	if (info->cwd >= s->strings_size || info->exe >= s->strings_size)
		return bad(s, "a string is out of bounds");
	if (info->umask > 0777)
		return bad(s, "impossible file mode mask");
	for (uint32_t i = 0; i < PCN_STREAM_TIMERS; i++) {
		const struct pcn_stream_timer *t = &info->timers[i];

		if (t->interval_s < 0 || t->value_s < 0 || t->interval_us < 0 ||
		    t->value_us < 0 || t->interval_us > 999999 ||
		    t->value_us > 999999)
			return bad(s, "impossible timer");
	}
	return 0;
}

static int check_tables(struct pcn_stream *s)
{
	int32_t last = -1;

	if (!s->thread_count || s->thread_count > PCN_STREAM_THREAD_MAX ||
	    s->thread_count != s->info->threads)
		return bad(s, "impossible number of threads");
	for (uint32_t i = 0; i < s->thread_count; i++) {
		uint64_t a = s->threads[i].address;

		if ((a & 7) || a > PCN_MMAP_END ||
		    !portable_range(a, a + sizeof(struct pcn_thread)))
			return bad(
				s,
				"a thread lies outside the portable windows");
	}
	if (s->descriptor_count > PCN_STREAM_FD_MAX)
		return bad(s, "too many descriptors");
	for (uint32_t i = 0; i < s->descriptor_count; i++) {
		const struct pcn_stream_descriptor *d = &s->descriptors[i];

		if (d->fd <= last || d->fd >= (int32_t)PCN_STREAM_FD_MAX)
			return bad(s, "descriptors are not sorted");
		if (d->path >= s->strings_size || d->same_as >= d->fd ||
		    d->same_as < -1)
			return bad(s,
				   "a descriptor's fields are out of bounds");
		last = d->fd;
	}
	for (uint32_t i = 0; i < s->frame_count; i++)
		if (s->frames[i].thread >= s->thread_count ||
		    s->frames[i].name >= s->strings_size)
			return bad(s, "a frame's fields are out of bounds");
	return 0;
}

int pcn_stream_parse(struct pcn_stream *s, const void *head, uint64_t head_size,
		     uint64_t file_size)
{
	struct payload notes[PCN_NOTE_KINDS] = {{0, 0}};
	const struct pcn_elf_header *h = head;
	uint64_t expected;
	int err;

	err = pcn_stream_head_size(s, head, file_size, &expected);
	if (err)
		return err;
	if (head_size != expected || head_size > file_size)
		return bad(s, "head is truncated");
	s->head = head;
	s->head_size = head_size;
	s->file_size = file_size;
	s->segments =
		(const void *)(s->head + sizeof(*h) + sizeof(*s->segments));
	s->segment_count = h->phnum - 1u;
	err = collect_notes(
		s, sizeof(*h) + (uint64_t)h->phnum * sizeof(*s->segments),
		notes);
	if (err)
		return err;
	if (notes[PCN_NOTE_INFO].size != sizeof(*s->info))
		return bad(s, "information note of a wrong size");
	s->info = notes[PCN_NOTE_INFO].data;
	s->threads = notes[PCN_NOTE_THREADS].data;
	s->thread_count = notes[PCN_NOTE_THREADS].size / sizeof(*s->threads);
	s->descriptors = notes[PCN_NOTE_DESCRIPTORS].data;
	s->descriptor_count =
		notes[PCN_NOTE_DESCRIPTORS].size / sizeof(*s->descriptors);
	s->frames = notes[PCN_NOTE_FRAMES].data;
	s->frame_count = notes[PCN_NOTE_FRAMES].size / sizeof(*s->frames);
	s->strings = notes[PCN_NOTE_STRINGS].data;
	s->strings_size = notes[PCN_NOTE_STRINGS].size;
	if (!s->strings_size || s->strings[0] ||
	    s->strings[s->strings_size - 1])
		return bad(s, "strings do not end");
	err = check_info(s);
	if (!err)
		err = check_tables(s);
	if (!err)
		err = check_segments(s);
	return err;
}

const char *pcn_stream_string(const struct pcn_stream *s, uint32_t offset)
{
	return offset < s->strings_size ? s->strings + offset : "";
}

int pcn_stream_is_late(const struct pcn_elf_segment *segment)
{
	return segment->vaddr >= PCN_STATE_BASE + PCN_STATE_SIZE ||
	       (segment->vaddr < PCN_STATE_BASE &&
		segment->filesz >= IMAGE_LATE);
}

uint64_t pcn_stream_find(const struct pcn_stream *s, uint64_t address,
			 uint64_t size)
{
	uint32_t lo = 0, hi = s->segment_count;

	while (lo <
	       hi) { /* the last segment that starts at or before address */
		uint32_t mid = lo + (hi - lo) / 2;

		if (s->segments[mid].vaddr <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return 0;
	const struct pcn_elf_segment *g = &s->segments[lo - 1];

	if (!within(address - g->vaddr, size, g->filesz))
		return 0;
	return g->offset + (address - g->vaddr);
}

const struct pcn_vma *pcn_stream_vma(const struct pcn_process *process,
				     uint64_t address, uint64_t size)
{
	uint32_t lo = 0, hi = process->vma_count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (process->vmas[mid].start <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return 0;
	const struct pcn_vma *v = &process->vmas[lo - 1];

	return within(address - v->start, size, v->end - v->start) ? v : 0;
}

static int vma_window(const struct pcn_vma *v)
{
	switch (v->kind) {
	case PCN_VMA_IMAGE:
		return in_window(v->start, v->end, PCN_IMAGE_BASE,
				 PCN_IMAGE_END);
	case PCN_VMA_STATE:
		return in_window(v->start, v->end, PCN_STATE_BASE,
				 PCN_STATE_BASE + PCN_STATE_SIZE);
	case PCN_VMA_BRK:
		return in_window(v->start, v->end, PCN_BRK_BASE, PCN_BRK_END);
	case PCN_VMA_ANON:
	case PCN_VMA_FILE:
	case PCN_VMA_SHARED:
		return in_window(v->start, v->end, PCN_MMAP_BASE,
				 PCN_MMAP_END) ||
		       in_window(v->start, v->end, PCN_BRK_BASE, PCN_BRK_END) ||
		       in_window(v->start, v->end, PCN_IMAGE_BASE,
				 PCN_IMAGE_END);
	default:
		return 0;
	}
}

/* Are all bytes of the segment mapped?  It may span several maps in a row. */
static int covered(const struct pcn_process *process,
		   const struct pcn_elf_segment *g)
{
	uint64_t at = g->vaddr, end = g->vaddr + g->filesz;

	if (in_window(at, end, PCN_STATE_BASE, PCN_STATE_BASE + PCN_STATE_SIZE))
		return 1;
	while (at < end) {
		const struct pcn_vma *v = pcn_stream_vma(process, at, 1);

		if (!v)
			return 0;
		at = v->end;
	}
	return 1;
}

int pcn_stream_check_process(struct pcn_stream *s,
			     const struct pcn_process *process)
{
	uint64_t end = 0, page = PCN_PAGE_SIZE - 1;

	if (process->magic != PCN_PROCESS_MAGIC ||
	    process->abi_version != PCN_ABI_VERSION)
		return bad(s, "the process's state is not of this version");
	if (!same(process->build_id, s->info->build_id,
		  sizeof(process->build_id)))
		return bad(s, "the process's state names another executable");
	if (process->vma_count > PCN_VMA_MAX)
		return bad(s, "too many maps");
	for (uint32_t i = 0; i < process->vma_count; i++) {
		const struct pcn_vma *v = &process->vmas[i];

		if ((v->start & page) || (v->end & page) || v->start < end ||
		    !vma_window(v))
			return bad(s, "a map is misplaced or overlaps another");
		end = v->end;
	}
	for (uint32_t i = 0; i < s->segment_count; i++)
		if (!covered(process, &s->segments[i]))
			return bad(s, "memory outside of all maps");
	for (uint32_t i = 0; i < s->thread_count; i++)
		if (!pcn_stream_vma(process, s->threads[i].address,
				    sizeof(struct pcn_thread)))
			return bad(s, "a thread lies outside of all maps");
	return 0;
}
