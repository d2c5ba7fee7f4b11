/* What the program has mapped, for nodes that come later. */
#include "spread.h"

#include <pcn/channel.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int insert(struct spread *s, uint32_t at, const struct map *m)
{
	if (s->map_count == s->map_room) {
		uint32_t room = s->map_room ? 2 * s->map_room : 64;
		struct map *more = realloc(s->maps, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		s->maps = more;
		s->map_room = room;
	}
	memmove(s->maps + at + 1, s->maps + at,
		(s->map_count - at) * sizeof(*s->maps));
	s->maps[at] = *m;
	s->map_count++;
	return 0;
}

/* Index of the first that ends behind page. */
static uint32_t find(const struct spread *s, uint32_t page)
{
	uint32_t low = 0, high = s->map_count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (s->maps[middle].page + s->maps[middle].count > page)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Makes page a border between two. */
static int split(struct spread *s, uint32_t page)
{
	uint32_t i = find(s, page);
	struct map *m = &s->maps[i], second;

	if (i == s->map_count || m->page >= page)
		return 0;
	second = *m;
	second.page = page;
	second.count = m->page + m->count - page;
	m->count = page - m->page;
	return insert(s, i + 1, &second);
}

int maps_change(struct spread *s, const struct map *change)
{
	uint32_t end = change->page + change->count, first, last;
	int err = split(s, change->page);

	if (!err)
		err = split(s, end);
	if (err)
		return err;
	first = last = find(s, change->page);
	while (last < s->map_count && s->maps[last].page < end)
		last++;
	if (change->type == PCN_MSG_PROTECT) {
		for (uint32_t i = first; i < last; i++)
			s->maps[i].prot = change->prot;
		return 0;
	}
	memmove(s->maps + first, s->maps + last,
		(s->map_count - last) * sizeof(*s->maps));
	s->map_count -= last - first;
	return change->type == PCN_MSG_MAP ? insert(s, first, change) : 0;
}
