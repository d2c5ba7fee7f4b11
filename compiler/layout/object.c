/*
 * object.c - reads an ET_REL file with libelf.
 *
 * The objects come from opt and from our own build, yet a damaged one shall
 * end in a message: libelf checks the headers, we check the indices.
 */
#include "object.h"

#include <errno.h>
#include <fcntl.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

static int bad(const struct object *object, const char *what,
	       struct error *error)
{
	return pcn_fail(error, -ENOEXEC, "%s: %s", object->path, what);
}

/* .text.foo, .text.unlikely.foo, .text.hot.foo: where a function stands in
 * one ISA's object need not be where it stands in another's.  "foo()", as a
 * program may well call a section foo. */
static const char *function_key(const struct section *section)
{
	for (size_t i = 0; i < section->symbol_count; i++)
		if (section->symbols[i].function &&
		    section->symbols[i].offset == 0)
			return pcn_format("%s()", section->symbols[i].name);
	return section->name;
}

static int compare_symbols(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int compare_keys(const void *a, const void *b)
{
	const struct section *x = *(struct section *const *)a;
	const struct section *y = *(struct section *const *)b;
	int order = strcmp(x->key, y->key);

	return order ? order : (x > y) - (x < y);
}

static int read_sections(struct object *object, Elf *elf, struct error *error)
{
	size_t names, count;

	if (elf_getshdrnum(elf, &count) || elf_getshdrstrndx(elf, &names))
		return bad(object, elf_errmsg(-1), error);
	object->section_count = count;
	object->sections = pcn_alloc(count * sizeof(*object->sections));
	for (size_t i = 1; i < count; i++) {
		struct section *section = &object->sections[i];
		Elf_Scn *scn = elf_getscn(elf, i);
		Elf64_Shdr *header = scn ? elf64_getshdr(scn) : NULL;

		if (!header)
			return bad(object, elf_errmsg(-1), error);
		if (header->sh_type == SHT_RELA && header->sh_info < count &&
		    header->sh_offset <= object->size &&
		    header->sh_size <= object->size - header->sh_offset) {
			if (header->sh_offset % sizeof(Elf64_Xword))
				return bad(object,
					   "relocations are not aligned",
					   error);
			object->sections[header->sh_info].relocations = i;
			section->data = object->data + header->sh_offset;
			section->size = header->sh_size;
		}
		if (!(header->sh_flags & SHF_ALLOC))
			continue;
		section->name = elf_strptr(elf, names, header->sh_name);
		section->key = section->name;
		section->type = header->sh_type;
		section->flags = header->sh_flags;
		section->size = header->sh_size;
		section->align =
			header->sh_addralign ? header->sh_addralign : 1;
		if (!section->name || section->size > UINT32_MAX ||
		    section->align > UINT32_MAX ||
		    (section->align & (section->align - 1)))
			return bad(object, "damaged section header", error);
		if (header->sh_type == SHT_NOBITS)
			continue;
		if (header->sh_offset > object->size ||
		    header->sh_size > object->size - header->sh_offset)
			return bad(object, "section outside the file", error);
		section->data = object->data + header->sh_offset;
	}
	return 0;
}

static bool counts(const struct object *object, const Elf64_Sym *symbol)
{
	return symbol->st_shndx != SHN_UNDEF &&
	       symbol->st_shndx < object->section_count &&
	       object->sections[symbol->st_shndx].name &&
	       ELF64_ST_TYPE(symbol->st_info) != STT_SECTION &&
	       ELF64_ST_TYPE(symbol->st_info) != STT_FILE;
}

static int add_symbols(struct object *object, Elf *elf, size_t names,
		       size_t *room, struct error *error)
{
	for (size_t i = 0; i < object->symbol_count; i++) {
		const Elf64_Sym *symbol = &object->symbols[i];
		const char *name = elf_strptr(elf, names, symbol->st_name);
		struct section *section;

		if (!name)
			return bad(object, "symbol without a name", error);
		if (symbol->st_shndx == SHN_COMMON)
			return pcn_fail(error, -ENOEXEC,
					"%s: common symbol '%s'", object->path,
					name);
		/* $x, $d: AArch64's marks of code and data. */
		if (!counts(object, symbol) || !*name || *name == '$' ||
		    pcn_starts_with(name, ".L"))
			continue;
		section = &object->sections[symbol->st_shndx];
		if (section->symbol_count == room[symbol->st_shndx]) {
			room[symbol->st_shndx] = 2 * room[symbol->st_shndx] + 1;
			section->symbols =
				pcn_realloc(section->symbols,
					    room[symbol->st_shndx] *
						    sizeof(*section->symbols));
		}
		section->symbols[section->symbol_count++] = (struct symbol){
			.name = name,
			.offset = symbol->st_value,
			.size = symbol->st_size,
			.function = ELF64_ST_TYPE(symbol->st_info) == STT_FUNC,
		};
	}
	return 0;
}

static int read_symbols(struct object *object, Elf *elf, struct error *error)
{
	Elf64_Shdr *header = NULL;
	Elf_Scn *scn = NULL;
	Elf_Data *names;
	size_t *room;
	int result;

	while ((scn = elf_nextscn(elf, scn))) {
		header = elf64_getshdr(scn);
		if (header && header->sh_type == SHT_SYMTAB)
			break;
	}
	if (!scn)
		return 0;
	if (header->sh_offset % 8 || header->sh_offset > object->size ||
	    header->sh_size > object->size - header->sh_offset)
		return bad(object, "symbol table outside the file", error);
	object->symbols = (const Elf64_Sym *)(object->data + header->sh_offset);
	object->symbol_count = header->sh_size / sizeof(Elf64_Sym);
	names = elf_rawdata(elf_getscn(elf, header->sh_link), NULL);
	/* A section without contents in the file has a size, but no bytes. */
	if (!names || !names->d_buf || !names->d_size ||
	    ((char *)names->d_buf)[names->d_size - 1])
		return bad(object, "damaged symbol names", error);
	object->names = names->d_buf;
	object->names_size = names->d_size;
	room = pcn_alloc(object->section_count * sizeof(*room));
	result = add_symbols(object, elf, header->sh_link, room, error);
	free(room);
	return result;
}

static void make_keys(struct object *object)
{
	object->by_key = pcn_alloc((object->section_count + 1) *
				   sizeof(*object->by_key));
	for (size_t i = 0; i < object->section_count; i++) {
		struct section *section = &object->sections[i];

		if (!section->name)
			continue;
		if (section->symbol_count)
			qsort(section->symbols, section->symbol_count,
			      sizeof(*section->symbols), compare_symbols);
		if (pcn_starts_with(section->name, ".text."))
			section->key = function_key(section);
		object->by_key[object->key_count++] = section;
	}
	qsort(object->by_key, object->key_count, sizeof(*object->by_key),
	      compare_keys);
}

int pcn_object_read(struct object *object, const char *path,
		    struct error *error)
{
	char *data;
	Elf64_Ehdr *header;
	Elf *elf;
	int result;

	*object = (struct object){.path = path};
	result = pcn_read_file(path, &data, &object->size);
	if (result)
		return pcn_fail(error, result, "%s: %s", path,
				strerror(-result));
	object->data = (unsigned char *)data;
	elf_version(EV_CURRENT);
	object->elf = elf = elf_memory(data, object->size);
	header = elf ? elf64_getehdr(elf) : NULL;
	if (!header || header->e_type != ET_REL ||
	    header->e_ident[EI_DATA] != ELFDATA2LSB)
		return bad(object, "not a relocatable 64-bit object", error);
	if (header->e_shoff % sizeof(Elf64_Xword))
		return bad(object, "section headers are not aligned", error);
	object->isa = pcn_isa_by_machine(header->e_machine);
	if (!object->isa)
		return bad(object, "object of an unknown ISA", error);
	result = read_sections(object, elf, error);
	if (!result)
		result = read_symbols(object, elf, error);
	if (!result)
		make_keys(object);
	return result;
}

void pcn_object_free(struct object *object)
{
	for (size_t i = 0; i < object->section_count; i++) {
		struct section *section = &object->sections[i];

		if (section->key != section->name)
			free((char *)section->key);
		free(section->symbols);
	}
	free(object->sections);
	free(object->by_key);
	if (object->elf)
		elf_end(object->elf);
	free((void *)object->data);
	*object = (struct object){0};
}

struct section *pcn_object_find(const struct object *object, const char *key)
{
	size_t low = 0, high = object->key_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(object->by_key[middle]->key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < object->key_count && !strcmp(object->by_key[low]->key, key))
		return object->by_key[low];
	return NULL;
}

const Elf64_Rela *pcn_object_relocations(const struct object *object,
					 const struct section *section,
					 size_t *count)
{
	const struct section *table = &object->sections[section->relocations];

	*count = 0;
	if (!section->relocations)
		return NULL;
	*count = table->size / sizeof(Elf64_Rela);
	return (const Elf64_Rela *)table->data;
}
