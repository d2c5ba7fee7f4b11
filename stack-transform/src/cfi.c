/*
 * cfi.c - reads .eh_frame for one return address.
 *
 * What compilers emit for C: the CFA is a register and an offset, registers lie
 * at offsets from it.  Anything else (expressions, return addresses in other
 * registers) ends the process: it would be hand-written assembly in the middle
 * of the program's stack.
 *
 * Format: DWARF 5, section 6.4, with LSB's augmentations.
 */
#include "cfi.h"

#define REMEMBER_MAX 8
#define RA	     PCN_ARCH_SAVED

/* libgcc's search in the table of contents. */
struct bases {
	void *text, *data, *function;
};
const void *_Unwind_Find_FDE(void *pc, struct bases *bases);

struct state {
	int32_t cfa_register, cfa_offset;
	int32_t offset[PCN_ARCH_SAVED + 1]; /* RA last */
};

struct reader {
	struct state now, initial, remembered[REMEMBER_MAX];
	unsigned depth;
	uint64_t location, target; /* rows up to target count */
	uint64_t code_align;
	int64_t data_align;
	uint32_t pushed;
};

uint64_t pcn_uleb128(const uint8_t **p)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = *(*p)++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

int64_t pcn_sleb128(const uint8_t **p)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = *(*p)++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (shift < 64 && (byte & 0x40))
		value |= ~0ull << shift;
	return (int64_t)value;
}

static uint32_t word(const uint8_t **p, unsigned size)
{
	uint32_t value = 0;

	memcpy(&value, *p, size);
	*p += size;
	return value;
}

static int slot(uint64_t dwarf)
{
	return dwarf == PCN_ARCH_DWARF_RA ? RA : pcn_arch_saved_index(dwarf);
}

static void set_offset(struct reader *r, uint64_t dwarf, int64_t offset)
{
	int i = slot(dwarf);

	if (i >= 0)
		r->now.offset[i] = offset;
}

static void restore(struct reader *r, uint64_t dwarf)
{
	int i = slot(dwarf);

	if (i >= 0)
		r->now.offset[i] = r->initial.offset[i];
}

static void set_cfa_register(struct reader *r, uint64_t dwarf)
{
	int i = pcn_arch_saved_index(dwarf);

	if (i < 0 && dwarf != PCN_ARCH_DWARF_SP)
		pcn_die("a frame at %lx counts from register %lu", r->target,
			dwarf);
	r->now.cfa_register = i;
}

/* One instruction that is not an advance; false: not known. */
static bool other(struct reader *r, uint8_t op, const uint8_t **p)
{
	uint64_t dwarf;

	switch (op) {
	case 0x00: /* nop */
	case 0x2d: /* AArch64: negate_ra_state; we sign no addresses */
		return true;
	case 0x05: /* offset_extended */
		dwarf = pcn_uleb128(p);
		set_offset(r, dwarf, (int64_t)pcn_uleb128(p) * r->data_align);
		return true;
	case 0x06: /* restore_extended */
		restore(r, pcn_uleb128(p));
		return true;
	case 0x07: /* undefined */
	case 0x08: /* same_value */
		set_offset(r, pcn_uleb128(p), PCN_CFI_SAME);
		return true;
	case 0x0a: /* remember_state */
		if (r->depth == REMEMBER_MAX)
			return false;
		r->remembered[r->depth++] = r->now;
		return true;
	case 0x0b: /* restore_state */
		if (!r->depth)
			return false;
		r->now = r->remembered[--r->depth];
		return true;
	case 0x0c: /* def_cfa */
		set_cfa_register(r, pcn_uleb128(p));
		r->now.cfa_offset = pcn_uleb128(p);
		return true;
	case 0x0d: /* def_cfa_register */
		set_cfa_register(r, pcn_uleb128(p));
		return true;
	case 0x0e: /* def_cfa_offset */
		r->now.cfa_offset = pcn_uleb128(p);
		return true;
	case 0x11: /* offset_extended_sf */
		dwarf = pcn_uleb128(p);
		set_offset(r, dwarf, pcn_sleb128(p) * r->data_align);
		return true;
	case 0x12: /* def_cfa_sf */
		set_cfa_register(r, pcn_uleb128(p));
		r->now.cfa_offset = pcn_sleb128(p) * r->data_align;
		return true;
	case 0x13: /* def_cfa_offset_sf */
		r->now.cfa_offset = pcn_sleb128(p) * r->data_align;
		return true;
	case 0x2e: /* GNU_args_size */
		r->pushed = pcn_uleb128(p);
		return true;
	default:
		return false;
	}
}

static void run(struct reader *r, const uint8_t *p, const uint8_t *end)
{
	while (p < end && r->location <= r->target) {
		uint8_t op = *p++, low = op & 0x3f;

		if (op >> 6 == 1)
			r->location += low * r->code_align;
		else if (op >> 6 == 2)
			set_offset(r, low,
				   (int64_t)pcn_uleb128(&p) * r->data_align);
		else if (op >> 6 == 3)
			restore(r, low);
		else if (op >= 0x02 && op <= 0x04) /* advance_loc1, 2, 4 */
			r->location += word(&p, 1u << (op - 2)) * r->code_align;
		else if (!other(r, op, &p))
			pcn_die("unwind instruction %x for %lx is not known",
				op, r->target);
	}
}

/* A pointer in a CIE's or FDE's augmentation. */
static uint64_t pointer(const uint8_t **p, uint8_t encoding)
{
	uint64_t base = (encoding & 0x70) == 0x10 ? (uint64_t)*p : 0, value = 0;

	switch (encoding & 0x0f) {
	case 0x00: /* absptr */
	case 0x04: /* udata8 */
	case 0x0c: /* sdata8 */
		memcpy(&value, *p, 8);
		*p += 8;
		break;
	case 0x03: /* udata4 */
		value = word(p, 4);
		break;
	case 0x0b: /* sdata4 */
		value = (int64_t)(int32_t)word(p, 4);
		break;
	default:
		pcn_die("unwind pointers encoded as %x", encoding);
	}
	return value ? base + value : 0;
}

void pcn_cfi_read(struct pcn_row *row)
{
	struct bases bases;
	const uint8_t *fde = _Unwind_Find_FDE((void *)(row->ip - 1), &bases),
		      *cie, *p;
	const uint8_t *fde_end, *cie_end, *augmentation;
	uint8_t fde_encoding = 0, lsda_encoding = 0xff;
	uint64_t start, lsda = 0, ra;
	struct reader r = {.target = row->ip - 1};

	if (!fde) {
		row->foreign = true;
		return;
	}
	fde_end = fde + 4 + *(const uint32_t *)fde;
	p = fde + 4;
	cie = p - word(&p, 4);
	cie_end = cie + 4 + *(const uint32_t *)cie;
	start = (uint64_t)bases.function;

	/* The CIE: version, augmentation, alignments, return-address column. */
	augmentation = cie + 9;
	p = augmentation + pcn_strlen((const char *)augmentation) + 1;
	r.code_align = pcn_uleb128(&p);
	r.data_align = pcn_sleb128(&p);
	ra = cie[8] == 1 ? *p++ : pcn_uleb128(&p);
	if (ra != PCN_ARCH_DWARF_RA || *augmentation != 'z')
		pcn_die("unwind information of an unknown kind at %lx",
			row->ip);
	pcn_uleb128(&p);
	for (const uint8_t *a = augmentation + 1; *a; a++) {
		if (*a == 'R')
			fde_encoding = *p++;
		else if (*a == 'L')
			lsda_encoding = *p++;
		else if (*a == 'P') {
			uint8_t encoding = *p++;

			pointer(&p, encoding);
		}
	}
	for (int i = 0; i <= RA; i++)
		r.now.offset[i] = PCN_CFI_SAME;
	r.location = 0;
	run(&r, p, cie_end);
	r.initial = r.now;

	p = fde + 8;
	pointer(&p, fde_encoding);
	pointer(&p, fde_encoding & 0x0f); /* the size */
	{
		uint64_t size = pcn_uleb128(&p);
		const uint8_t *instructions = p + size;

		if (lsda_encoding != 0xff)
			lsda = pointer(&p, lsda_encoding);
		p = instructions;
	}
	r.location = start;
	run(&r, p, fde_end);

	if (r.now.offset[RA] == PCN_CFI_SAME)
		pcn_die("the frame at %lx has no caller", row->ip);
	row->cfa_register = r.now.cfa_register;
	row->cfa_offset = r.now.cfa_offset;
	row->ra_offset = r.now.offset[RA];
	memcpy(row->offset, r.now.offset, sizeof row->offset);
	row->pushed = r.pushed;
	row->pad =
		lsda ? pcn_pad_find((const uint8_t *)lsda, start, row->ip) : 0;
	row->returns = pcn_arch_returns(row->ip);
}
