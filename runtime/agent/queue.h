/* queue.h - bytes that wait, up to a bound. */
#ifndef PCN_AGENT_QUEUE_H
#define PCN_AGENT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUEUE_MAX (2u << 20)

struct queue { /* all zero to begin with; the bytes are from start to end */
	uint8_t *bytes;
	size_t start, end, room;
};

size_t queue_size(const struct queue *q);
/* false: there is no room, nothing is added. */
bool queue_add(struct queue *q, const void *from, size_t size);
void queue_consume(struct queue *q, size_t size);
void queue_discard(struct queue *q);
/* first, then what q held; takes the bytes of both. */
bool queue_prepend(struct queue *q, struct queue *first);

#endif
