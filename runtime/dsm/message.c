/* The wire format of messages between agents. */
#include "message.h"

#include <errno.h>
#include <string.h>

/* Little endian on every ISA there is (docs/FORMATS.md), so memory is wire. */
struct head {
	uint32_t size; /* of the whole message, bytes */
	uint8_t type, flags;
	uint16_t node;
	uint32_t page, count;
	uint64_t mask, zero, left;
	uint64_t cookie;
};
_Static_assert(sizeof(struct head) == DSM_HEAD_SIZE, "head of a message");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "memory is wire");

static uint32_t bits(uint64_t mask)
{
	return (uint32_t)__builtin_popcountll(mask);
}

static uint32_t list_size(const struct dsm_message *m)
{
	bool listed = m->type == DSM_PUSH || m->type == DSM_GIVE;

	return listed ? (m->count * 4 + 7) & ~7u : 0;
}

uint32_t dsm_message_data(const struct dsm_message *m)
{
	bool data = m->flags & DSM_WITH_DATA;

	switch (m->type) {
	case DSM_PUSH:
	case DSM_GIVE:
		return m->count * DSM_PAGE_SIZE;
	case DSM_GRANT_READ:
	case DSM_GRANT_WRITE:
		return data ? bits(m->mask & ~m->zero) * DSM_PAGE_SIZE : 0;
	case DSM_ACK:
		return data ? bits(m->mask & ~m->left) * DSM_PAGE_SIZE : 0;
	default:
		return 0;
	}
}

uint32_t dsm_message_size(const struct dsm_message *m)
{
	return DSM_HEAD_SIZE + list_size(m) + dsm_message_data(m);
}

uint32_t dsm_message_encode(const struct dsm_message *m, unsigned char *bytes)
{
	uint32_t list = list_size(m);
	struct head head = {.size = dsm_message_size(m),
			    .type = m->type,
			    .flags = m->flags,
			    .node = m->node,
			    .page = m->page,
			    .count = m->count,
			    .mask = m->mask,
			    .zero = m->zero,
			    .left = m->left,
			    .cookie = m->cookie};

	memcpy(bytes, &head, sizeof(head));
	if (list) {
		memset(bytes + sizeof(head) + list - 8, 0, 8);
		memcpy(bytes + sizeof(head), m->list, (size_t)m->count * 4);
	}
	return DSM_HEAD_SIZE + list;
}

static bool masks_fit(const struct dsm_message *m)
{
	uint64_t both = m->mask | m->left;
	uint32_t last = both ? 63 - (uint32_t)__builtin_clzll(both) : 0;

	return m->page < DSM_PAGE_NUMBERS && last < DSM_PAGE_NUMBERS - m->page;
}

static bool range_fits(const struct dsm_message *m, uint32_t count_min)
{
	return m->page < DSM_PAGE_NUMBERS && m->count >= count_min &&
	       m->count <= DSM_PAGE_NUMBERS - m->page;
}

static bool list_fits(const struct dsm_message *m)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (m->list[i] >= DSM_PAGE_NUMBERS)
			return false;
	return m->node < DSM_NODES_MAX;
}

/* Of a grant, what is neither zero nor brought along must be there. */
static bool contents_fit(const struct dsm_message *m)
{
	bool data = m->flags & DSM_WITH_DATA, unasked = m->flags & DSM_UNASKED;

	if (m->flags & DSM_HAVE)
		return m->type == DSM_GRANT_WRITE && unasked && !data &&
		       !m->zero;
	return data || (!m->zero && !unasked) || m->zero == m->mask;
}

static bool fields_fit(const struct dsm_message *m)
{
	switch (m->type) {
	case DSM_READ:
	case DSM_WRITE:
		return range_fits(m, 0) && m->count <= DSM_RUN_MAX;
	case DSM_AHEAD:
		return range_fits(m, 1) && m->count <= DSM_RUN_MAX;
	case DSM_REFUSED:
		return m->page < DSM_PAGE_NUMBERS;
	case DSM_ACK:
	case DSM_DOWNGRADE:
	case DSM_INVALIDATE:
		return m->mask && !(m->left & ~m->mask) && masks_fit(m);
	case DSM_GRANT_READ:
	case DSM_GRANT_WRITE:
		return contents_fit(m) && (m->mask | m->left) &&
		       !(m->left & m->mask) && !(m->zero & ~m->mask) &&
		       masks_fit(m);
	case DSM_ADD:
	case DSM_REMOVE:
	case DSM_DROP:
		return range_fits(m, 1);
	case DSM_PUSH:
	case DSM_GIVE:
		return list_fits(m);
	default:
		return true;
	}
}

int dsm_message_decode(const unsigned char *bytes, size_t size,
		       struct dsm_message *m, const unsigned char **data)
{
	struct head head;
	bool listed;

	if (size < sizeof(head))
		return 0;
	memcpy(&head, bytes, sizeof(head));
	if (!head.type || head.type >= DSM_TYPES ||
	    (head.flags & ~(unsigned)DSM_FLAGS))
		return -EPROTO;
	*m = (struct dsm_message){.type = head.type,
				  .flags = head.flags,
				  .node = head.node,
				  .page = head.page,
				  .count = head.count,
				  .mask = head.mask,
				  .zero = head.zero,
				  .left = head.left,
				  .cookie = head.cookie};
	/* Before a size is computed of it. */
	listed = m->type == DSM_PUSH || m->type == DSM_GIVE;
	if (listed && (!m->count || m->count > DSM_RUN_MAX))
		return -EPROTO;
	if (head.size != dsm_message_size(m))
		return -EPROTO;
	if (size < head.size)
		return 0;
	if (listed) {
		const void *list = bytes + sizeof(head);

		m->list = list;
	}
	if (!fields_fit(m))
		return -EPROTO;
	*data = dsm_message_data(m) ? bytes + sizeof(head) + list_size(m)
				    : NULL;
	return (int)head.size;
}
