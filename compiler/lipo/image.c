#include "image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static bool inside(const struct image *image, uint64_t offset, uint64_t size)
{
	return offset <= image->size && size <= image->size - offset;
}

static int bad(const struct image *image, const char *what, struct error *error)
{
	return pcn_fail(error, -ENOEXEC, "%s: %s", image->path, what);
}

int pcn_image_read(struct image *image, const char *path,
		   const unsigned char *data, size_t size, struct error *error)
{
	const Elf64_Shdr *names;
	uint64_t table_size;

	*image = (struct image){.path = path, .data = data, .size = size};
	if (size < sizeof(image->header) ||
	    memcmp(data, ELFMAG, SELFMAG) != 0 ||
	    data[EI_CLASS] != ELFCLASS64 || data[EI_DATA] != ELFDATA2LSB)
		return bad(image, "not a 64-bit ELF file", error);
	memcpy(&image->header, data, sizeof(image->header));
	image->isa = pcn_isa_by_machine(image->header.e_machine);
	if (image->header.e_type != ET_EXEC || !image->isa)
		return bad(image, "not an executable for a known ISA", error);
	image->section_count = image->header.e_shnum;
	table_size = image->section_count * sizeof(Elf64_Shdr);
	if (!image->section_count ||
	    image->header.e_shentsize != sizeof(Elf64_Shdr) ||
	    image->header.e_shstrndx >= image->section_count ||
	    !inside(image, image->header.e_shoff, table_size))
		return bad(image, "no valid section headers", error);
	image->sections = pcn_alloc(table_size);
	memcpy(image->sections, data + image->header.e_shoff, table_size);
	names = &image->sections[image->header.e_shstrndx];
	if (names->sh_type != SHT_STRTAB || !names->sh_size ||
	    !inside(image, names->sh_offset, names->sh_size) ||
	    data[names->sh_offset + names->sh_size - 1]) {
		pcn_image_free(image);
		return bad(image, "no valid section names", error);
	}
	image->names = (const char *)data + names->sh_offset;
	image->names_size = names->sh_size;
	return 0;
}

void pcn_image_free(struct image *image)
{
	free(image->sections);
	image->sections = NULL;
	image->section_count = 0;
}

const char *pcn_image_section_name(const struct image *image,
				   const Elf64_Shdr *section)
{
	return section->sh_name < image->names_size
		       ? image->names + section->sh_name
		       : "";
}

const Elf64_Shdr *pcn_image_section(const struct image *image, const char *name)
{
	for (size_t i = 1; i < image->section_count; i++)
		if (!strcmp(pcn_image_section_name(image, &image->sections[i]),
			    name))
			return &image->sections[i];
	return NULL;
}

const unsigned char *pcn_image_contents(const struct image *image,
					const Elf64_Shdr *section)
{
	if (section->sh_type == SHT_NOBITS ||
	    !inside(image, section->sh_offset, section->sh_size))
		return NULL;
	return image->data + section->sh_offset;
}

const unsigned char *pcn_image_memory(const struct image *image,
				      uint64_t address, uint64_t size,
				      uint64_t *room)
{
	for (size_t i = 1; i < image->section_count; i++) {
		const Elf64_Shdr *section = &image->sections[i];
		const unsigned char *contents;
		uint64_t offset = address - section->sh_addr;

		if (!(section->sh_flags & SHF_ALLOC) ||
		    address < section->sh_addr || offset >= section->sh_size ||
		    size > section->sh_size - offset)
			continue;
		contents = pcn_image_contents(image, section);
		if (!contents)
			continue;
		if (room)
			*room = section->sh_size - offset;
		return contents + offset;
	}
	return NULL;
}

const char *pcn_image_string(const struct image *image, uint64_t address)
{
	uint64_t room;
	const unsigned char *text = pcn_image_memory(image, address, 1, &room);

	return text && memchr(text, 0, room) ? (const char *)text : NULL;
}

static const Elf64_Shdr *symbol_table(const struct image *image)
{
	for (size_t i = 1; i < image->section_count; i++)
		if (image->sections[i].sh_type == SHT_SYMTAB &&
		    pcn_image_contents(image, &image->sections[i]))
			return &image->sections[i];
	return NULL;
}

size_t pcn_image_symbol_count(const struct image *image)
{
	const Elf64_Shdr *table = symbol_table(image);

	return table ? table->sh_size / sizeof(Elf64_Sym) : 0;
}

const char *pcn_image_symbol(const struct image *image, size_t index,
			     Elf64_Sym *symbol)
{
	const Elf64_Shdr *table = symbol_table(image), *strings;
	const unsigned char *names;

	memcpy(symbol, image->data + table->sh_offset + index * sizeof(*symbol),
	       sizeof(*symbol));
	if (table->sh_link >= image->section_count)
		return "";
	strings = &image->sections[table->sh_link];
	names = pcn_image_contents(image, strings);
	if (!names || symbol->st_name >= strings->sh_size ||
	    !memchr(names + symbol->st_name, 0,
		    strings->sh_size - symbol->st_name))
		return "";
	return (const char *)names + symbol->st_name;
}

int pcn_image_note(const struct image *image, struct pcn_note *note,
		   size_t *offset, struct error *error)
{
	const Elf64_Shdr *section = pcn_image_section(image, ".note.popcorn");

	if (!section)
		return pcn_fail(error, -ENOENT, "%s: not made by popcorn-clang",
				image->path);
	if (section->sh_size < sizeof(*note) ||
	    !pcn_image_contents(image, section))
		return bad(image, "damaged note", error);
	memcpy(note, image->data + section->sh_offset, sizeof(*note));
	if (note->name_size != sizeof(PCN_NOTE_NAME) ||
	    note->type != PCN_NOTE_TYPE ||
	    memcmp(note->name, PCN_NOTE_NAME, sizeof(PCN_NOTE_NAME)) != 0 ||
	    note->description_size !=
		    sizeof(*note) - offsetof(struct pcn_note, abi_version))
		return bad(image, "damaged note", error);
	if (note->abi_version != PCN_ABI_VERSION)
		return pcn_fail(error, -ENOTSUP,
				"%s: ABI version %u, this tool knows %u",
				image->path, note->abi_version,
				PCN_ABI_VERSION);
	if (!note->isa_count || note->isa_count > PCN_NOTE_ISAS)
		return bad(image, "damaged note", error);
	for (size_t i = 0; i < note->isa_count; i++)
		if (!memchr(note->isas[i], 0, sizeof(note->isas[i])))
			return bad(image, "damaged note", error);
	*offset = section->sh_offset;
	return 0;
}
