/*
 * bounce.c - memory of a thread that no other node sees, and copies of the
 * program's in it.
 *
 * It is used as a stack: a handler that runs amid a call makes calls of its
 * own, and need not return.
 */
#include "buffers.h"

#define TEXT_MAX   4096u  /* PATH_MAX */
#define LENGTH_MAX 65536u /* of what getsockopt says */

/* --- The program's memory ------------------------------------------------- */

bool pcn_bounce_is_shared(uint64_t address)
{
	return (address >= PCN_STATE_BASE && address < PCN_MMAP_END) ||
	       (address >= pcn_image.data_start &&
		address < pcn_image.data_end);
}

uint64_t pcn_bounce_mapped(uint64_t address, uint64_t size, bool write)
{
	const uint32_t right = write ? 2 /* PROT_WRITE */ : 3;
	uint64_t at = address;

	if (!pcn_bounce_is_shared(address)) /* constants */
		return !write && address >= pcn_image.image_start &&
				       address + size <= pcn_image.image_end
			       ? size
			       : 0;
	pcn_lock(&pcn_process->lock);
	for (uint32_t i = pcn_vma_find_locked(at);
	     i < pcn_process->vma_count && at - address < size; i++) {
		const struct pcn_vma *v = &pcn_process->vmas[i];

		if (v->start > at || !(v->prot & right))
			break;
		at = v->end;
	}
	pcn_unlock(&pcn_process->lock);
	return at - address < size ? at - address : size;
}

/* Writes what is there; an or of nothing would become a load. */
static void touch(uint64_t address, bool write)
{
	uint8_t *at = (uint8_t *)address,
		seen = __atomic_load_n(at, __ATOMIC_SEQ_CST);

	while (write &&
	       !__atomic_compare_exchange_n(at, &seen, seen, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

bool pcn_bounce_touch(uint64_t address, bool write)
{
	if (!pcn_bounce_is_shared(address) ||
	    !pcn_bounce_mapped(address, 1, write))
		return false;
	touch(address, write);
	return true;
}

/* --- Memory of the thread's own ------------------------------------------- */

void pcn_bounce_begin(struct pcn_bounce *b, struct pcn_native *native)
{
	b->native = native;
	b->err = 0;
	b->count = 0;
	native->bounce_used =
		native->delivery ? native->delivery->bounce_used : 0;
}

uint64_t pcn_bounce_room(const struct pcn_bounce *b)
{
	return (PCN_BOUNCE_SIZE - b->native->bounce_used) / 2;
}

void *pcn_bounce_take(struct pcn_bounce *b, uint64_t size)
{
	struct pcn_native *native = b->native;
	void *memory;

	if (!native->bounce) {
		int64_t at = pcn_private_map(PCN_BOUNCE_SIZE);

		if (!pcn_is_error(at))
			native->bounce = (uint64_t)at;
	}
	if (!native->bounce || size > pcn_bounce_room(b)) {
		b->err = -ENOMEM;
		return NULL;
	}
	memory = (void *)(native->bounce + native->bounce_used);
	native->bounce_used += PCN_ALIGN_UP(size, 16);
	return memory;
}

/* --- There ---------------------------------------------------------------- */

/* A copy's entry; NULL if the kernel may have the argument as it is, or there
 * is no room. */
static struct pcn_bounced *add(struct pcn_bounce *b, long *argument,
			       uint64_t size)
{
	struct pcn_bounced *e = &b->list[b->count];
	void *copy;

	/* Of so much the kernel knows better. */
	if (b->err || size > INT32_MAX || !pcn_bounce_is_shared(*argument))
		return NULL;
	copy = pcn_bounce_take(b, size);
	if (!copy)
		return NULL;
	pcn_assert(b->count < sizeof b->list / sizeof *b->list);
	*e = (struct pcn_bounced){
		.user = *argument, .copy = copy, .size = size};
	*argument = (long)copy;
	b->count++;
	return e;
}

static void bring(struct pcn_bounce *b, const struct pcn_bounced *e)
{
	if (pcn_bounce_mapped(e->user, e->size, false) < e->size)
		b->err = -EFAULT;
	else
		memcpy(e->copy, (void *)e->user, e->size);
}

void pcn_bounce_in(struct pcn_bounce *b, long *argument, uint64_t size)
{
	struct pcn_bounced *e = add(b, argument, size);

	if (e)
		bring(b, e);
}

/* Too long for the kernel, it is so here. */
void pcn_bounce_text(struct pcn_bounce *b, long *argument)
{
	const char *user = (const char *)*argument;
	uint64_t readable, n = 0;
	char *copy;

	if (b->err || !pcn_bounce_is_shared(*argument))
		return;
	readable = pcn_bounce_mapped(*argument, TEXT_MAX, false);
	copy = pcn_bounce_take(b, TEXT_MAX + 1);
	if (!copy)
		return;
	while (n < readable && (copy[n] = user[n]))
		n++;
	if (n == readable && n < TEXT_MAX)
		b->err = -EFAULT;
	copy[n] = 0;
	b->native->bounce_used -=
		PCN_ALIGN_UP(TEXT_MAX + 1, 16) - PCN_ALIGN_UP(n + 1, 16);
	*argument = (long)copy;
}

/* What it writes to comes for writing at once. */
void pcn_bounce_inout(struct pcn_bounce *b, long *argument, uint64_t size,
		      bool out)
{
	struct pcn_bounced *e = add(b, argument, size);

	if (!e || !size)
		return;
	e->back = PCN_BACK_CHANGES;
	if (out && pcn_bounce_mapped(e->user, size, true) < size) {
		b->err = -EFAULT;
		return;
	}
	if (out) {
		touch(e->user, true);
		touch(e->user + size - 1, true);
	}
	bring(b, e);
}

void pcn_bounce_result(struct pcn_bounce *b, long *argument, uint64_t size,
		       uint32_t before, uint32_t unit)
{
	struct pcn_bounced *e = add(b, argument, size);

	if (!e || !size)
		return;
	e->back = PCN_BACK_RESULT;
	e->before = before;
	e->unit = unit;
	if (!pcn_bounce_mapped(e->user, 1, true))
		b->err = -EFAULT;
}

void pcn_bounce_length(struct pcn_bounce *b, long *argument, long *length)
{
	struct pcn_bounced *e;
	uint32_t size;

	/* Who does not want to know need not say how much. */
	if (!*argument && pcn_bounce_mapped(*length, sizeof size, true) < 4)
		return;
	pcn_bounce_inout(b, length, sizeof(uint32_t), false);
	if (b->err || !*length)
		return;
	size = *(uint32_t *)*length;
	if ((int32_t)size < 0)
		return;
	if (size > LENGTH_MAX)
		size = LENGTH_MAX;
	e = add(b, argument, size);
	if (!e || !size)
		return;
	e->back = PCN_BACK_LENGTH;
	e->length = (const uint32_t *)*length;
	if (!pcn_bounce_mapped(e->user, 1, true)) {
		b->err = -EFAULT;
		return;
	}
	/* Some options are questions. */
	memcpy(e->copy, (void *)e->user,
	       pcn_bounce_mapped(e->user, size, false));
}

/* --- And back ------------------------------------------------------------- */

static bool put_back(const struct pcn_bounced *e, long result)
{
	uint64_t size = e->size;

	if (e->back == PCN_BACK_RESULT)
		size = result < 0 ? 0 : e->before + (uint64_t)result * e->unit;
	if (e->back == PCN_BACK_LENGTH)
		size = result < 0 ? 0 : *e->length;
	if (size > e->size)
		size = e->size;
	if (e->back == PCN_BACK_NOTHING || !size)
		return true;
	if (e->back == PCN_BACK_CHANGES &&
	    !pcn_memcmp(e->copy, (void *)e->user, size))
		return true;
	if (pcn_bounce_mapped(e->user, size, true) < size)
		return false;
	memcpy((void *)e->user, e->copy, size);
	return true;
}

long pcn_bounce_end(struct pcn_bounce *b, long result)
{
	struct pcn_native *native = b->native;
	int err = b->err;

	for (uint32_t i = 0; i < b->count && !err; i++)
		if (!put_back(&b->list[i], result))
			err = -EFAULT;
	native->bounce_used =
		native->delivery ? native->delivery->bounce_used : 0;
	return err ? err : result;
}
