#include "wire.h"
#include "clock.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static int bad(struct error *error, const char *what)
{
	return pcn_fail(error, -EPROTO, "the other side says nonsense: %s",
			what);
}

/* A name that ends, and that a terminal can show. */
static bool is_name(const char *text, size_t size, bool may_be_empty)
{
	size_t n = strnlen(text, size);

	if (n == size || (!n && !may_be_empty))
		return false;
	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return true;
}

int wire_read_hello(struct wire_hello *h, const struct pcn_frame *f,
		    struct error *error)
{
	if (f->type != WIRE_HELLO || f->size != sizeof(*h))
		return bad(error, "no greeting");
	memcpy(h, f->data, sizeof(*h));
	if (h->version != WIRE_VERSION)
		return pcn_fail(error, -EPROTONOSUPPORT,
				"the other side speaks version %u of the "
				"agents' language, this side %u",
				h->version, WIRE_VERSION);
	if (h->abi_version != PCN_ABI_VERSION)
		return pcn_fail(error, -EPROTONOSUPPORT,
				"the other side runs programs of version %u, "
				"this side %u",
				h->abi_version, PCN_ABI_VERSION);
	if (h->isa_count > WIRE_ISAS_MAX ||
	    !is_name(h->node, sizeof(h->node), false))
		return bad(error, "a damaged greeting");
	for (uint32_t i = 0; i < h->isa_count; i++)
		if (!is_name(h->isas[i], WIRE_ISA, false))
			return bad(error, "an ISA without a name");
	return 0;
}

int wire_read_open(struct wire_wish *w, const struct pcn_frame *f,
		   struct error *error)
{
	struct wire_open *o = &w->open;
	const char *at, *end;

	memset(w, 0, sizeof(*w));
	if (f->type != WIRE_OPEN || f->size < sizeof(*o))
		return bad(error, "no wish");
	memcpy(o, f->data, sizeof(*o));
	if (o->want == WIRE_WANT_NOTHING && f->size == sizeof(*o))
		return 0;
	if (o->want != WIRE_WANT_RUN && o->want != WIRE_WANT_THREADS)
		return bad(error, "an unknown wish");
	if (!o->path_size || o->path_size > WIRE_PATH_MAX || !o->names_size ||
	    o->names_size > PCN_CHANNEL_NODES_MAX * PCN_NODE_NAME ||
	    f->size != sizeof(*o) + o->path_size + o->names_size)
		return bad(error, "a damaged wish");
	if (!is_name(o->user, WIRE_USER, false) ||
	    !is_name(o->isa, WIRE_ISA, true) || !o->node_count ||
	    o->node_count > PCN_CHANNEL_NODES_MAX ||
	    o->node_index >= o->node_count ||
	    (o->want == WIRE_WANT_THREADS &&
	     (o->home >= o->node_count || o->home == o->node_index)))
		return bad(error, "a damaged wish");
	memcpy(w->text, f->data + sizeof(*o), o->path_size + o->names_size);
	if (memchr(w->text, 0, o->path_size) != w->text + o->path_size - 1)
		return bad(error, "a path that does not end");
	w->path = w->text;
	at = w->text + o->path_size;
	end = at + o->names_size;
	for (uint32_t i = 0; i < o->node_count; i++) {
		size_t room = (size_t)(end - at);

		if (!is_name(at, room < PCN_NODE_NAME ? room : PCN_NODE_NAME,
			     false))
			return bad(error, "a node without a name");
		w->names[i] = at;
		at += strlen(at) + 1;
	}
	return at == end ? 0 : bad(error, "too many names");
}

int wire_read_packet(struct pcn_message *m, const char **text,
		     const struct pcn_frame *f, struct error *error)
{
	if (f->size < sizeof(*m))
		return bad(error, "a short message");
	memcpy(m, f->data, sizeof(*m));
	if (m->text_size != f->size - sizeof(*m) ||
	    m->text_size > PCN_CHANNEL_TEXT_MAX)
		return bad(error, "a message of another size");
	*text = (const char *)f->data + sizeof(*m);
	return 0;
}

int wire_read_state(struct wire_state *s, struct wire_descriptor *descriptors,
		    const struct pcn_frame *f, struct error *error)
{
	if (f->size < sizeof(*s))
		return bad(error, "a short state");
	memcpy(s, f->data, sizeof(*s));
	if (s->descriptor_count > WIRE_FDS_MAX || s->size > 1ull << 46 ||
	    !s->size || !s->early || s->early > wire_pages(s->size) ||
	    f->size != sizeof(*s) + s->descriptor_count * sizeof(*descriptors))
		return bad(error, "a damaged state");
	if (s->descriptor_count)
		memcpy(descriptors, f->data + sizeof(*s),
		       s->descriptor_count * sizeof(*descriptors));
	for (uint32_t i = 0; i < s->descriptor_count; i++)
		if (descriptors[i].fd < 0 ||
		    (descriptors[i].stream >= WIRE_STREAMS &&
		     descriptors[i].stream != WIRE_NO_STREAM))
			return bad(error, "a damaged descriptor");
	return 0;
}

int wire_read_memory(uint64_t *offset, const struct pcn_frame *f, uint64_t size,
		     struct error *error)
{
	uint64_t n = f->size - sizeof(*offset);

	if (f->size < sizeof(*offset))
		return bad(error, "a short frame");
	memcpy(offset, f->data, sizeof(*offset));
	if (*offset % PCN_PAGE_SIZE || *offset >= size || n > size - *offset ||
	    (n % PCN_PAGE_SIZE && *offset + n != size) ||
	    (f->type == WIRE_DEMAND) != !n)
		return bad(error, "memory that is not the state's");
	return 0;
}

int wire_read_mail(struct wire_mail *m, const struct pcn_frame *f,
		   struct error *error)
{
	if (f->size != sizeof(*m))
		return bad(error, "a mail of another size");
	memcpy(m, f->data, sizeof(*m));
	return m->slot < PCN_THREADS_MAX
		       ? 0
		       : bad(error, "a thread that cannot be");
}

int wire_read_pages(struct wire_clocks *clocks, const uint8_t **bytes,
		    uint32_t *size, const struct pcn_frame *f,
		    struct error *error)
{
	if (f->size < sizeof(*clocks))
		return bad(error, "a short frame");
	memcpy(clocks, f->data, sizeof(*clocks));
	*bytes = f->data + sizeof(*clocks);
	*size = f->size - (uint32_t)sizeof(*clocks);
	return 0;
}

int wire_read_number(uint32_t *number, const uint8_t **rest, uint32_t *size,
		     const struct pcn_frame *f, struct error *error)
{
	if (f->size < sizeof(*number))
		return bad(error, "a short frame");
	memcpy(number, f->data, sizeof(*number));
	*rest = f->data + sizeof(*number);
	*size = f->size - (uint32_t)sizeof(*number);
	return 0;
}

int wire_send(struct pcn_link *l, enum wire_type type, const void *head,
	      size_t head_size, const void *more, size_t more_size)
{
	const struct iovec parts[2] = {{(void *)head, head_size},
				       {(void *)more, more_size}};

	return pcn_link_send(l, type, parts, 2);
}

int wire_send_number(struct pcn_link *l, enum wire_type type, uint32_t number,
		     const void *more, size_t more_size)
{
	return wire_send(l, type, &number, sizeof(number), more, more_size);
}

struct wire_clocks wire_clocks_now(void)
{
	return (struct wire_clocks){pcn_clock_ns(CLOCK_REALTIME),
				    pcn_clock_ns(CLOCK_MONOTONIC)};
}

int wire_send_pages(struct pcn_link *l, const struct iovec *parts, int count)
{
	struct wire_clocks clocks = wire_clocks_now();
	struct iovec all[3] = {{&clocks, sizeof(clocks)}};

	memcpy(all + 1, parts, sizeof(*parts) * (size_t)count);
	return pcn_link_send(l, WIRE_PAGES, all, count + 1);
}

int wire_send_mail(struct pcn_link *l, uint32_t slot, const struct pcn_mail *m)
{
	const struct wire_mail mail = {
		.clocks = wire_clocks_now(), .slot = slot, .mail = *m};

	return wire_send(l, WIRE_MAIL, &mail, sizeof(mail), NULL, 0);
}

int wire_send_packet(struct pcn_link *l, const struct pcn_message *m,
		     const void *text)
{
	return wire_send(l, WIRE_PACKET, m, sizeof(*m), text, m->text_size);
}
