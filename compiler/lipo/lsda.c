/*
 * lsda.c - landing pads: every pad belongs to one call.
 *
 * A pad with two predecessors would store one call's live values for another
 * (PHI elimination in LLVM 19 misplaces copies there).  Formats: .eh_frame
 * per the Linux Standard Base, section 10.6; the call-site tables that
 * __popcorn_personality reads, per the Itanium C++ ABI's exception handling.
 */
#include <stdlib.h>
#include <string.h>

#include "verify.h"

#include "text.h"

enum { /* DWARF pointer encodings */
       ABSOLUTE = 0x00,
       ULEB128 = 0x01,
       UDATA2 = 0x02,
       UDATA4 = 0x03,
       UDATA8 = 0x04,
       SLEB128 = 0x09,
       SDATA2 = 0x0a,
       SDATA4 = 0x0b,
       SDATA8 = 0x0c,
       FORMAT = 0x0f,
       PC_RELATIVE = 0x10,
       APPLICATION = 0x70,
       INDIRECT = 0x80,
       OMIT = 0xff,
};

/* A place to read from: at `address` in the program; `good` ends at the first
 * byte that is not there. */
struct cursor {
	const unsigned char *at, *end;
	uint64_t address;
	bool good;
};

static uint64_t read_bytes(struct cursor *cursor, size_t size, bool is_signed)
{
	uint64_t value = 0;

	if (!cursor->good || (size_t)(cursor->end - cursor->at) < size) {
		cursor->good = false;
		return 0;
	}
	memcpy(&value, cursor->at, size);
	cursor->at += size;
	cursor->address += size;
	if (is_signed && size < 8 && (value >> (8 * size - 1)))
		value |= ~0ull << (8 * size);
	return value;
}

static uint64_t read_leb128(struct cursor *cursor, bool is_signed)
{
	uint64_t value = 0, byte;
	unsigned shift = 0;

	do {
		byte = read_bytes(cursor, 1, false);
		if (shift < 64)
			value |= (byte & 0x7f) << shift;
		shift += 7;
	} while (cursor->good && (byte & 0x80));
	if (is_signed && shift < 64 && (byte & 0x40))
		value |= ~0ull << shift;
	return value;
}

static uint64_t read_encoded(struct cursor *cursor, uint8_t encoding)
{
	uint64_t place = cursor->address, value = 0;

	switch (encoding & FORMAT) {
	case ABSOLUTE:
	case UDATA8:
	case SDATA8:
		value = read_bytes(cursor, 8, false);
		break;
	case ULEB128:
		value = read_leb128(cursor, false);
		break;
	case SLEB128:
		value = read_leb128(cursor, true);
		break;
	case UDATA2:
	case SDATA2:
		value = read_bytes(cursor, 2, (encoding & FORMAT) == SDATA2);
		break;
	case UDATA4:
	case SDATA4:
		value = read_bytes(cursor, 4, (encoding & FORMAT) == SDATA4);
		break;
	default:
		cursor->good = false;
	}
	if ((encoding & APPLICATION) == PC_RELATIVE && value)
		value += place;
	else if ((encoding & APPLICATION) && value)
		cursor->good = false; /* no such thing in a static executable */
	return value;
}

static bool open_cursor(const struct image *image, uint64_t address,
			struct cursor *cursor)
{
	uint64_t room;

	cursor->at = pcn_image_memory(image, address, 1, &room);
	cursor->end = cursor->at ? cursor->at + room : NULL;
	cursor->address = address;
	cursor->good = cursor->at != NULL;
	return cursor->good;
}

/* --- Call-site tables -------------------------------------------------------
 */

struct call_site {
	uint64_t pad, start, length;
};

static int compare_sites(const void *a, const void *b)
{
	const struct call_site *x = a, *y = b;

	if (x->pad != y->pad)
		return x->pad < y->pad ? -1 : 1;
	return (x->start > y->start) - (x->start < y->start);
}

static const char *function_at(const struct image *image, uint64_t address)
{
	for (size_t i = 0, count = pcn_image_symbol_count(image); i < count;
	     i++) {
		Elf64_Sym symbol;
		const char *name = pcn_image_symbol(image, i, &symbol);

		if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC &&
		    symbol.st_value == address)
			return name;
	}
	return "(no name)";
}

/*
 * Of a resume function nothing is left to check here: its pads store no values,
 * which is what sharing one could spoil, and two that do the same may be laid
 * out as one by the back end.
 */
static bool pads_store_values(const char *function)
{
	static const char suffix[] = ".resume";
	size_t length = strlen(function), end = sizeof(suffix) - 1;

	return length < end || strcmp(function + length - end, suffix) != 0;
}

static void check_sites(const struct image *image, uint64_t function,
			struct call_site *sites, size_t count,
			struct findings *findings)
{
	if (!pads_store_values(function_at(image, function)))
		return;
	if (count)
		qsort(sites, count, sizeof(*sites), compare_sites);
	for (size_t i = 0; i < count; i++) {
		if (i && sites[i].pad == sites[i - 1].pad)
			pcn_finding(findings,
				    "%s: landing pad %#lx of %s belongs to the "
				    "calls at %#lx and "
				    "%#lx",
				    image->isa->name,
				    (unsigned long)sites[i].pad,
				    function_at(image, function),
				    (unsigned long)sites[i - 1].start,
				    (unsigned long)sites[i].start);
		else
			findings->landing_pads++;
	}
}

static void check_lsda(const struct image *image, uint64_t function,
		       uint64_t lsda, struct findings *findings)
{
	uint64_t pad_base = function, length, end;
	struct call_site *sites = NULL;
	size_t count = 0, room = 0;
	struct cursor cursor;
	uint8_t encoding;

	if (!open_cursor(image, lsda, &cursor))
		goto damaged;
	encoding = (uint8_t)read_bytes(&cursor, 1, false);
	if (encoding != OMIT)
		pad_base = read_encoded(&cursor, encoding);
	encoding = (uint8_t)read_bytes(&cursor, 1, false);
	if (encoding != OMIT)
		read_leb128(&cursor, false); /* offset of the type table */
	encoding = (uint8_t)read_bytes(&cursor, 1, false);
	length = read_leb128(&cursor, false);
	end = cursor.address + length;
	while (cursor.good && cursor.address < end) {
		struct call_site site;
		uint64_t pad;

		site.start = function + read_encoded(&cursor, encoding);
		site.length = read_encoded(&cursor, encoding);
		pad = read_encoded(&cursor, encoding);
		read_leb128(&cursor, false); /* action */
		site.pad = pad_base + pad;
		if (!pad || !cursor.good)
			continue;
		if (count == room) {
			room = 2 * room + 8;
			sites = pcn_realloc(sites, room * sizeof(*sites));
		}
		sites[count++] = site;
	}
	if (cursor.good)
		check_sites(image, function, sites, count, findings);
	free(sites);
	if (cursor.good)
		return;
damaged:
	pcn_finding(findings, "%s: damaged unwind information of %s",
		    image->isa->name, function_at(image, function));
}

/* --- .eh_frame --------------------------------------------------------------
 */

struct cie {
	uint8_t pointer_encoding, lsda_encoding;
	bool good;
};

static struct cie read_cie(struct cursor cursor)
{
	struct cie cie = {.pointer_encoding = ABSOLUTE, .lsda_encoding = OMIT};
	const char *augmentation;
	const unsigned char *end;
	uint64_t version;

	version = read_bytes(&cursor, 1, false);
	if (!cursor.good)
		return cie;
	augmentation = (const char *)cursor.at;
	end = memchr(cursor.at, 0, (size_t)(cursor.end - cursor.at));
	if (!end)
		return cie;
	cursor.address += (uint64_t)(end + 1 - cursor.at);
	cursor.at = end + 1;
	read_leb128(&cursor, false); /* code alignment */
	read_leb128(&cursor, true);  /* data alignment */
	if (version == 1)
		read_bytes(&cursor, 1, false); /* return address register */
	else
		read_leb128(&cursor, false);
	if (*augmentation == 'z')
		read_leb128(&cursor, false); /* length of what follows */
	for (const char *c = augmentation; *c && cursor.good; c++) {
		if (*c == 'L')
			cie.lsda_encoding =
				(uint8_t)read_bytes(&cursor, 1, false);
		else if (*c == 'R')
			cie.pointer_encoding =
				(uint8_t)read_bytes(&cursor, 1, false);
		else if (*c == 'P')
			read_encoded(&cursor,
				     (uint8_t)read_bytes(&cursor, 1, false) &
					     ~INDIRECT);
		else if (*c != 'z' && *c != 'S' && *c != 'B' && *c != 'G')
			return cie;
	}
	cie.good = cursor.good;
	return cie;
}

/* `cursor` is behind the pointer to the CIE, which is at `cie_address`. */
static bool check_fde(const struct image *image, struct cursor cursor,
		      uint64_t cie_address, struct findings *findings)
{
	struct cursor cie_cursor;
	uint64_t function, lsda;
	struct cie cie;

	if (!open_cursor(image, cie_address, &cie_cursor))
		return false;
	read_bytes(&cie_cursor, 8, false); /* length, id */
	cie = read_cie(cie_cursor);
	if (!cie.good)
		return false;
	function = read_encoded(&cursor, cie.pointer_encoding);
	read_encoded(&cursor, cie.pointer_encoding & FORMAT);
	if (cie.lsda_encoding == OMIT)
		return cursor.good;
	read_leb128(&cursor, false); /* length of the augmentation */
	lsda = read_encoded(&cursor, cie.lsda_encoding);
	if (cursor.good && lsda)
		check_lsda(image, function, lsda, findings);
	return cursor.good;
}

void pcn_verify_landing_pads(const struct image *image,
			     struct findings *findings)
{
	const Elf64_Shdr *section = pcn_image_section(image, ".eh_frame");
	struct cursor cursor;

	if (!section || !open_cursor(image, section->sh_addr, &cursor)) {
		pcn_finding(findings, "slice for %s: no unwind information",
			    image->isa->name);
		return;
	}
	while (cursor.good && cursor.at < cursor.end) {
		uint64_t length = read_bytes(&cursor, 4, false),
			 id_address = cursor.address, id;
		struct cursor entry = cursor;

		if (!length)
			break; /* terminator */
		if (!cursor.good || length < 4 ||
		    length > (uint64_t)(cursor.end - cursor.at)) {
			cursor.good = false;
			break;
		}
		entry.end = cursor.at + length;
		id = read_bytes(&entry, 4, false);
		if (id && !check_fde(image, entry, id_address - id, findings))
			cursor.good = false;
		cursor.at += length;
		cursor.address += length;
	}
	if (!cursor.good)
		pcn_finding(findings,
			    "slice for %s: damaged unwind information",
			    image->isa->name);
}
