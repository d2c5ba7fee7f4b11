/*
 * check.c - portable data holds no address of the native part.
 *
 * Such an address is right on the node the program starts on, and wrong after
 * its first move: the linker is the last to see it.
 */
#include <errno.h>
#include <string.h>

#include "plan.h"
#include "text.h"

/* Where runtime.o defines a symbol that the program does not; NULL: nowhere
 * (then it is an absolute symbol of the script, or undefined: lld says so). */
static const struct section *find_in_runtime(const struct slice *slice,
					     const char *name)
{
	for (size_t i = 0; i < slice->runtime.section_count; i++) {
		const struct section *section = &slice->runtime.sections[i];

		for (size_t j = 0; j < section->symbol_count; j++)
			if (!strcmp(section->symbols[j].name, name))
				return section;
	}
	return NULL;
}

static const char *symbol_name(const struct object *object,
			       const Elf64_Sym *symbol)
{
	const char *name = (const char *)object->names + symbol->st_name;

	return symbol->st_name < object->names_size ? name : "";
}

static int check_section(const struct slice *slice,
			 const struct section *section, struct error *error)
{
	const struct object *object = &slice->program;
	size_t count;
	const Elf64_Rela *table =
		pcn_object_relocations(object, section, &count);

	for (size_t i = 0; i < count; i++) {
		size_t index = ELF64_R_SYM(table[i].r_info);
		const Elf64_Sym *symbol;
		const struct section *target = NULL;
		const char *name;

		if (index >= object->symbol_count)
			return pcn_fail(error, -ENOEXEC,
					"%s: damaged relocation", object->path);
		symbol = &object->symbols[index];
		name = symbol_name(object, symbol);
		if (symbol->st_shndx == SHN_UNDEF)
			target = find_in_runtime(slice, name);
		else if (symbol->st_shndx < object->section_count)
			target = &object->sections[symbol->st_shndx];
		if (target && target->name && !target->slot)
			return pcn_fail(
				error, -EINVAL,
				"'%s' holds the address of '%s' (%s), which is "
				"not the "
				"same in every slice",
				section->symbol_count ? section->symbols[0].name
						      : section->name,
				*name ? name : "a constant", target->name);
	}
	return 0;
}

int pcn_plan_check(const struct plan *plan, struct error *error)
{
	for (size_t i = 0; i < plan->slice_count; i++) {
		const struct slice *slice = &plan->slices[i];

		for (size_t j = 0; j < slice->program.section_count; j++) {
			const struct section *section =
				&slice->program.sections[j];
			int result = 0;

			if (section->slot && !(section->flags & SHF_EXECINSTR))
				result = check_section(slice, section, error);
			if (result)
				return result;
		}
	}
	return 0;
}
