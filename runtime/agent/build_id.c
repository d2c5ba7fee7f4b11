/*
 * The build id, computed again over an executable that came from elsewhere.
 *
 * It was computed over the slices before popcorn-lipo put them together.  That
 * left the first one as it was but for three fields of its ELF header: the old
 * section table still stands where it ended, just before what was added.
 */
#define _GNU_SOURCE
#include "build_id.h"

#include <pcn/abi.h>

#include <elf.h>
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#define ALIGN 64u /* of a slice in the file */

struct slice {
	const uint8_t *bytes;
	uint64_t size;
	Elf64_Ehdr header; /* takes the first bytes' place */
	uint64_t note;	   /* offset */
};

static int bad(const struct executable *x, struct error *error)
{
	return pcn_fail(
		error, -ENOEXEC,
		"%s: its build id is not that of its contents (stripped, or "
		"damaged)",
		x->path);
}

/* The note of one ELF file. */
static bool find_note(struct slice *s)
{
	struct executable view = {.bytes = s->bytes, .size = s->size};
	const Elf64_Shdr *section;

	if (s->size < sizeof(s->header))
		return false;
	section = pcn_executable_section(&view, ".note.popcorn");
	if (!section || section->sh_size < sizeof(struct pcn_note))
		return false;
	s->note = section->sh_offset;
	return s->note >= sizeof(s->header);
}

/* Where the first slice's own section table stands: count entries, the same as
 * the first ones of the file's, but for the section names. */
static bool find_table(const struct executable *x, uint64_t end, unsigned count,
		       uint64_t *table)
{
	const Elf64_Ehdr *h = (const void *)x->bytes;
	const Elf64_Shdr *now = (const void *)(x->bytes + h->e_shoff);
	uint64_t size = count * sizeof(*now);

	for (uint64_t pad = 0; pad < ALIGN; pad++) {
		uint64_t at = end - pad - size;
		bool same = pad + size <= end && at % 8 == 0;

		for (unsigned i = 0; same && i < count; i++)
			same = i == h->e_shstrndx ||
			       !memcmp(x->bytes + at + i * sizeof(*now),
				       &now[i], sizeof(*now));
		if (same) {
			*table = at;
			return true;
		}
	}
	return false;
}

static bool first_slice(const struct executable *x, struct slice *s)
{
	const Elf64_Ehdr *h = (const void *)x->bytes;
	const Elf64_Shdr *sections = (const void *)(x->bytes + h->e_shoff);
	uint64_t end = sections[h->e_shstrndx].sh_offset, table;
	unsigned count = h->e_shnum;

	for (int i = 0; i < PCN_ISA_COUNT; i++) {
		const Elf64_Shdr *other =
			pcn_executable_slice_section(x, &pcn_isas[i]);

		count -= other != NULL;
		if (other && other->sh_offset < end)
			end = other->sh_offset;
	}
	if (count <= h->e_shstrndx || count > h->e_shnum ||
	    !find_table(x, end, count, &table))
		return false;
	s->bytes = x->bytes;
	s->size = x->size;
	if (!find_note(s)) /* by the file's table, which is whole */
		return false;
	s->size = table + count * sizeof(*sections);
	memcpy(&s->header, x->bytes, sizeof(s->header));
	s->header.e_shoff = table;
	s->header.e_shnum = (Elf64_Half)count;
	return s->note < s->size &&
	       sizeof(struct pcn_note) <= s->size - s->note;
}

static bool find_slice(const struct executable *x, const struct pcn_isa *isa,
		       struct slice *s)
{
	const Elf64_Shdr *section;

	if (isa->machine == x->machine)
		return first_slice(x, s);
	section = pcn_executable_slice_section(x, isa);
	if (!section || section->sh_offset % 8)
		return false;
	s->bytes = x->bytes + section->sh_offset;
	s->size = section->sh_size;
	if (!find_note(s))
		return false;
	memcpy(&s->header, s->bytes, sizeof(s->header));
	return true;
}

static bool add(EVP_MD_CTX *c, const struct slice *s)
{
	static const uint8_t none[32];
	uint64_t id = s->note + offsetof(struct pcn_note, build_id),
		 after = id + sizeof(none);

	return EVP_DigestUpdate(c, &s->header, sizeof(s->header)) &&
	       EVP_DigestUpdate(c, s->bytes + sizeof(s->header),
				id - sizeof(s->header)) &&
	       EVP_DigestUpdate(c, none, sizeof(none)) &&
	       EVP_DigestUpdate(c, s->bytes + after, s->size - after);
}

int pcn_build_id_check(const struct executable *x, struct error *error)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	struct slice s = {.bytes = x->bytes, .size = x->size};
	uint8_t id[32] = {0};
	struct pcn_note note = {0};
	bool good =
		c && EVP_DigestInit_ex(c, EVP_sha256(), NULL) && find_note(&s);

	if (good)
		memcpy(&note, x->bytes + s.note, sizeof(note));
	good = good && note.isa_count <= PCN_NOTE_ISAS;
	for (uint32_t i = 0; good && i < note.isa_count; i++) {
		const struct pcn_isa *isa;

		note.isas[i][sizeof(note.isas[i]) - 1] = 0;
		isa = pcn_isa_find(note.isas[i]);
		good = isa && find_slice(x, isa, &s) && add(c, &s);
	}
	good = good && EVP_DigestFinal_ex(c, id, NULL) &&
	       !memcmp(id, x->build_id, sizeof(id));
	EVP_MD_CTX_free(c);
	return good ? 0 : bad(x, error);
}
