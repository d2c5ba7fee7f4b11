#include "queue.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM (64u << 10)

size_t queue_size(const struct queue *b)
{
	return b->end - b->start;
}

bool queue_add(struct queue *b, const void *from, size_t size)
{
	if (size > QUEUE_MAX - queue_size(b))
		return false;
	if (size > b->room - b->end) {
		size_t used = queue_size(b),
		       room = b->room ? b->room : FIRST_ROOM;
		uint8_t *bytes;

		while (room - used < size)
			room *= 2;
		bytes = malloc(room);
		if (!bytes)
			return false;
		if (used)
			memcpy(bytes, b->bytes + b->start, used);
		free(b->bytes);
		*b = (struct queue){bytes, 0, used, room};
	}
	if (size)
		memcpy(b->bytes + b->end, from, size);
	b->end += size;
	return true;
}

void queue_consume(struct queue *b, size_t size)
{
	b->start += size;
	if (b->start == b->end)
		b->start = b->end = 0;
}

void queue_discard(struct queue *b)
{
	free(b->bytes);
	*b = (struct queue){0};
}

bool queue_prepend(struct queue *b, struct queue *first)
{
	if (queue_size(b) &&
	    !queue_add(first, b->bytes + b->start, queue_size(b)))
		return false;
	queue_discard(b);
	*b = *first;
	*first = (struct queue){0};
	return true;
}
