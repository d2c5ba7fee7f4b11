/*
 * pads.c - how the unwinder finds a frame's landing pad.
 *
 * Entering is what libgcc's own personality for C does, with a memory: a
 * function with thousands of sites has a table of as many entries to walk, and
 * a thread that is captured often passes the same return addresses.
 *
 * Format of the language-specific data: LSB / Itanium C++ ABI, "Exception
 * Handling Tables"; LLVM writes call sites as uleb128 or udata4 offsets.
 */
#include "cfi.h"

enum { DW_EH_PE_udata4 = 0x03, DW_EH_PE_uleb128 = 0x01, DW_EH_PE_omit = 0xff };

/* Return address in the upper, landing pad in the lower half: the image lies
 * below 4 GiB.  One word, so that threads may race for a place. */
#define REMEMBERED 4096u
static uint64_t remembered[REMEMBERED];

static uint64_t value(const uint8_t **p, uint8_t encoding)
{
	uint32_t word;

	if (encoding == DW_EH_PE_uleb128)
		return pcn_uleb128(p);
	if (encoding != DW_EH_PE_udata4)
		pcn_die("call sites encoded as %x", encoding);
	memcpy(&word, *p, sizeof word);
	*p += sizeof word;
	return word;
}

uint64_t pcn_pad_find(const uint8_t *table, uint64_t start, uint64_t ip)
{
	uint64_t offset = ip - 1 - start;
	const uint8_t *end;
	uint8_t encoding;

	if (*table++ != DW_EH_PE_omit)
		pcn_die("landing pads do not count from their function's "
			"start");
	if (*table++ != DW_EH_PE_omit)
		pcn_uleb128(&table); /* the type table: cleanups need none */
	encoding = *table++;
	end = pcn_uleb128(&table) + table;
	while (table < end) {
		uint64_t from = value(&table, encoding),
			 length = value(&table, encoding);
		uint64_t pad = value(&table, encoding);

		pcn_uleb128(&table); /* action */
		if (offset < from)
			break;
		if (offset < from + length)
			return pad ? start + pad : 0;
	}
	return 0;
}

_Unwind_Reason_Code __popcorn_personality(int version, _Unwind_Action actions,
					  _Unwind_Exception_Class class,
					  struct _Unwind_Exception *exception,
					  struct _Unwind_Context *context)
{
	uint64_t ip = _Unwind_GetIP(context), entry, pad;
	uint64_t *place = &remembered[(ip ^ ip >> 12) % REMEMBERED];

	(void)version, (void)class;
	if (!(actions & _UA_CLEANUP_PHASE))
		return _URC_CONTINUE_UNWIND;
	entry = __atomic_load_n(place, __ATOMIC_RELAXED);
	if (entry >> 32 == ip) {
		pad = (uint32_t)entry;
	} else {
		const uint8_t *table = _Unwind_GetLanguageSpecificData(context);

		pad = table ? pcn_pad_find(table,
					   _Unwind_GetRegionStart(context), ip)
			    : 0;
		__atomic_store_n(place, ip << 32 | pad, __ATOMIC_RELAXED);
	}
	if (!pad)
		return _URC_CONTINUE_UNWIND;
	_Unwind_SetGR(context, __builtin_eh_return_data_regno(0),
		      (uint64_t)exception);
	_Unwind_SetGR(context, __builtin_eh_return_data_regno(1), 0);
	_Unwind_SetIP(context, pad);
	return _URC_INSTALL_CONTEXT;
}
