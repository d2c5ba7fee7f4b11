/*
 * pool.c - frame records of one thread: O(1) to take and to give back.
 *
 * Sizes up to EXACT are kept in lists of their own, 16 bytes apart; larger ones
 * are rounded up to powers of two.  Memory comes in chunks from the mmap window
 * and goes back when the thread ends.  A chunk begins with {previous, size}.
 */
#include "native.h"

#define EXACT	   512u
#define EXACT_LAST (EXACT / 16)
#define CHUNK	   (64ul << 10)
#define CHUNK_HEAD 16u

/* The class of a size and the size its records really have. */
static unsigned class_of(uint64_t size, uint64_t *rounded)
{
	unsigned log;

	if (size <= EXACT) {
		*rounded = PCN_ALIGN_UP(size, 16);
		return *rounded / 16;
	}
	log = 64 - __builtin_clzll(size - 1);
	*rounded = 1ull << log;
	return EXACT_LAST + log - 9;
}

void pcn_pool_add(struct pcn_pool *pool, uint64_t memory, uint64_t size)
{
	((uint64_t *)memory)[0] = pool->chunks;
	((uint64_t *)memory)[1] = size;
	pool->chunks = memory;
	pool->bump = memory + CHUNK_HEAD;
	pool->bump_end = memory + size;
}

static bool add_chunk(struct pcn_pool *pool, uint64_t size)
{
	uint64_t bytes =
		size + CHUNK_HEAD > CHUNK
			? PCN_ALIGN_UP(size + CHUNK_HEAD, PCN_PAGE_SIZE)
			: CHUNK;
	int64_t chunk =
		pcn_portable_map(bytes, 3 /* PROT_READ | PROT_WRITE */, 0);

	if (chunk < 0)
		return false;
	pcn_pool_add(pool, (uint64_t)chunk, bytes);
	return true;
}

struct pcn_record *pcn_pool_get(struct pcn_pool *pool, uint64_t size)
{
	unsigned class = class_of(size, &size);
	struct pcn_record *record;

	pcn_assert(class < PCN_POOL_CLASSES);
	record = pool->free[class];
	if (record) {
		pool->free[class] = record->inner;
		return record;
	}
	if (pool->bump_end - pool->bump < size && !add_chunk(pool, size))
		return NULL;
	record = (struct pcn_record *)pool->bump;
	pool->bump += size;
	return record;
}

void pcn_pool_put(struct pcn_pool *pool, struct pcn_record *record,
		  uint64_t size)
{
	unsigned class = class_of(size, &size);

	record->inner = pool->free[class];
	pool->free[class] = record;
}

void pcn_pool_free(struct pcn_pool *pool)
{
	uint64_t chunk = pool->chunks;

	memset(pool, 0, sizeof *pool);
	while (chunk) {
		uint64_t previous = ((uint64_t *)chunk)[0],
			 size = ((uint64_t *)chunk)[1];

		pcn_portable_unmap(chunk, size);
		chunk = previous;
	}
}
