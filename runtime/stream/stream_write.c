/* Lays out the head of a saved process: ELF header, segments, notes. */
#include <pcn/stream.h>

#include "bytes.h"

static uint64_t note_bytes(uint64_t payload)
{
	return sizeof(struct pcn_elf_note) + 4 + pcn_align8(payload);
}

static uint64_t notes_size(const struct pcn_stream_head *h)
{
	return note_bytes(sizeof(*h->info)) +
	       note_bytes(sizeof(*h->threads) * (uint64_t)h->thread_count) +
	       note_bytes(sizeof(*h->descriptors) *
			  (uint64_t)h->descriptor_count) +
	       note_bytes(sizeof(*h->frames) * (uint64_t)h->frame_count) +
	       note_bytes(h->strings_size);
}

static uint64_t notes_offset(const struct pcn_stream_head *h)
{
	return sizeof(struct pcn_elf_header) +
	       (h->segment_count + 1ull) * sizeof(struct pcn_elf_segment);
}

uint64_t pcn_stream_layout(const struct pcn_stream_head *h)
{
	return (notes_offset(h) + notes_size(h) + PCN_PAGE_SIZE - 1) &
	       ~(uint64_t)(PCN_PAGE_SIZE - 1);
}

/* Payloads start 8-aligned: the note's 20 bytes and 4 of padding that the
 * size of the name covers ("Popcorn" and zeroes). */
static uint8_t *put_note(uint8_t *at, uint32_t type, const void *data,
			 uint64_t size)
{
	struct pcn_elf_note note = {12, (uint32_t)pcn_align8(size),
				    PCN_NOTE_BASE + type, "Popcorn"};

	pcn_copy(at, &note, sizeof(note));
	pcn_copy(at + sizeof(note) + 4, data, size);
	return at + note_bytes(size);
}

uint64_t pcn_stream_build(struct pcn_stream_head *h, void *out)
{
	struct pcn_elf_header ehdr = {
		.ident = {0x7f, 'E', 'L', 'F', 2, 1, 1},
		.type = PCN_ELF_CORE,
		.machine = h->machine,
		.version = 1,
		.phoff = sizeof(ehdr),
		.ehsize = sizeof(ehdr),
		.phentsize = sizeof(struct pcn_elf_segment),
		.phnum = (uint16_t)(h->segment_count + 1),
	};
	struct pcn_elf_segment note = {
		.type = PCN_ELF_NOTE,
		.flags = 4,
		.offset = notes_offset(h),
		.filesz = notes_size(h),
		.align = 4,
	};
	uint64_t offset = pcn_stream_layout(h);
	uint8_t *at = out;

	h->info->memory_bytes = 0;
	for (uint32_t i = 0; i < h->segment_count; i++) {
		struct pcn_elf_segment *s = &h->segments[i];

		s->type = PCN_ELF_LOAD;
		s->offset = offset;
		s->paddr = 0;
		s->memsz = s->filesz;
		s->align = PCN_PAGE_SIZE;
		offset += s->filesz;
		h->info->memory_bytes += s->filesz;
	}
	pcn_copy(at, &ehdr, sizeof(ehdr));
	at += sizeof(ehdr);
	pcn_copy(at, &note, sizeof(note));
	at += sizeof(note);
	pcn_copy(at, h->segments, h->segment_count * sizeof(*h->segments));
	at += h->segment_count * sizeof(*h->segments);
	at = put_note(at, PCN_NOTE_INFO, h->info, sizeof(*h->info));
	at = put_note(at, PCN_NOTE_THREADS, h->threads,
		      h->thread_count * sizeof(*h->threads));
	at = put_note(at, PCN_NOTE_DESCRIPTORS, h->descriptors,
		      h->descriptor_count * sizeof(*h->descriptors));
	at = put_note(at, PCN_NOTE_FRAMES, h->frames,
		      h->frame_count * sizeof(*h->frames));
	put_note(at, PCN_NOTE_STRINGS, h->strings, h->strings_size);
	return offset;
}
