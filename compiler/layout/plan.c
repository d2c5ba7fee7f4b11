/*
 * plan.c - matches the slices' sections, and gives the pairs addresses.
 */
#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pcn/abi.h"
#include "text.h"

/* AArch64's calls reach 128 MiB: half for us, half for the native part. */
#define TEXT_MAX (64ul << 20)

static uint64_t align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

static bool begins_with_any(const char *name, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (pcn_starts_with(name, *prefixes))
			return true;
	return false;
}

/* Sections that are each slice's own, whatever the other slices have. */
static bool is_native(const struct section *section)
{
	static const char *const prefixes[] = {
		".popcorn.cold.",   ".popcorn.native.",
		".popcorn.control", ".text.split.",
		".eh_frame",	    ".gcc_except_table",
		".data.DW.ref.",    ".note.",
		".rodata.cst",	    NULL,
	};

	return begins_with_any(section->name, prefixes);
}

static bool is_named_by_program(const struct section *section)
{
	static const char *const ours[] = {".text",  ".rodata", ".data", ".bss",
					   ".tdata", ".tbss",	NULL};

	return !begins_with_any(section->name, ours);
}

static enum area area_of(const struct section *section)
{
	bool named = is_named_by_program(section);

	if (pcn_starts_with(section->name, ".preinit_array"))
		return AREA_PREINIT_ARRAY;
	if (pcn_starts_with(section->name, ".init_array"))
		return AREA_INIT_ARRAY;
	if (pcn_starts_with(section->name, ".fini_array"))
		return AREA_FINI_ARRAY;
	if (section->flags & SHF_TLS)
		return section->type == SHT_NOBITS ? AREA_TBSS : AREA_TDATA;
	if (section->flags & SHF_EXECINSTR)
		return AREA_TEXT;
	if (!(section->flags & SHF_WRITE))
		return named ? AREA_NAMED_RODATA : AREA_RODATA;
	if (named)
		return AREA_NAMED_DATA;
	return section->type == SHT_NOBITS ? AREA_BSS : AREA_DATA;
}

static bool is_array(const struct section *section)
{
	enum area area = area_of(section);

	return area >= AREA_PREINIT_ARRAY && area <= AREA_FINI_ARRAY;
}

static bool same_symbols(const struct section *a, const struct section *b)
{
	if (a->symbol_count != b->symbol_count)
		return false;
	for (size_t i = 0; i < a->symbol_count; i++)
		if (strcmp(a->symbols[i].name, b->symbols[i].name) != 0 ||
		    a->symbols[i].offset != b->symbols[i].offset ||
		    a->symbols[i].size != b->symbols[i].size)
			return false;
	return true;
}

static bool same_contents(const struct section *a, const struct section *b)
{
	return a->size == b->size && a->data && b->data && !a->relocations &&
	       !b->relocations && !memcmp(a->data, b->data, a->size);
}

/* May a and b, of two slices and with one key, share a slot? */
static bool match(const struct section *a, const struct section *b)
{
	if (!b || is_native(b) || area_of(a) != area_of(b))
		return false;
	if (area_of(a) == AREA_TEXT)
		return !is_named_by_program(a) ||
		       pcn_starts_with(a->name, ".popcorn.text.") ||
		       same_symbols(a, b);
	/* Strings without names: the linker merges equal sections equally. */
	if ((a->flags | b->flags) & SHF_MERGE)
		return same_contents(a, b) && same_symbols(a, b) &&
		       a->flags == b->flags;
	if (is_array(a))
		return a->size == b->size;
	/* Jump tables and constant pools have no symbols. */
	return a->symbol_count && a->size == b->size && same_symbols(a, b);
}

static const char *name_of(const struct section *section)
{
	return section->symbol_count ? section->symbols[0].name : section->name;
}

/* What a program can see to differ is an error, not a native object: writable
 * memory, thread-local variables, strings, sections it named. */
static int refuse(const struct plan *plan, const struct section *section,
		  const char *path, struct error *error)
{
	const char *name = name_of(section);

	if (!section->size && !section->symbol_count)
		return 0;
	if (section->flags & SHF_TLS)
		return pcn_fail(
			error, -EINVAL,
			"%s: thread-local '%s' is not the same in every slice",
			path, name);
	if ((section->flags & SHF_WRITE) || is_array(section))
		return pcn_fail(
			error, -EINVAL,
			"%s: object '%s' is not the same in every slice", path,
			name);
	if (section->flags & SHF_STRINGS)
		return pcn_fail(error, -EINVAL,
				"%s: string constants without names differ "
				"between slices",
				path);
	if (is_named_by_program(section) && section->symbol_count &&
	    plan->slice_count > 1)
		return pcn_fail(error, -EINVAL,
				"%s: '%s' in section '%s' cannot have the same "
				"address in every "
				"slice",
				path, name, section->name);
	return 0;
}

static const struct object *object_of(const struct plan *plan, size_t slice,
				      bool runtime)
{
	return runtime ? &plan->slices[slice].runtime
		       : &plan->slices[slice].program;
}

static void add_slot(struct plan *plan, struct slot *slot)
{
	enum area area = area_of(slot->sections[0]);

	slot->align = 1;
	for (size_t i = 0; i < plan->slice_count; i++) {
		struct section *section = slot->sections[i];

		section->slot = slot;
		if (section->size > slot->size)
			slot->size = section->size;
		if (section->align > slot->align)
			slot->align = section->align;
	}
	*plan->slots_end[area] = slot;
	plan->slots_end[area] = &slot->next;
}

/* The order is that of the first slice's object: all slices follow it. */
static void match_sections(struct plan *plan, bool runtime)
{
	const struct object *first = object_of(plan, 0, runtime);

	for (size_t i = 0; i < first->section_count; i++) {
		struct section *section = &first->sections[i];
		struct slot *slot;
		size_t found = 1;

		if (!section->name || is_native(section))
			continue;
		/* Of the run time, what the program can take the address of. */
		if (runtime &&
		    !pcn_starts_with(section->name, ".popcorn.text.") &&
		    !(section->flags & SHF_TLS))
			continue;
		if (section->type != SHT_PROGBITS &&
		    section->type != SHT_NOBITS && !is_array(section))
			continue;
		/* A lone slice may keep what it likes where it likes, but then
		 * it would differ from the same program built for all. */
		if (!match(section, section))
			continue;
		slot = pcn_alloc(sizeof(*slot));
		slot->runtime = runtime;
		slot->sections[0] = section;
		for (; found < plan->slice_count; found++) {
			struct section *other = pcn_object_find(
				object_of(plan, found, runtime), section->key);

			if (!match(section, other) || other->slot)
				break;
			slot->sections[found] = other;
		}
		if (found == plan->slice_count)
			add_slot(plan, slot);
	}
}

static int refuse_rest(const struct plan *plan, struct error *error)
{
	for (size_t i = 0; i < plan->slice_count; i++) {
		const struct object *program = &plan->slices[i].program;
		const struct object *runtime = &plan->slices[i].runtime;

		for (size_t j = 0; j < program->section_count; j++) {
			const struct section *section = &program->sections[j];
			int result = 0;

			if (section->name && !section->slot &&
			    !is_native(section))
				result = refuse(plan, section, program->path,
						error);
			if (result)
				return result;
		}
		for (size_t j = 0; j < runtime->section_count; j++) {
			const struct section *section = &runtime->sections[j];

			if (section->name && !section->slot &&
			    (section->flags & SHF_TLS))
				return refuse(plan, section, runtime->path,
					      error);
		}
	}
	return 0;
}

/* .init_array.101 before .init_array.102 before .init_array. */
static unsigned long priority(const struct slot *slot)
{
	const char *dot = strrchr(slot->sections[0]->name, '.');

	return dot && dot[1] >= '0' && dot[1] <= '9'
		       ? strtoul(dot + 1, NULL, 10)
		       : 65536;
}

static void sort_by_priority(struct plan *plan, enum area area)
{
	struct slot *slot = plan->slots[area], *next, **at;

	plan->slots[area] = NULL;
	for (; slot; slot = next) {
		next = slot->next;
		for (at = &plan->slots[area];
		     *at && priority(*at) <= priority(slot);)
			at = &(*at)->next;
		slot->next = *at;
		*at = slot;
	}
}

static uint64_t place(struct plan *plan, enum area area, uint64_t address)
{
	uint64_t align = 1;

	/* The linker wants an output section as aligned as all that is in it.
	 */
	for (struct slot *slot = plan->slots[area]; slot; slot = slot->next)
		if (slot->align > align)
			align = slot->align;
	address = align_up(address, align);
	plan->start[area] = address;
	for (struct slot *slot = plan->slots[area]; slot; slot = slot->next) {
		slot->address = align_up(address, slot->align);
		address = slot->address + slot->size;
	}
	return plan->end[area] = address;
}

static int align_tls(struct plan *plan, struct error *error)
{
	plan->tls_align = PCN_TLS_ALIGN;
	for (enum area area = AREA_TDATA; area <= AREA_TBSS; area++)
		for (struct slot *slot = plan->slots[area]; slot;
		     slot = slot->next) {
			if (slot->align > PCN_TLS_ALIGN_MAX)
				return pcn_fail(
					error, -EINVAL,
					"thread-local '%s' wants an alignment "
					"of %llu; at most %u is possible",
					name_of(slot->sections[0]),
					(unsigned long long)slot->align,
					PCN_TLS_ALIGN_MAX);
			if (slot->align > plan->tls_align)
				plan->tls_align = slot->align;
		}
	return 0;
}

static int place_tls(struct plan *plan, uint64_t *address, struct error *error)
{
	int result = align_tls(plan, error);
	uint64_t end;

	/* So aligned, the linker's offsets from the thread pointer agree with
	 * struct pcn_thread: see abi.h. */
	plan->tls_start = *address = align_up(*address, plan->tls_align);
	*address = place(plan, AREA_TDATA, *address);
	end = place(plan, AREA_TBSS, *address);
	/* The image reaches to where the zeroes begin. */
	if (plan->slots[AREA_TDATA] && plan->slots[AREA_TBSS])
		*address = plan->end[AREA_TDATA] = plan->start[AREA_TBSS];
	plan->tls_span = plan->tls_align +
			 align_up(end - plan->tls_start, plan->tls_align);
	return result;
}

static int place_data(struct plan *plan, uint64_t *end, struct error *error)
{
	uint64_t address = plan->data_start = PCN_IMAGE_BASE;
	int result;

	address = place(plan, AREA_DATA, address);
	address = place(plan, AREA_NAMED_DATA, address);
	address = place(plan, AREA_BSS, address);
	address = plan->data_end = align_up(address, PCN_PAGE_SIZE);
	address = place(plan, AREA_RODATA, address);
	address = place(plan, AREA_NAMED_RODATA, address);
	result = place_tls(plan, &address, error);
	for (enum area area = AREA_PREINIT_ARRAY; area <= AREA_FINI_ARRAY;
	     area++) {
		sort_by_priority(plan, area);
		address =
			place(plan, area, align_up(address, sizeof(uint64_t)));
	}
	*end = align_up(address, PCN_PAGE_SIZE);
	return result;
}

static int place_text(struct plan *plan, uint64_t data_end, struct error *error)
{
	uint64_t text_size, size;

	/* Once to learn its size, once to end where the native part begins. */
	text_size = align_up(place(plan, AREA_TEXT, 0), PCN_PAGE_SIZE);
	place(plan, AREA_TEXT, PCN_IMAGE_END - text_size);
	if (text_size > TEXT_MAX)
		return pcn_fail(error, -EFBIG,
				"%lu bytes of code; at most %lu are possible",
				(unsigned long)text_size, TEXT_MAX);
	size = data_end - PCN_IMAGE_BASE + text_size;
	if (size > PCN_IMAGE_END - PCN_IMAGE_BASE)
		return pcn_fail(
			error, -EFBIG,
			"%lu bytes of code and data; at most %lu are possible",
			(unsigned long)size, PCN_IMAGE_END - PCN_IMAGE_BASE);
	return 0;
}

int pcn_plan_make(struct plan *plan, struct error *error)
{
	uint64_t data_end = 0;
	int result;

	for (enum area area = 0; area < AREA_COUNT; area++)
		plan->slots_end[area] = &plan->slots[area];
	match_sections(plan, false);
	match_sections(plan, true);
	result = refuse_rest(plan, error);
	if (!result)
		result = place_data(plan, &data_end, error);
	if (!result)
		result = place_text(plan, data_end, error);
	return result;
}

void pcn_plan_free(struct plan *plan)
{
	for (enum area area = 0; area < AREA_COUNT; area++)
		while (plan->slots[area]) {
			struct slot *slot = plan->slots[area];

			plan->slots[area] = slot->next;
			free(slot);
		}
	for (size_t i = 0; i < plan->slice_count; i++) {
		pcn_object_free(&plan->slices[i].program);
		pcn_object_free(&plan->slices[i].runtime);
	}
}
