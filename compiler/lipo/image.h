/*
 * image.h - an executable for one ISA, read with bounds.
 *
 * Files come from anywhere: every offset, size and index is checked here, and
 * the rest of popcorn-lipo asks for bytes by file offset or address.
 */
#ifndef PCN_LIPO_IMAGE_H
#define PCN_LIPO_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "isa.h"
#include "pcn/abi.h"

struct image {
	const char *path; /* of the file it is in, for messages */
	const unsigned char *data;
	size_t size;
	const struct pcn_isa *isa;
	Elf64_Ehdr header;
	Elf64_Shdr *sections; /* a copy, aligned */
	size_t section_count;
	const char *names; /* of the sections; ends in a zero byte */
	size_t names_size;
};

/* 0, or -errno when `data` is no executable for an ISA we know. */
int pcn_image_read(struct image *image, const char *path,
		   const unsigned char *data, size_t size, struct error *error);
void pcn_image_free(struct image *image);

const char *pcn_image_section_name(const struct image *image,
				   const Elf64_Shdr *section);
const Elf64_Shdr *pcn_image_section(const struct image *image,
				    const char *name);
/* A section's contents; NULL if it has none or they lie outside the file. */
const unsigned char *pcn_image_contents(const struct image *image,
					const Elf64_Shdr *section);

/* `size` bytes at an address of the running program; NULL if they are not in
 * the file.  *room, if not NULL: how many bytes there are up to the end of
 * the section. */
const unsigned char *pcn_image_memory(const struct image *image,
				      uint64_t address, uint64_t size,
				      uint64_t *room);
/* The zero-terminated string at an address, or NULL. */
const char *pcn_image_string(const struct image *image, uint64_t address);

/* The symbol table, or 0; symbols are copied out, names are checked. */
size_t pcn_image_symbol_count(const struct image *image);
const char *pcn_image_symbol(const struct image *image, size_t index,
			     Elf64_Sym *symbol);

/* The executable's note: where it is in the file, or -ENOENT. */
int pcn_image_note(const struct image *image, struct pcn_note *note,
		   size_t *offset, struct error *error);

#endif
