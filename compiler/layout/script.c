/*
 * script.c - the plan as a linker script.
 *
 * The portable sections come first, each at its address, so that the
 * patterns of the native part, at lower addresses, take what is left: the
 * rest of the program's object, the run time, and libgcc's members.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcn/abi.h"
#include "plan.h"
#include "text.h"

#define HEX "0x%llx"

struct writer {
	const struct plan *plan;
	const struct slice *slice;
	size_t index;
	FILE *out;
};

static unsigned long long number(uint64_t value)
{
	return value;
}

/* The note's name as the script can say it. */
static uint64_t note_name_word(void)
{
	uint64_t word;

	_Static_assert(sizeof(PCN_NOTE_NAME) == sizeof(word), "one QUAD");
	memcpy(&word, PCN_NOTE_NAME, sizeof(word));
	return word;
}

/* "*.o(name)": the object's name as lld matches it, and one section. */
static void write_input(const struct writer *writer, const struct slot *slot)
{
	const char *path = slot->runtime ? writer->slice->runtime.path
					 : writer->slice->program.path;

	fprintf(writer->out, "\"%s\"(\"%s\")", path,
		slot->sections[writer->index]->name);
}

static void write_slots(const struct writer *writer, enum area area)
{
	for (const struct slot *slot = writer->plan->slots[area]; slot;
	     slot = slot->next) {
		fprintf(writer->out, "\t\t. = " HEX "; KEEP(",
			number(slot->address));
		write_input(writer, slot);
		fprintf(writer->out, ")\n");
	}
}

static void write_area(const struct writer *writer, enum area area,
		       const char *name, const char *segments)
{
	fprintf(writer->out, "\t%s " HEX " : {\n", name,
		number(writer->plan->start[area]));
	write_slots(writer, area);
	fprintf(writer->out, "\t\t. = " HEX ";\n\t} %s\n",
		number(writer->plan->end[area]), segments);
}

/* One output section each, for lld to make its __start_ and __stop_. */
static void write_named_area(const struct writer *writer, enum area area,
			     const char *segments)
{
	for (const struct slot *slot = writer->plan->slots[area]; slot;
	     slot = slot->next) {
		fprintf(writer->out, "\t\"%s\" " HEX " : { KEEP(",
			slot->sections[0]->name, number(slot->address));
		write_input(writer, slot);
		fprintf(writer->out, ") } %s\n", segments);
	}
}

static void write_array(const struct writer *writer, enum area area,
			const char *name)
{
	fprintf(writer->out, "\t__%s_start = " HEX ";\n\t__%s_end = " HEX ";\n",
		name, number(writer->plan->start[area]), name,
		number(writer->plan->end[area]));
	if (writer->plan->slots[area]) {
		char *section = pcn_format(".%s", name);

		write_area(writer, area, section, ":portable_data_read");
		free(section);
	}
}

static void write_tls(const struct writer *writer)
{
	const struct plan *plan = writer->plan;
	char *aligned =
		pcn_format("ALIGN(%llu)", (unsigned long long)plan->tls_align);
	const char *align = aligned;

	if (plan->slots[AREA_TDATA]) {
		fprintf(writer->out, "\t.tdata " HEX " : %s {\n",
			number(plan->tls_start), align);
		write_slots(writer, AREA_TDATA);
		fprintf(writer->out,
			"\t\t. = " HEX ";\n\t} :portable_data_read :tls\n",
			number(plan->end[AREA_TDATA]));
		align = "";
	}
	if (plan->slots[AREA_TBSS]) {
		/* lld takes no address for .tbss but the location counter's,
		 * and would add it to the segment of what precedes it. */
		fprintf(writer->out, "\t. = " HEX ";\n\t.tbss : %s {\n",
			number(*align ? plan->tls_start
				      : plan->start[AREA_TBSS]),
			align);
		write_slots(writer, AREA_TBSS);
		fprintf(writer->out, "\t} :tls\n");
	}
	fprintf(writer->out,
		"\t__popcorn_tls_span = " HEX ";\n"
		"\t__popcorn_tls_start = " HEX ";\n"
		"\t__popcorn_tls_file_size = " HEX ";\n"
		"\t__popcorn_tls_memory_size = " HEX ";\n",
		number(plan->tls_span), number(plan->tls_start),
		number(plan->end[AREA_TDATA] - plan->tls_start),
		number(plan->end[AREA_TBSS] - plan->tls_start));
	free(aligned);
}

static void write_portable(const struct writer *writer)
{
	const struct plan *plan = writer->plan;

	fprintf(writer->out, "\t__popcorn_portable_data_start = " HEX ";\n",
		number(plan->data_start));
	write_area(writer, AREA_DATA, ".data", ":portable_data");
	write_named_area(writer, AREA_NAMED_DATA, ":portable_data");
	fprintf(writer->out,
		"\tedata = " HEX "; _edata = edata; __bss_start = " HEX ";\n",
		number(plan->end[AREA_NAMED_DATA]),
		number(plan->start[AREA_BSS]));
	write_area(writer, AREA_BSS, ".bss", ":portable_data");
	fprintf(writer->out,
		"\tend = " HEX
		"; _end = end;\n\t__popcorn_portable_data_end = " HEX ";\n",
		number(plan->end[AREA_BSS]), number(plan->data_end));
	fprintf(writer->out,
		"\t__popcorn_portable_read_start = " HEX
		";\n\t__popcorn_portable_read_end = " HEX ";\n",
		number(plan->start[AREA_RODATA]),
		number(plan->end[AREA_FINI_ARRAY]));
	write_area(writer, AREA_RODATA, ".rodata", ":portable_data_read");
	write_named_area(writer, AREA_NAMED_RODATA, ":portable_data_read");
	write_tls(writer);
	write_array(writer, AREA_PREINIT_ARRAY, "preinit_array");
	write_array(writer, AREA_INIT_ARRAY, "init_array");
	write_array(writer, AREA_FINI_ARRAY, "fini_array");
	fprintf(writer->out, "\t__executable_start = " HEX ";\n",
		number(plan->start[AREA_TEXT]));
	write_area(writer, AREA_TEXT, ".text", ":portable_text");
	fprintf(writer->out,
		"\tetext = " HEX "; _etext = etext; __etext = etext;\n\n",
		number(plan->end[AREA_TEXT]));
}

/* First on its page, which aligns it: notes are multiples of four bytes. */
static void write_note(const struct writer *writer)
{
	fprintf(writer->out,
		"\t.note.popcorn (TYPE=SHT_NOTE) : {\n"
		"\t\t__popcorn_note = .;\n"
		"\t\tLONG(%u) LONG(%zu) LONG(%u) QUAD(" HEX ")\n"
		"\t\tLONG(%u) LONG(%zu) QUAD(0) QUAD(0) QUAD(0) QUAD(0) "
		"LONG(0)\n"
		"\t\tQUAD(__popcorn_portable_data_start) "
		"QUAD(__popcorn_portable_data_end)\n",
		(unsigned)sizeof(PCN_NOTE_NAME),
		sizeof(struct pcn_note) -
			offsetof(struct pcn_note, abi_version),
		PCN_NOTE_TYPE, number(note_name_word()), PCN_ABI_VERSION,
		writer->plan->slice_count);
	for (size_t i = 0; i < PCN_NOTE_ISAS; i++) {
		char name[16] = {0};
		uint64_t words[2];

		if (i < writer->plan->slice_count)
			strncpy(name, writer->plan->slices[i].program.isa->name,
				sizeof(name) - 1);
		memcpy(words, name, sizeof(words));
		fprintf(writer->out, "\t\tQUAD(" HEX ") QUAD(" HEX ")\n",
			number(words[0]), number(words[1]));
	}
	fprintf(writer->out, "\t} :native_data_read :note\n");
}

/* Native sections with names of their own, that no common pattern takes. */
static void write_rest(const struct writer *writer, const struct object *object,
		       bool writable, bool zero)
{
	for (size_t i = 0; i < object->section_count; i++) {
		const struct section *section = &object->sections[i];

		if (section->name && !section->slot &&
		    !(section->flags & SHF_EXECINSTR) &&
		    !!(section->flags & SHF_WRITE) == writable &&
		    (section->type == SHT_NOBITS) == zero &&
		    section->type != SHT_NOTE &&
		    !pcn_starts_with(section->name, ".eh_frame") &&
		    !pcn_starts_with(section->name, ".popcorn.control"))
			fprintf(writer->out, "\t\t\"%s\"(\"%s\")\n",
				object->path, section->name);
	}
}

static void write_native(const struct writer *writer)
{
	FILE *out = writer->out;

	fprintf(out,
		"\t.popcorn.control " HEX " : ALIGN(4096) {\n"
		"\t\t*(.popcorn.control)\n\t\t. = " HEX ";\n\t} :native_data\n"
		"\t.popcorn.data : {\n"
		"\t\t__popcorn_native_data_start = .;\n",
		number(PCN_NATIVE_BASE),
		number(PCN_NATIVE_BASE + PCN_PAGE_SIZE));
	write_rest(writer, &writer->slice->program, true, false);
	write_rest(writer, &writer->slice->runtime, true, false);
	/* AArch64 looks for weak functions that may be absent in .got. */
	fprintf(out, "\t\t*(.data .data.*)\n\t} :native_data\n"
		     "\t.got : { *(.got .got.plt) } :native_data\n"
		     "\t.popcorn.bss : {\n");
	write_rest(writer, &writer->slice->program, true, true);
	write_rest(writer, &writer->slice->runtime, true, true);
	fprintf(out, "\t\t*(.bss .bss.* COMMON)\n\t} :native_data\n"
		     "\t__popcorn_native_data_end = .;\n\n"
		     "\t. = ALIGN(4096);\n");
	write_note(writer);
	fprintf(out, "\t.note.gnu.build-id : { *(.note.gnu.build-id) } "
		     ":native_data_read :note\n");
	fprintf(out, "\t.eh_frame_hdr : {\n\t\t__popcorn_eh_frame_hdr = .; "
		     "*(.eh_frame_hdr)\n"
		     "\t} :native_data_read :eh_frame_hdr\n"
		     "\t.eh_frame : {\n\t\t__eh_frame_start = .; "
		     "KEEP(*(.eh_frame))\n"
		     "\t} :native_data_read\n"
		     "\t.gcc_except_table : { *(.gcc_except_table "
		     ".gcc_except_table.*) }\n"
		     "\t\t:native_data_read\n"
		     "\t.popcorn.rodata : {\n\t\t*(.rodata.cst*)\n");
	write_rest(writer, &writer->slice->program, false, false);
	write_rest(writer, &writer->slice->runtime, false, false);
	fprintf(out,
		"\t\t*(.rodata .rodata.*)\n\t} :native_data_read\n\n"
		"\t. = ALIGN(4096);\n"
		"\t.popcorn.text : {\n\t\t__popcorn_native_text_start = .;\n"
		"\t\t\"%s\"(.text .text.*)\n"
		"\t\t*(.text .text.* .popcorn.text.* .init .fini)\n"
		"\t\t*(.popcorn.cold.*)\n\t} :native_text\n"
		"\t__popcorn_native_text_end = .;\n"
		"\tASSERT(. <= " HEX
		", \"the program's native part is too large\")\n",
		writer->slice->runtime.path, number(PCN_NATIVE_END));
}

static void write_script(const struct writer *writer)
{
	fprintf(writer->out,
		"/* Made by popcorn-layout for %s. */\n"
		"ENTRY(_start)\n"
		"PHDRS {\n"
		"\theaders PT_LOAD FILEHDR PHDRS FLAGS(4);\n"
		"\tportable_data PT_LOAD FLAGS(6);\n"
		"\tportable_data_read PT_LOAD FLAGS(4);\n"
		"\tportable_text PT_LOAD FLAGS(5);\n"
		"\tnative_data PT_LOAD FLAGS(6);\n"
		"\tnative_data_read PT_LOAD FLAGS(4);\n"
		"\tnative_text PT_LOAD FLAGS(5);\n"
		"\ttls PT_TLS FLAGS(4);\n"
		"\tnote PT_NOTE FLAGS(4);\n"
		"\teh_frame_hdr PT_GNU_EH_FRAME FLAGS(4);\n"
		"\tstack PT_GNU_STACK FLAGS(6);\n"
		"}\n"
		"SECTIONS {\n",
		writer->slice->program.isa->name);
	write_portable(writer);
	write_native(writer);
	fprintf(writer->out, "\t/DISCARD/ : { *(.note.GNU-stack) "
			     "*(.note.gnu.property) }\n}\n");
}

int pcn_script_write(const struct plan *plan, size_t slice, struct error *error)
{
	struct writer writer = {
		.plan = plan,
		.slice = &plan->slices[slice],
		.index = slice,
		.out = fopen(plan->slices[slice].script, "we"),
	};
	int failed;

	if (!writer.out)
		return pcn_fail(error, -errno, "%s: %s", writer.slice->script,
				strerror(errno));
	write_script(&writer);
	failed = ferror(writer.out);
	if (fclose(writer.out) || failed)
		return pcn_fail(error, -EIO, "%s: cannot write",
				writer.slice->script);
	return 0;
}
