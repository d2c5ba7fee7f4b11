/*
 * walk.c - the walk of a capture: from frame to frame by rows of unwind
 * information that are read once for each return address.
 *
 * A general unwinder searches, parses and interprets that information for every
 * frame, twice: before its pad and after.  Captured threads pass the same
 * return addresses again and again.
 */
#include "cfi.h"
#include "walk.h"

#define BUCKETS	   4096u
#define CHUNK_SIZE (64ul << 10)

/* Rows are never removed: as many as there are call sites that a capture
 * passed.  No lock here: the child of a fork would wait for it for ever. */
struct chunk {
	uint64_t used; /* rows; more than there are when all are */
	struct pcn_row rows[];
};

#define CHUNK_ROWS                                                             \
	((CHUNK_SIZE - sizeof(struct chunk)) / sizeof(struct pcn_row))

static struct pcn_row *buckets[BUCKETS];
static struct chunk *chunk;

static struct pcn_row *new_row(void)
{
	for (;;) {
		struct chunk *c = __atomic_load_n(&chunk, __ATOMIC_ACQUIRE);
		uint64_t i =
			c ? __atomic_fetch_add(&c->used, 1, __ATOMIC_RELAXED)
			  : CHUNK_ROWS;
		int64_t memory;

		if (i < CHUNK_ROWS)
			return &c->rows[i];
		memory = pcn_private_map(CHUNK_SIZE);
		if (pcn_is_error(memory))
			return NULL;
		if (!__atomic_compare_exchange_n(
			    &chunk, &c, (struct chunk *)memory, false,
			    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
			pcn_private_unmap(memory, CHUNK_SIZE);
	}
}

/* Without memory to remember it in, a row is made in *spare. */
static const struct pcn_row *row_for(uint64_t ip, struct pcn_row *spare)
{
	struct pcn_row **bucket = &buckets[(ip ^ ip >> 12) % BUCKETS], *row;
	struct pcn_row *first = __atomic_load_n(bucket, __ATOMIC_ACQUIRE);

	for (row = first; row; row = row->next)
		if (row->ip == ip)
			return row;
	row = new_row();
	if (!row) {
		memset(spare, 0, sizeof *spare);
		spare->ip = ip;
		pcn_cfi_read(spare);
		return spare;
	}
	row->ip = ip;
	pcn_cfi_read(row);
	/* Another thread may add the same: either serves. */
	row->next = first;
	while (!__atomic_compare_exchange_n(bucket, &row->next, row, false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
	return row;
}

/* To the caller. */
static void step(struct pcn_frame *frame, const struct pcn_row *row)
{
	uint64_t base = row->cfa_register < 0 ? frame->sp
					      : frame->saved[row->cfa_register];
	uint64_t cfa = base + row->cfa_offset;

	for (unsigned i = 0; i < PCN_ARCH_SAVED; i++)
		if (row->offset[i] != PCN_CFI_SAME)
			frame->saved[i] = *(uint64_t *)(cfa + row->offset[i]);
	frame->ip = *(uint64_t *)(cfa + row->ra_offset);
	frame->sp = cfa;
}

/* A frame without a pad is lost, unless it would only have returned: such is a
 * call in tail position that the back end could not make a jump. */
static void check(const struct pcn_row *row)
{
	if (!row->pad && !row->returns)
		pcn_die("frame at %lx keeps no record", row->ip);
}

static _Noreturn void walk(struct pcn_native *native, struct pcn_frame *frame)
{
	const struct pcn_row *row;
	struct pcn_row spare;

	for (;;) {
		if (frame->sp == native->base_sp &&
		    frame->ip == (uint64_t)pcn_base_return)
			pcn_base_leave(frame->sp, 0);
		if (native->short_of_memory)
			pcn_capture_give_up(native, frame, -ENOMEM);
		row = row_for(frame->ip, &spare);
		if (row->foreign)
			pcn_capture_give_up(native, frame, -EOPNOTSUPP);
		if (pcn_check)
			check(row);
		if (row->pad) {
			frame->sp += row->pushed;
			pcn_walk_enter(frame, row->pad, &native->exception);
		}
		step(frame, row);
	}
}

_Noreturn void pcn_walk_poll(struct pcn_native *native, struct pcn_frame *frame)
{
	struct pcn_row spare;
	const struct pcn_row *row = row_for(frame->ip, &spare);

	if (!row->pad)
		pcn_die("the poll at %lx keeps no record", row->ip);
	frame->sp += row->pushed;
	pcn_walk_enter_poll(frame, row->pad, &native->exception);
}

/* The pad whose frame this is has done its work. */
_Noreturn void pcn_walk_continue(struct pcn_frame *frame)
{
	struct pcn_native *native = pcn_self_native();
	struct pcn_row spare;

	if (native->mode != PCN_UNWIND_CAPTURE) {
		_Unwind_Resume(&native->exception);
		pcn_die("unwinding ended");
	}
	/* A landed pad keeps a record, or nobody would know how to go on. */
	if (pcn_check && native->frames == native->frames_before)
		pcn_die("the pad that ends at %lx kept no record", frame->ip);
	native->frames_before = native->frames;
	step(frame, row_for(frame->ip, &spare));
	walk(native, frame);
}
