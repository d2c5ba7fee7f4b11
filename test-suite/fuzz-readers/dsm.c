/*
 * What another agent may say about shared pages: messages to the origin from
 * two nodes, or from the origin to a node, between faults and calls here.
 * Whatever comes, it is served or refused with -EPROTO; the protocol's own
 * assertions are the rest.
 */
#include "protocol.h"
#include "reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST 1000u
#define PAGES 256u

static void install(void *context, uint32_t page, uint32_t count,
		    const unsigned char *data, enum dsm_right right, bool map)
{
	static volatile unsigned char sum;

	(void)context, (void)page, (void)right, (void)map;
	for (size_t i = 0; data && i < (size_t)count * DSM_PAGE_SIZE; i += 512)
		sum = (unsigned char)(sum + data[i]);
}

static void wake(void *context, uint32_t page, enum dsm_right right)
{
	(void)context, (void)page, (void)right;
}

static void protect(void *context, uint32_t page, uint32_t count)
{
	(void)context, (void)page, (void)count;
}

static void upgrade(void *context, uint32_t page, uint32_t count)
{
	(void)context, (void)page, (void)count;
}

static void take(void *context, uint32_t page, uint32_t count,
		 unsigned char *data, enum dsm_right right)
{
	(void)context, (void)page, (void)right;
	if (data)
		memset(data, 1, (size_t)count * DSM_PAGE_SIZE);
}

static void copy_out(void *context, uint32_t page, uint32_t count,
		     unsigned char *data)
{
	take(context, page, count, data, DSM_READABLE);
}

/* What we send, others can read. */
static void send_message(void *context, unsigned node,
			 const struct dsm_message *m, const unsigned char *data)
{
	static unsigned char bytes[DSM_MESSAGE_MAX] __attribute__((aligned(8)));
	const unsigned char *back = NULL;
	struct dsm_message again;
	uint32_t size = dsm_message_size(m);
	uint32_t head = dsm_message_encode(m, bytes);

	(void)context, (void)node;
	if (size > head)
		memcpy(bytes + head, data, size - head);
	if (dsm_message_decode(bytes, size, &again, &back) != (int)size)
		__builtin_trap();
}

static void refused(void *context, uint32_t page, bool is_lost)
{
	(void)context, (void)page, (void)is_lost;
}

static void lost(void *context, uint32_t page)
{
	(void)context, (void)page;
}

static void done(void *context, uint64_t cookie, int result)
{
	(void)context, (void)cookie, (void)result;
}

static const struct dsm_ops ops = {
	install,  wake,		protect, upgrade, take,
	copy_out, send_message, refused, lost,	  done,
};

static unsigned char bytes[DSM_MESSAGE_MAX] __attribute__((aligned(8)));

/* Bytes as they are; what is missing at the end is zero. */
static void raw_message(struct input *in)
{
	size_t size = byte(in);

	for (size_t i = 0; i < size; i++)
		bytes[i] = byte(in);
}

/* One whose size is right, of small numbers. */
static void small_message(struct input *in)
{
	uint32_t list[DSM_RUN_MAX];
	struct dsm_message m = {.type = byte(in) % DSM_TYPES,
				.flags = byte(in) & DSM_FLAGS,
				.node = byte(in) % 4,
				.page = FIRST + byte(in),
				.count = byte(in),
				.mask = byte(in),
				.zero = byte(in),
				.left = byte(in),
				.cookie = byte(in),
				.list = list};

	if (m.flags & DSM_KEEP) { /* a long run */
		m.mask <<= 40;
		m.zero <<= 40;
		m.left <<= 40;
	}
	if (m.type == DSM_PUSH || m.type == DSM_GIVE) {
		m.count %= 5;
		for (uint32_t i = 0; i < m.count; i++)
			list[i] = FIRST + byte(in);
	}
	dsm_message_encode(&m, bytes);
}

static void hear(struct dsm *d, unsigned from, bool *broken)
{
	const unsigned char *data = NULL;
	struct dsm_message m;
	int err = dsm_message_decode(bytes, sizeof(bytes), &m, &data);

	if (!err)
		__builtin_trap(); /* a message longer than any */
	if (err > 0)
		err = pcn_dsm_receive(d, from, &m, data);
	if (err && err != -EPROTO)
		__builtin_trap();
	if (!err)
		return;
	if (from)
		pcn_dsm_node_lost(d, from);
	else
		*broken = true;
}

static void act(struct dsm *d, unsigned self, unsigned event, unsigned what)
{
	uint32_t page = FIRST + what;

	if (event == 4 && !self && what % 16 == 0)
		pcn_dsm_node_lost(d, 1 + what / 16 % 2);
	else if (event == 5)
		pcn_dsm_push(d, self ? 0 : 1, &page, 1);
	else if (event == 6)
		pcn_dsm_remove(d, page, 1 + what % 7, what & 1, 3);
	else if (pcn_dsm_room(d))
		pcn_dsm_fault(d, page, event & 1);
}

/* The first byte says who we are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dsm d;
	struct input in = {data, size};
	unsigned self = byte(&in) & 1;
	bool broken = false;
	struct dsm_config config = {.node = self,
				    .nodes = 3,
				    .first_page = FIRST,
				    .page_count = PAGES,
				    .ops = &ops};

	if (pcn_dsm_init(&d, &config))
		abort();
	if (!self)
		pcn_dsm_add(&d, FIRST, PAGES / 2, true, 1);
	while (in.left && !broken) {
		unsigned event = byte(&in) % 16;

		if (event >= 8) {
			act(&d, self, event - 4, byte(&in));
			continue;
		}
		memset(bytes, 0, DSM_HEAD_SIZE + sizeof(uint32_t) * 64);
		if (event >= 6)
			raw_message(&in);
		else
			small_message(&in);
		hear(&d, self ? 0 : 1 + event % 2, &broken);
	}
	pcn_dsm_deinit(&d);
	return 0;
}
