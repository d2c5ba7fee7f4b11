/*
 * fat.c - the executable as a file: docs/FORMATS.md, "Executable".
 *
 * Slices stand behind the host's own ELF file, as sections that nobody loads;
 * of the file itself only the section headers move to the end.
 */
#include "fat.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

#define SLICE_SECTION ".popcorn.slice."
#define SLICE_ALIGN   64u

struct buffer {
	unsigned char *data;
	size_t size, room;
};

static void append(struct buffer *buffer, const void *data, size_t size)
{
	if (buffer->size + size > buffer->room) {
		buffer->room = 2 * (buffer->size + size);
		buffer->data = pcn_realloc(buffer->data, buffer->room);
	}
	if (!size)
		return;
	if (data)
		memcpy(buffer->data + buffer->size, data, size);
	else
		memset(buffer->data + buffer->size, 0, size);
	buffer->size += size;
}

static void align(struct buffer *buffer, size_t to)
{
	append(buffer, NULL, -buffer->size & (to - 1));
}

static bool is_slice(const struct image *image, const Elf64_Shdr *section)
{
	return pcn_starts_with(pcn_image_section_name(image, section),
			       SLICE_SECTION);
}

int pcn_fat_read(struct fat *fat, const char *path, struct error *error)
{
	struct image *self = &fat->images[0];
	size_t offset;
	char *data;
	int result;

	*fat = (struct fat){.path = path};
	result = pcn_read_file(path, &data, &fat->size);
	if (result)
		return pcn_fail(error, result, "%s: %s", path,
				strerror(-result));
	fat->data = (unsigned char *)data;
	result = pcn_image_read(self, path, fat->data, fat->size, error);
	if (result)
		return result;
	fat->image_count = 1;
	for (size_t i = 1; i < self->section_count; i++) {
		const Elf64_Shdr *section = &self->sections[i];
		const unsigned char *contents =
			pcn_image_contents(self, section);
		const char *name = pcn_image_section_name(self, section);
		struct image *image = &fat->images[fat->image_count];

		if (!is_slice(self, section))
			continue;
		if (!contents || fat->image_count == PCN_NOTE_ISAS)
			return pcn_fail(error, -ENOEXEC,
					"%s: damaged section %s", path, name);
		result = pcn_image_read(image, path, contents, section->sh_size,
					error);
		if (result)
			return result;
		fat->image_count++;
		if (strcmp(image->isa->name, name + strlen(SLICE_SECTION)) != 0)
			return pcn_fail(error, -ENOEXEC,
					"%s: section %s holds code for %s",
					path, name, image->isa->name);
	}
	return pcn_image_note(self, &fat->note, &offset, error);
}

void pcn_fat_free(struct fat *fat)
{
	for (size_t i = 0; i < fat->image_count; i++)
		pcn_image_free(&fat->images[i]);
	free(fat->data);
}

static int write_executable(const char *output, const struct buffer *buffer,
			    struct error *error)
{
	int result = pcn_write_output(output, buffer->data, buffer->size);

	return result ? pcn_fail(error, result, "%s: %s", output,
				 strerror(-result))
		      : 0;
}

/* Puts a new section table behind the buffer, whose start is an ELF file. */
static void append_sections(struct buffer *buffer, const Elf64_Shdr *sections,
			    size_t count, size_t names_index)
{
	Elf64_Ehdr header;

	align(buffer, 8);
	if (!buffer->data || buffer->size < sizeof(header))
		abort(); /* our callers have read it as an ELF file */
	memcpy(&header, buffer->data, sizeof(header));
	header.e_shoff = buffer->size;
	header.e_shnum = (Elf64_Half)count;
	header.e_shstrndx = (Elf64_Half)names_index;
	append(buffer, sections, count * sizeof(*sections));
	memcpy(buffer->data, &header, sizeof(header));
}

/* The build id names all slices together: SHA-256 over them, in the note's
 * order, with no id in them yet. */
static int make_build_id(const struct image *images, size_t count,
			 uint8_t id[32], struct error *error)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL);

	for (size_t i = 0; i < count; i++)
		good = good && EVP_DigestUpdate(context, images[i].data,
						images[i].size);
	good = good && EVP_DigestFinal_ex(context, id, NULL);
	EVP_MD_CTX_free(context);
	return good ? 0 : pcn_fail(error, -EIO, "cannot compute the build id");
}

static int read_slice(struct image *image, const char *path,
		      size_t *note_offset, struct error *error)
{
	struct pcn_note note;
	size_t size;
	char *data;
	int result = pcn_read_file(path, &data, &size);

	if (result)
		return pcn_fail(error, result, "%s: %s", path,
				strerror(-result));
	result =
		pcn_image_read(image, path, (unsigned char *)data, size, error);
	if (!result)
		result = pcn_image_note(image, &note, note_offset, error);
	if (!result)
		memset(data + *note_offset +
			       offsetof(struct pcn_note, build_id),
		       0, sizeof(note.build_id));
	for (size_t i = 1; !result && i < image->section_count; i++)
		if (is_slice(image, &image->sections[i]))
			result = pcn_fail(
				error, -EINVAL,
				"%s: holds several slices; use -thin first",
				path);
	return result;
}

static int write_fat(struct image *images, size_t count, size_t host,
		     const char *output, struct error *error)
{
	const struct image *base = &images[host];
	Elf64_Shdr *sections =
		pcn_alloc((base->section_count + count) * sizeof(*sections));
	size_t section_count = base->section_count,
	       names_index = base->header.e_shstrndx;
	struct buffer out = {0}, names = {0};
	int result;

	memcpy(sections, base->sections,
	       base->section_count * sizeof(*sections));
	append(&out, base->data, base->size);
	append(&names, base->names, base->names_size);
	for (size_t i = 0; i < count; i++) {
		char *name;

		if (i == host)
			continue;
		align(&out, SLICE_ALIGN);
		sections[section_count++] = (Elf64_Shdr){
			.sh_name = (Elf64_Word)names.size,
			.sh_type = SHT_PROGBITS,
			.sh_offset = out.size,
			.sh_size = images[i].size,
			.sh_addralign = SLICE_ALIGN,
		};
		append(&out, images[i].data, images[i].size);
		name = pcn_format(SLICE_SECTION "%s", images[i].isa->name);
		append(&names, name, strlen(name) + 1);
		free(name);
	}
	sections[names_index].sh_offset = out.size;
	sections[names_index].sh_size = names.size;
	append(&out, names.data, names.size);
	append_sections(&out, sections, section_count, names_index);
	result = write_executable(output, &out, error);
	free(sections);
	free(names.data);
	free(out.data);
	return result;
}

int pcn_fat_create(char **slices, size_t count, const char *output,
		   struct error *error)
{
	struct image images[PCN_NOTE_ISAS] = {0};
	size_t notes[PCN_NOTE_ISAS] = {0}, host = 0;
	uint8_t id[32];
	int result = 0;

	if (!count || count > PCN_NOTE_ISAS)
		return pcn_fail(error, -E2BIG, "one to %u slices are possible",
				PCN_NOTE_ISAS);
	for (size_t i = 0; i < count && !result; i++) {
		result = read_slice(&images[i], slices[i], &notes[i], error);
		if (!result &&
		    (!images[i].isa || !images[i].data || !images[i].sections))
			result = pcn_fail(error, -ENOEXEC, "%s: not read",
					  slices[i]);
		for (size_t j = 0; j < i && !result; j++)
			if (images[j].isa == images[i].isa)
				result = pcn_fail(error, -EINVAL,
						  "%s and %s are both for %s",
						  slices[j], slices[i],
						  images[i].isa->name);
		if (!result && images[i].isa == pcn_isa_host())
			host = i;
	}
	if (!result)
		result = make_build_id(images, count, id, error);
	for (size_t i = 0; i < count && !result; i++) {
		/* The slices are ours, read for this. */
		unsigned char *note =
			(unsigned char *)images[i].data + notes[i];

		memcpy(note + offsetof(struct pcn_note, build_id), id,
		       sizeof(id));
	}
	if (!result)
		result = write_fat(images, count, host, output, error);
	for (size_t i = 0; i < count; i++) {
		free((void *)images[i].data);
		pcn_image_free(&images[i]);
	}
	return result;
}

/* The file without the slices behind it. */
static int write_thin_self(const struct fat *fat, const char *output,
			   struct error *error)
{
	const struct image *self = &fat->images[0];
	Elf64_Shdr *sections =
		pcn_alloc(self->section_count * sizeof(*sections));
	size_t count = 0, names_index = 0, end = self->size;
	struct buffer out = {0};
	int result;

	for (size_t i = 0; i < self->section_count; i++)
		if (is_slice(self, &self->sections[i]) &&
		    self->sections[i].sh_offset < end)
			end = self->sections[i].sh_offset;
	for (size_t i = 0; i < self->section_count; i++) {
		const Elf64_Shdr *section = &self->sections[i];

		if (is_slice(self, section))
			continue;
		if (i == self->header.e_shstrndx)
			names_index = count;
		else if (section->sh_type != SHT_NOBITS &&
			 section->sh_type != SHT_NULL &&
			 section->sh_offset + section->sh_size > end) {
			free(sections);
			return pcn_fail(error, -ENOEXEC,
					"%s: section %s stands behind a slice",
					fat->path,
					pcn_image_section_name(self, section));
		}
		sections[count++] = *section;
	}
	append(&out, self->data, end);
	if (out.size < sizeof(Elf64_Ehdr)) {
		free(sections);
		free(out.data);
		return pcn_fail(error, -ENOEXEC,
				"%s: a slice overlaps the ELF header",
				fat->path);
	}
	sections[names_index].sh_offset = out.size;
	append(&out, self->names, self->names_size);
	append_sections(&out, sections, count, names_index);
	result = write_executable(output, &out, error);
	free(sections);
	free(out.data);
	return result;
}

int pcn_fat_thin(const struct fat *fat, const struct pcn_isa *isa,
		 const char *output, struct error *error)
{
	for (size_t i = 0; i < fat->image_count; i++) {
		const struct image *image = &fat->images[i];
		struct buffer slice = {.data = (unsigned char *)image->data,
				       .size = image->size};

		if (image->isa != isa)
			continue;
		return i ? write_executable(output, &slice, error)
			 : write_thin_self(fat, output, error);
	}
	return pcn_fail(error, -ENOENT, "%s: no slice for %s", fat->path,
			isa->name);
}
