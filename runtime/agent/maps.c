/*
 * maps.c - what the program has mapped, on every node alike: changes, and the
 * end, when all contents come home.
 */
#define _GNU_SOURCE
#include "spread.h"
#include "agent.h"
#include "operation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int maps_insert(struct maps *maps, uint32_t at, const struct map *m)
{
	if (maps->count == maps->room) {
		uint32_t room = maps->room ? 2 * maps->room : 64;
		struct map *more = realloc(maps->list, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		maps->list = more;
		maps->room = room;
	}
	memmove(maps->list + at + 1, maps->list + at,
		(maps->count - at) * sizeof(*maps->list));
	maps->list[at] = *m;
	maps->count++;
	return 0;
}

void maps_remove(struct maps *maps, uint32_t first, uint32_t count)
{
	maps->count -= count;
	memmove(maps->list + first, maps->list + first + count,
		(maps->count - first) * sizeof(*maps->list));
}

/* Index of the first that ends behind page. */
static uint32_t find(const struct maps *maps, uint32_t page)
{
	uint32_t low = 0, high = maps->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (maps->list[middle].page + maps->list[middle].count > page)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Makes page a border between two. */
static int split(struct maps *maps, uint32_t page)
{
	uint32_t i = find(maps, page);
	struct map *m, second;
	int err;

	if (i == maps->count || maps->list[i].page >= page)
		return 0;
	m = &maps->list[i];
	second = *m;
	second.page = page;
	second.count = m->page + m->count - page;
	second.offset += (uint64_t)(page - m->page) * DSM_PAGE_SIZE;
	m->count = page - m->page;
	err = maps_insert(maps, i + 1, &second);
	if (!err && second.file)
		second.file->maps++;
	return err;
}

static void let_go(struct map_file *file)
{
	if (!file || --file->maps)
		return;
	close(file->fd);
	free(file);
}

void maps_free(struct maps *maps)
{
	for (uint32_t i = 0; i < maps->count; i++)
		let_go(maps->list[i].file);
	free(maps->list);
	*maps = (struct maps){0};
}

bool maps_have_file(const struct maps *maps)
{
	for (uint32_t i = 0; i < maps->count; i++)
		if (maps->list[i].file)
			return true;
	return false;
}

static int maps_change(struct maps *maps, const struct map *change)
{
	uint32_t end = change->page + change->count, first, last;
	int err = split(maps, change->page);

	if (!err)
		err = split(maps, end);
	if (err)
		return err;
	first = last = find(maps, change->page);
	while (last < maps->count && maps->list[last].page < end)
		last++;
	if (change->type == PCN_MSG_PROTECT) {
		for (uint32_t i = first; i < last; i++)
			maps->list[i].prot = change->prot;
		return 0;
	}
	for (uint32_t i = first; i < last; i++)
		let_go(maps->list[i].file);
	if (last > first)
		maps_remove(maps, first, last - first);
	return change->type == PCN_MSG_UNMAP ? 0
					     : maps_insert(maps, first, change);
}

/* --- Changes of maps ------------------------------------------------------ */

void changes_look(struct agent *a)
{
	struct spread *s = &a->spread;
	struct change *c = &s->change;

	if (!c->under_way || c->removing)
		return;
	for (int i = 0; i < SPREAD_NODES; i++)
		if (s->places[i].answers.count)
			return;
	c->under_way = false;
	if (c->result)
		pcn_fail(&a->error, c->result, "shared memory: %s",
			 strerror(-c->result));
	if (a->current)
		operation_answer(a, a->current, c->result);
}

bool map_of_message(const struct pcn_message *m, struct map *map)
{
	uint64_t address = (uint64_t)m->value[0], size = (uint64_t)m->value[1];

	*map = (struct map){.type = m->type, .prot = (int)m->value[2]};
	if (address % DSM_PAGE_SIZE || size % DSM_PAGE_SIZE || !size ||
	    address < PCN_SHARED_BASE || address > PCN_SHARED_END ||
	    size > PCN_SHARED_END - address)
		return false;
	map->page = (uint32_t)(address / DSM_PAGE_SIZE);
	map->count = (uint32_t)(size / DSM_PAGE_SIZE);
	return true;
}

/* A file of this machine, which came with the message. */
static int take_file(struct agent *a, struct map *map)
{
	struct spread *s = &a->spread;
	int fd = packet_take_fd(&a->packet);

	map->offset = (uint64_t)a->packet.m.value[3];
	for (int i = 0; i < SPREAD_NODES; i++)
		if (s->places[i].far) {
			close(fd);
			return -ENODEV;
		}
	map->file = fd < 0 ? NULL : malloc(sizeof(*map->file));
	if (!map->file) {
		close(fd);
		return fd < 0 ? -EPROTO : -ENOMEM;
	}
	*map->file = (struct map_file){.fd = fd, .maps = 1};
	return 0;
}

static int begin_change(struct agent *a, const struct map *map, bool held)
{
	struct spread *s = &a->spread;
	struct engine *e = s->places[s->home].engine;
	int err = 0;

	if (map->type != PCN_MSG_ZERO)
		err = maps_change(&s->maps, map);
	if (err)
		let_go(map->file);
	if (!err && map->type == PCN_MSG_MAP) {
		err = pcn_engine_register(e, map->page, map->count, &a->error);
		if (!err)
			pcn_dsm_add(&e->dsm, map->page, map->count, held, 0);
	}
	if (!err && (map->type == PCN_MSG_UNMAP || map->type == PCN_MSG_ZERO)) {
		s->change.removing = true;
		pcn_dsm_remove(&e->dsm, map->page, map->count,
			       map->type == PCN_MSG_ZERO, 0);
	}
	for (int i = 0; i < SPREAD_NODES && !err; i++) {
		if (map->type == PCN_MSG_ZERO || i == s->home ||
		    s->places[i].state < PLACE_MAPPING)
			continue;
		err = place_tell_map(&s->places[i], map);
		if (err == -EPIPE) /* it has ended: we shall hear of that */
			err = 0;
	}
	return err;
}

void changes_begin(struct agent *a)
{
	struct change *c = &a->spread.change;
	bool held = a->packet.m.value[3];
	struct map map;
	int err;

	if (c->under_way || !map_of_message(&a->packet.m, &map)) {
		pcn_fail(&a->error, -EINVAL, "no such memory");
		operation_answer(a, a->current, -EINVAL);
		return;
	}
	err = map.type == PCN_MSG_MAP_FILE ? take_file(a, &map) : 0;
	if (err) {
		pcn_fail(&a->error, err, "a file's pages: %s", strerror(-err));
		operation_answer(a, a->current, err);
		return;
	}
	*c = (struct change){.under_way = true};
	c->result = begin_change(a, &map, held);
	changes_look(a);
}

int place_take_answer(struct agent *a, struct place *p, struct map *about)
{
	int err = (int)a->packet.m.value[0];

	if (!p->answers.count)
		return -EPROTO;
	*about = p->answers.list[0];
	maps_remove(&p->answers, 0, 1);
	if (!err && about->type == PCN_MSG_MAP && !p->far)
		err = pcn_engine_register(p->engine, about->page, about->count,
					  &a->error);
	return err;
}

/* A node's service thread has done what it was told. */
void place_answers(struct agent *a, int node)
{
	struct spread *s = &a->spread;
	struct place *p = &s->places[node];
	struct map about = {.type = 0};
	int err = place_take_answer(a, p, &about);

	if (!about.type) {
		spread_lose(a, node, "it answers what nobody asked");
		return;
	}
	if (about.type == PCN_MSG_THREAD) {
		if (err)
			mails_refuse(s, about.page, err);
	} else if (err) {
		char why[200];

		snprintf(why, sizeof(why),
			 "it cannot map the program's memory: %s",
			 strerror(-err));
		spread_lose(a, node, why);
	}
	place_look_whether_ready(a, node);
	changes_look(a);
}

/* --- Bringing all home ---------------------------------------------------- */

/* The next page that is somewhere else; false: there is none. */
static bool next_elsewhere(struct spread *s, struct dsm *d, uint32_t *page)
{
	for (; s->gather_map < s->maps.count; s->gather_map++) {
		const struct map *m = &s->maps.list[s->gather_map];

		for (; s->gather_page < m->count; s->gather_page++) {
			*page = m->page + s->gather_page;
			if (dsm_page_of(d, *page)->state == DSM_EXCLUSIVE &&
			    dsm_page_of(d, *page)->owner)
				return true;
		}
		s->gather_page = 0;
	}
	return false;
}

/* Nobody runs: what has come stays. */
void changes_gather(struct agent *a)
{
	struct spread *s = &a->spread;
	struct dsm *d = &s->places[s->home].engine->dsm;
	uint32_t page;

	while (pcn_dsm_room(d) && next_elsewhere(s, d, &page)) {
		pcn_dsm_fault(d, page, false);
		s->gather_page++;
	}
	if (s->gather_map < s->maps.count || d->faults)
		return;
	s->gather_map = s->gather_page = 0;
	if (next_elsewhere(s, d, &page)) /* as it was recalled ahead */
		return;
	spread_stop(a);
	operation_answer(a, a->current, 0);
}

void changes_gather_all(struct agent *a)
{
	struct spread *s = &a->spread;

	for (uint32_t i = 0; i < PCN_THREADS_MAX; i++)
		if (s->where[i] >= 0) {
			pcn_fail(&a->error, -EBUSY, "a thread is away");
			operation_answer(a, a->current, -EBUSY);
			return;
		}
	s->gathering = true;
	s->gather_map = s->gather_page = 0;
}
