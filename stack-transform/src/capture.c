/*
 * capture.c - a thread's stack becomes a chain of records, by unwinding it.
 *
 * Terms: the base frame is pcn_base_call's, below which there is only the run
 * time; a frame is passed when the unwinder has run its landing pads; a record
 * is resumed while the frame its resume function made lives.
 *
 * On the way out: every frame of the program has given a record (checked with
 * POPCORN_CHECK=1), the records are linked both ways, and no frame is left but
 * the base frame and what called it.
 *
 * When memory for records runs out, spare memory serves the pad that has begun,
 * and no other pad is entered.  Then, and before a frame of machine code that
 * the program has made itself, the records there are are resumed as if the next
 * frame had called them, and the thread runs on as if nothing had been.
 */
#include "walk.h"

static struct {
	uint64_t captures, frames, capture_ns, resume_ns;
} count;

/* For the records of one machine frame: functions inlined into one another have
 * one each. */
#define SPARE_SIZE (256ul << 10)

static bool have_spare(struct pcn_thread *thread)
{
	int64_t memory;

	if (thread->spare_records)
		return true;
	memory =
		pcn_portable_map(SPARE_SIZE, 3 /* PROT_READ | PROT_WRITE */, 0);
	if (memory < 0)
		return false;
	thread->spare_records = (uint64_t)memory;
	return true;
}

void pcn_capture_free(struct pcn_thread *thread)
{
	pcn_pool_free(&thread->pool);
	if (thread->spare_records)
		pcn_portable_unmap(thread->spare_records, SPARE_SIZE);
	thread->spare_records = 0;
}

void pcn_capture_stack(struct pcn_native *native, struct pcn_frame *frame)
{
	struct pcn_thread *thread = native->thread;

	if (!have_spare(thread)) {
		pcn_world_refuse(native, -ENOMEM);
		return;
	}
	native->short_of_memory = false;
	native->enclosing = thread->resumed;
	native->last = NULL;
	native->frames = native->frames_before = 0;
	native->mode = PCN_UNWIND_CAPTURE;
	thread->resumed = NULL;
	thread->side_sp = (uint64_t)__popcorn_side_sp;
	pcn_walk_poll(native, frame);
}

_Noreturn void pcn_capture_give_up(struct pcn_native *native,
				   const struct pcn_frame *frame, int err)
{
	struct pcn_thread *thread = native->thread;

	native->mode = PCN_UNWIND_NONE;
	if (native->last)
		native->last->outer = native->enclosing;
	thread->resumed = native->enclosing;
	native->anchor.inner = native->last;
	__popcorn_side_sp = (void *)thread->side_sp;
	pcn_world_refuse(native, err);
	pcn_walk_return(frame, &native->anchor);
}

static struct pcn_record *take(struct pcn_native *native, uint64_t size)
{
	struct pcn_thread *thread = native->thread;
	struct pcn_record *record = pcn_pool_get(&thread->pool, size);

	if (record)
		return record;
	if (thread->spare_records) {
		pcn_pool_add(&thread->pool, thread->spare_records, SPARE_SIZE);
		thread->spare_records = 0;
		native->short_of_memory = true;
		record = pcn_pool_get(&thread->pool, size);
	}
	if (!record)
		pcn_die("no memory for frame records (%lu bytes)", size);
	return record;
}

static void link_record(struct pcn_native *native, struct pcn_record *record,
			uint32_t site)
{
	record->inner = native->last;
	record->site = site;
	record->frame_hint = 0;
	if (native->last)
		native->last->outer = record;
	native->last = record;
	native->frames++;
}

/* While a longjmp passes, the values a pad stores are of no use to anyone. */
static struct pcn_record *scratch(struct pcn_native *native, uint64_t size)
{
	if (native->scratch_size < size) {
		int64_t memory;

		if (native->scratch)
			pcn_private_unmap((uint64_t)native->scratch,
					  native->scratch_size);
		native->scratch_size = PCN_ALIGN_UP(size, 4 * PCN_PAGE_SIZE);
		memory = pcn_private_map(native->scratch_size);
		if (memory < 0)
			pcn_die("no memory for a longjmp (%lu bytes)",
				native->scratch_size);
		native->scratch = (void *)memory;
	}
	return native->scratch;
}

struct pcn_record *__popcorn_capture(uint32_t function, uint32_t site)
{
	struct pcn_native *native = pcn_self_native();
	uint64_t size = __popcorn_functions[function].record_size;
	struct pcn_record *record;

	if (native->mode != PCN_UNWIND_CAPTURE)
		return scratch(native, size);
	record = take(native, size);
	record->outer = NULL;
	record->function = function;
	link_record(native, record, site);
	return record;
}

void __popcorn_recapture(struct pcn_record *record, uint32_t site)
{
	struct pcn_native *native = pcn_self_native();

	if (native->mode != PCN_UNWIND_CAPTURE)
		return;
	native->enclosing = record->outer;
	record->outer = NULL;
	link_record(native, record, site);
}

uint32_t __popcorn_capturing(void)
{
	return pcn_self_native()->mode == PCN_UNWIND_CAPTURE;
}

void __popcorn_release(struct pcn_record *record)
{
	struct pcn_thread *thread = pcn_arch_self();

	thread->resumed = record->outer;
	pcn_pool_put(&thread->pool, record,
		     __popcorn_functions[record->function].record_size);
}

void pcn_capture_count(uint32_t frames, uint64_t capture_ns, uint64_t resume_ns)
{
	__atomic_fetch_add(&count.captures, frames != 0, __ATOMIC_RELAXED);
	__atomic_fetch_add(&count.frames, frames, __ATOMIC_RELAXED);
	__atomic_fetch_add(&count.capture_ns, capture_ns, __ATOMIC_RELAXED);
	__atomic_fetch_add(&count.resume_ns, resume_ns, __ATOMIC_RELAXED);
}

void pcn_capture_report(void)
{
	char line[256];
	uint64_t captures = count.captures ? count.captures : 1;
	uint64_t frames = count.frames ? count.frames : 1;
	size_t n = pcn_format(
		line, sizeof line,
		"popcorn: %s: %lu captures, %lu frames, %lu ns per capture, "
		"%lu ns per frame\n",
		PCN_ARCH_NAME, count.captures, count.frames,
		count.capture_ns / captures, count.capture_ns / frames);

	pcn_sys(__NR_write, 2, line, n);
}
