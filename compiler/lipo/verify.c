#include "verify.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* Enough to see what is wrong. */
#define FINDINGS_PRINTED 50

void pcn_finding(struct findings *findings, const char *format, ...)
{
	va_list arguments;

	if (findings->count++ >= FINDINGS_PRINTED)
		return;
	va_start(arguments, format);
	vfprintf(findings->out, format, arguments);
	va_end(arguments);
	fputc('\n', findings->out);
}

static bool is_portable(uint64_t address)
{
	return address >= PCN_IMAGE_BASE && address < PCN_IMAGE_END;
}

/* --- Sections ---------------------------------------------------------------
 */

static void compare_section(const struct image *a, const struct image *b,
			    const Elf64_Shdr *section,
			    struct findings *findings)
{
	const char *name = pcn_image_section_name(a, section);
	const Elf64_Shdr *other = pcn_image_section(b, name);
	const unsigned char *x, *y;

	if (!other) {
		pcn_finding(findings, "section %s: not in the slice for %s",
			    name, b->isa->name);
		return;
	}
	if (section->sh_addr != other->sh_addr ||
	    section->sh_size != other->sh_size) {
		pcn_finding(findings,
			    "section %s: %#lx+%#lx on %s, %#lx+%#lx on %s",
			    name, (unsigned long)section->sh_addr,
			    (unsigned long)section->sh_size, a->isa->name,
			    (unsigned long)other->sh_addr,
			    (unsigned long)other->sh_size, b->isa->name);
		return;
	}
	if ((section->sh_flags & SHF_EXECINSTR) ||
	    (section->sh_type == SHT_NOBITS && other->sh_type == SHT_NOBITS))
		return;
	x = pcn_image_contents(a, section);
	y = pcn_image_contents(b, other);
	if (!x || !y) {
		pcn_finding(findings,
			    "section %s: without contents in one slice", name);
		return;
	}
	findings->data_bytes += section->sh_size;
	for (uint64_t i = 0; i < section->sh_size; i++) {
		if (x[i] == y[i])
			continue;
		pcn_finding(findings,
			    "section %s: contents differ at %#lx (%s, %s)",
			    name, (unsigned long)(section->sh_addr + i),
			    a->isa->name, b->isa->name);
		return;
	}
}

static void compare_sections(const struct image *a, const struct image *b,
			     struct findings *findings)
{
	for (size_t i = 1; i < a->section_count; i++) {
		const Elf64_Shdr *section = &a->sections[i];

		if ((section->sh_flags & SHF_ALLOC) &&
		    is_portable(section->sh_addr) && section->sh_size)
			compare_section(a, b, section, findings);
	}
}

/* --- Symbols ----------------------------------------------------------------
 */

struct entry {
	const char *name;
	uint64_t value, size;
	bool data;
};

struct entries {
	struct entry *items;
	size_t count;
};

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->value > y->value) - (x->value < y->value);
}

static bool is_compared(const struct image *image, const char *name,
			const Elf64_Sym *symbol)
{
	int type = ELF64_ST_TYPE(symbol->st_info);

	/* $x and $d mark code and data on AArch64 and differ as code does. */
	if (!*name || *name == '$' || pcn_starts_with(name, ".L") ||
	    type == STT_SECTION || type == STT_FILE ||
	    symbol->st_shndx == SHN_UNDEF)
		return false;
	if (symbol->st_shndx == SHN_ABS)
		return is_portable(symbol->st_value);
	if (symbol->st_shndx >= image->section_count)
		return false;
	/* Labels inside hand-written functions of the run time. */
	if (type == STT_NOTYPE && ELF64_ST_BIND(symbol->st_info) == STB_LOCAL)
		return false;
	return is_portable(image->sections[symbol->st_shndx].sh_addr);
}

static void read_entries(const struct image *image, struct entries *entries)
{
	size_t count = pcn_image_symbol_count(image);

	entries->items = pcn_alloc(count * sizeof(*entries->items));
	entries->count = 0;
	for (size_t i = 0; i < count; i++) {
		Elf64_Sym symbol;
		const char *name = pcn_image_symbol(image, i, &symbol);
		int type = ELF64_ST_TYPE(symbol.st_info);

		if (is_compared(image, name, &symbol))
			entries->items[entries->count++] = (struct entry){
				.name = name,
				.value = symbol.st_value,
				.size = symbol.st_size,
				.data = type == STT_OBJECT || type == STT_TLS,
			};
	}
	if (entries->count)
		qsort(entries->items, entries->count, sizeof(*entries->items),
		      compare_entries);
}

static void compare_symbols(const struct image *a, const struct image *b,
			    struct findings *findings)
{
	struct entries x, y;
	size_t i = 0, j = 0;

	read_entries(a, &x);
	read_entries(b, &y);
	if (!x.count)
		pcn_finding(findings,
			    "no symbols: the executable has been stripped");
	while (i < x.count || j < y.count) {
		int order = i == x.count ? 1
			    : j == y.count
				    ? -1
				    : strcmp(x.items[i].name, y.items[j].name);

		if (order) {
			const struct entry *entry =
				order < 0 ? &x.items[i++] : &y.items[j++];

			pcn_finding(findings, "symbol %s: at %#lx on %s only",
				    entry->name, (unsigned long)entry->value,
				    order < 0 ? a->isa->name : b->isa->name);
			continue;
		}
		if (x.items[i].value != y.items[j].value)
			pcn_finding(
				findings,
				"symbol %s: at %#lx on %s, at %#lx on %s",
				x.items[i].name,
				(unsigned long)x.items[i].value, a->isa->name,
				(unsigned long)y.items[j].value, b->isa->name);
		else if (x.items[i].data && x.items[i].size != y.items[j].size)
			pcn_finding(
				findings,
				"object %s: %lu bytes on %s, %lu on %s",
				x.items[i].name, (unsigned long)x.items[i].size,
				a->isa->name, (unsigned long)y.items[j].size,
				b->isa->name);
		findings->symbols++;
		i++, j++;
	}
	free(x.items);
	free(y.items);
}

/* --- Notes ------------------------------------------------------------------
 */

static void compare_notes(const struct fat *fat, const struct image *image,
			  struct findings *findings)
{
	struct error error = {""};
	struct pcn_note note;
	size_t offset;

	if (pcn_image_note(image, &note, &offset, &error))
		pcn_finding(findings, "slice for %s: %s", image->isa->name,
			    error.text);
	else if (memcmp(&note, &fat->note, sizeof(note)) != 0)
		pcn_finding(findings,
			    "slice for %s: another note than the file's",
			    image->isa->name);
}

/* Are the slices those that the note names? */
static void check_isas(const struct fat *fat, struct findings *findings)
{
	for (size_t i = 0; i < fat->note.isa_count; i++) {
		size_t found = 0;

		for (size_t j = 0; j < fat->image_count; j++)
			found += !strcmp(fat->images[j].isa->name,
					 fat->note.isas[i]);
		if (found != 1)
			pcn_finding(findings, "%zu slices for %s", found,
				    fat->note.isas[i]);
	}
	if (fat->image_count != fat->note.isa_count)
		pcn_finding(findings, "%zu slices, the note names %u",
			    fat->image_count, fat->note.isa_count);
}

void pcn_verify_layout(const struct fat *fat, struct findings *findings)
{
	check_isas(fat, findings);
	for (size_t i = 1; i < fat->image_count; i++) {
		const struct image *a = &fat->images[0], *b = &fat->images[i];

		compare_notes(fat, b, findings);
		compare_sections(a, b, findings);
		compare_sections(b, a, findings);
		compare_symbols(a, b, findings);
	}
}

/* --- Functions --------------------------------------------------------------
 */

struct table {
	const struct image *image;
	const unsigned char *bytes;
	uint32_t count;
};

static bool find_symbol(const struct image *image, const char *wanted,
			Elf64_Sym *symbol)
{
	for (size_t i = 0, count = pcn_image_symbol_count(image); i < count;
	     i++)
		if (!strcmp(pcn_image_symbol(image, i, symbol), wanted) &&
		    symbol->st_shndx != SHN_UNDEF)
			return true;
	return false;
}

static bool read_table(const struct image *image, struct table *table,
		       struct findings *findings)
{
	Elf64_Sym functions, count;
	const unsigned char *bytes;

	*table = (struct table){.image = image};
	if (!find_symbol(image, "__popcorn_functions", &functions) ||
	    !find_symbol(image, "__popcorn_function_count", &count))
		return false;
	bytes = pcn_image_memory(image, count.st_value, sizeof(table->count),
				 NULL);
	if (bytes)
		memcpy(&table->count, bytes, sizeof(table->count));
	if (table->count)
		table->bytes = pcn_image_memory(
			image, functions.st_value,
			table->count * sizeof(struct pcn_function), NULL);
	if (!bytes || (table->count && !table->bytes)) {
		pcn_finding(findings,
			    "slice for %s: damaged table of functions",
			    image->isa->name);
		return false;
	}
	return true;
}

static void read_function(const struct table *table, uint32_t i,
			  struct pcn_function *function, const char **name)
{
	memcpy(function, table->bytes + i * sizeof(*function),
	       sizeof(*function));
	*name = pcn_image_string(table->image, (uint64_t)function->name);
	if (!*name)
		*name = "(no name)";
}

static void check_resume(const struct table *table,
			 const struct pcn_function *function, const char *name,
			 struct findings *findings)
{
	uint64_t resume = (uint64_t)function->resume;

	if (is_portable(resume) ||
	    !pcn_image_memory(table->image, resume, 1, NULL))
		pcn_finding(
			findings,
			"function %s: no native resume function on %s (%#lx)",
			name, table->image->isa->name, (unsigned long)resume);
}

static void compare_tables(const struct table *a, const struct table *b,
			   struct findings *findings)
{
	if (a->count != b->count) {
		pcn_finding(findings,
			    "%u functions may migrate on %s, %u on %s",
			    a->count, a->image->isa->name, b->count,
			    b->image->isa->name);
		return;
	}
	for (uint32_t i = 0; i < a->count; i++) {
		struct pcn_function f, g;
		const char *f_name, *g_name;

		read_function(a, i, &f, &f_name);
		read_function(b, i, &g, &g_name);
		if (strcmp(f_name, g_name) != 0)
			pcn_finding(findings, "function %u: %s on %s, %s on %s",
				    i, f_name, a->image->isa->name, g_name,
				    b->image->isa->name);
		else if (f.record_size != g.record_size || f.sites != g.sites ||
			 f.layout_hash != g.layout_hash)
			pcn_finding(findings,
				    "function %s: another record layout on %s "
				    "than on %s",
				    f_name, a->image->isa->name,
				    b->image->isa->name);
		check_resume(a, &f, f_name, findings);
		check_resume(b, &g, g_name, findings);
	}
}

void pcn_verify_functions(const struct fat *fat, struct findings *findings)
{
	struct table first, other;

	if (!read_table(&fat->images[0], &first, findings)) {
		pcn_finding(findings, "no table of functions");
		return;
	}
	findings->functions = first.count;
	for (size_t i = 1; i < fat->image_count; i++)
		if (read_table(&fat->images[i], &other, findings))
			compare_tables(&first, &other, findings);
		else
			pcn_finding(findings,
				    "slice for %s: no table of functions",
				    fat->images[i].isa->name);
}
