/* object.h - a relocatable object as the layout sees it. */
#ifndef PCN_LAYOUT_OBJECT_H
#define PCN_LAYOUT_OBJECT_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "isa.h"

struct Elf; /* libelf's */
struct slot;

struct symbol {
	const char *name;
	uint64_t offset, size;
	bool function;
};

struct section {
	const char *name;
	/* What it is matched by in the other objects: the function's name for
	 * code, the section's for data. */
	const char *key;
	uint32_t type;
	uint64_t flags, size, align;
	const unsigned char *data; /* NULL: no contents */
	struct symbol
		*symbols; /* by offset, then name; no locals of the compiler */
	size_t symbol_count;
	size_t relocations; /* section index of its SHT_RELA, or 0 */
	struct slot *slot;  /* its place in the portable part; NULL: native */
};

struct object {
	const char *path;
	const struct pcn_isa *isa;
	const unsigned char *data; /* names point in here, and into elf */
	size_t size;
	struct Elf *elf;
	struct section *sections; /* by index; names NULL where not allocated */
	size_t section_count;
	const Elf64_Sym *symbols;
	size_t symbol_count;
	const unsigned char *names; /* the symbols' string table */
	size_t names_size;
	struct section **by_key; /* sorted; allocated sections only */
	size_t key_count;
};

/* Reads an ET_REL file, and checks it.  0 or -errno; to be freed even then. */
int pcn_object_read(struct object *object, const char *path,
		    struct error *error);
void pcn_object_free(struct object *object);

/* The allocated section with that key, or NULL. */
struct section *pcn_object_find(const struct object *object, const char *key);

/* The relocations of a section; they stay in the file. */
const Elf64_Rela *pcn_object_relocations(const struct object *object,
					 const struct section *section,
					 size_t *count);

#endif
