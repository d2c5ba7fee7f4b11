/*
 * Frames in, frames out.
 *
 * Received bytes stay where they were read: a frame is handed on as a pointer
 * into the buffer, which moves only what is left over of the next one.  A frame
 * to send goes to the transport directly when nothing waits before it.
 */
#define _GNU_SOURCE
#include "link.h"
#include "carrier.h"
#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_AHEAD (64u << 10)

struct buffer {
	uint8_t *bytes;
	size_t start, end, room;
};

struct pcn_link {
	struct pcn_transport *transport;
	struct buffer in, out;
	uint32_t frame_max;
	size_t queue_max;
	uint64_t deadline_ns; /* 0: none */
	bool stands;	      /* the transport's handshake is done */
	bool greeted;	      /* ... and the other side has said its version */
	bool said_bye;
	int unsendable; /* -errno: what cannot be sent is dropped, until all
			 * that the other side has said is read: it may say why
			 */
	int ended;	/* -errno */
	struct error why;
};

static int resize(struct buffer *b, size_t room)
{
	size_t used = b->end - b->start;
	uint8_t *bytes;

	if (room <= b->room)
		return 0;
	bytes = malloc(room);
	if (!bytes)
		return -ENOMEM;
	if (used)
		memcpy(bytes, b->bytes + b->start, used);
	free(b->bytes);
	b->bytes = bytes;
	b->start = 0;
	b->end = used;
	b->room = room;
	return 0;
}

static void compact(struct buffer *b)
{
	size_t used = b->end - b->start;

	if (!b->start)
		return;
	if (used)
		memmove(b->bytes, b->bytes + b->start, used);
	b->start = 0;
	b->end = used;
}

struct pcn_link *pcn_link_new(struct pcn_transport *transport,
			      uint64_t handshake_ns)
{
	struct pcn_link *l;

	if (!transport)
		return NULL;
	l = calloc(1, sizeof(*l));
	if (!l) {
		transport->ops->free(transport);
		return NULL;
	}
	l->transport = transport;
	l->deadline_ns = pcn_now_ns() + handshake_ns;
	if (!pcn_link_allow(l, PCN_LINK_FRAME_FIRST, 4 * PCN_LINK_FRAME_FIRST))
		return l;
	pcn_link_free(l);
	return NULL;
}

void pcn_link_free(struct pcn_link *l)
{
	if (!l)
		return;
	l->transport->ops->free(l->transport);
	free(l->in.bytes);
	free(l->out.bytes);
	free(l);
}

int pcn_link_allow(struct pcn_link *l, uint32_t frame_max, size_t queue_max)
{
	size_t ahead = frame_max > PCN_LINK_FRAME_FIRST ? READ_AHEAD : 0;

	if (frame_max > PCN_LINK_FRAME_MAX)
		return -EINVAL;
	l->frame_max = frame_max;
	l->queue_max = queue_max;
	/* One more header: the reason must find room in a full queue. */
	return resize(&l->in, PCN_LINK_HEADER + frame_max + ahead)
		       ?: resize(&l->out, queue_max + PCN_LINK_REASON +
						  2 * PCN_LINK_HEADER);
}

int pcn_link_fd(const struct pcn_link *l)
{
	return l->transport->fd;
}

short pcn_link_events(const struct pcn_link *l, bool reading)
{
	const struct pcn_transport *t = l->transport;
	short events = 0;

	if (l->ended)
		return 0;
	if (!l->stands)
		return t->handshake_wants_write ? POLLOUT : POLLIN;
	if (reading)
		events |= t->read_wants_write ? POLLOUT : POLLIN;
	if (l->out.start != l->out.end)
		events |= t->write_wants_read ? POLLIN : POLLOUT;
	return events;
}

uint64_t pcn_link_deadline(const struct pcn_link *l)
{
	return l->deadline_ns ? l->deadline_ns : UINT64_MAX;
}

bool pcn_link_up(const struct pcn_link *l)
{
	return l->greeted && !l->ended;
}

void pcn_link_expect(struct pcn_link *l, uint64_t deadline_ns)
{
	l->deadline_ns = deadline_ns;
}

static int end(struct pcn_link *l, int err, const char *why)
{
	if (!l->ended) {
		l->ended = err;
		pcn_fail(&l->why, err, "%s", why);
	}
	return l->ended;
}

/* --- Sending ----------------------------------------------------------------
 */

static ssize_t put(struct pcn_link *l, const struct iovec *parts, int count)
{
	ssize_t n;

	if (l->unsendable)
		return l->unsendable;
	l->transport->write_wants_read = false;
	n = l->transport->ops->write(l->transport, parts, count);
	if (n < 0 && n != -EAGAIN)
		l->unsendable = (int)n;
	return n;
}

int pcn_link_flush(struct pcn_link *l)
{
	struct buffer *b = &l->out;

	while (!l->ended && l->stands && b->start != b->end) {
		struct iovec part = {b->bytes + b->start, b->end - b->start};
		ssize_t n = put(l, &part, 1);

		if (n == -EAGAIN)
			break;
		b->start += n < 0 ? part.iov_len : (size_t)n;
	}
	if (b->start == b->end)
		b->start = b->end = 0;
	return l->ended;
}

static void queue(struct pcn_link *l, const void *from, size_t size)
{
	if (l->out.room - l->out.end < size)
		compact(&l->out);
	if (size)
		memcpy(l->out.bytes + l->out.end, from, size);
	l->out.end += size;
}

/* The parts less their first n bytes. */
static int skip(struct iovec *parts, int count, size_t n)
{
	int first = 0;

	while (first < count && n >= parts[first].iov_len)
		n -= parts[first++].iov_len;
	if (first < count) {
		parts[first].iov_base = (uint8_t *)parts[first].iov_base + n;
		parts[first].iov_len -= n;
	}
	memmove(parts, parts + first, sizeof(*parts) * (size_t)(count - first));
	return count - first;
}

static int send_parts(struct pcn_link *l, struct iovec *parts, int count)
{
	while (count && l->stands && l->out.start == l->out.end) {
		ssize_t n = put(l, parts, count);

		if (n == -EAGAIN)
			break;
		if (n < 0)
			return 0;
		count = skip(parts, count, (size_t)n);
	}
	for (int i = 0; i < count; i++)
		queue(l, parts[i].iov_base, parts[i].iov_len);
	return 0;
}

size_t pcn_link_queued(const struct pcn_link *l)
{
	return l->out.end - l->out.start;
}

size_t pcn_link_room(const struct pcn_link *l)
{
	size_t used = l->out.end - l->out.start + PCN_LINK_HEADER;
	size_t room = used < l->queue_max ? l->queue_max - used : 0;

	return room < PCN_LINK_FRAME_MAX ? room : PCN_LINK_FRAME_MAX;
}

int pcn_link_send(struct pcn_link *l, uint32_t type, const struct iovec *parts,
		  int count)
{
	struct pcn_link_header header = {.type = (uint16_t)type};
	struct iovec all[PCN_LINK_PARTS_MAX + 1] = {{&header, sizeof(header)}};
	size_t size = 0;
	int n = 1;

	if (l->ended)
		return l->ended;
	for (int i = 0; i < count; i++) {
		size += parts[i].iov_len;
		if (parts[i].iov_len)
			all[n++] = parts[i];
	}
	if (size > PCN_LINK_FRAME_MAX || count > PCN_LINK_PARTS_MAX)
		return -EMSGSIZE;
	if (size > pcn_link_room(l))
		return -EAGAIN;
	header.size = (uint32_t)size;
	return send_parts(l, all, n);
}

/* --- Receiving --------------------------------------------------------------
 */

/* Says our version as soon as the transport stands. */
static int stand(struct pcn_link *l)
{
	uint8_t hello[8] = PCN_LINK_MAGIC;
	struct iovec part = {hello, sizeof(hello)};
	struct error error = {""};
	struct pcn_transport *t = l->transport;
	int err;

	t->handshake_wants_write = false;
	err = t->carried ? pcn_carrier_verdict(t->fd, &error) : 0;
	if (!err) {
		t->carried = false;
		err = t->ops->handshake(t, &error);
	}
	if (err == -EAGAIN)
		return 0;
	if (err)
		return end(l, err, error.text);
	l->stands = true;
	hello[7] = PCN_LINK_VERSION;
	/* What was queued before goes behind it. */
	if (l->out.start != l->out.end) {
		compact(&l->out);
		memmove(l->out.bytes + sizeof(hello), l->out.bytes, l->out.end);
		memcpy(l->out.bytes, hello, sizeof(hello));
		l->out.end += sizeof(hello);
		return pcn_link_flush(l);
	}
	return send_parts(l, &part, 1);
}

static int greet(struct pcn_link *l)
{
	const uint8_t *hello = l->in.bytes + l->in.start;
	char why[96];

	if (l->in.end - l->in.start < 8)
		return 0;
	if (memcmp(hello, PCN_LINK_MAGIC, 7))
		return end(l, -EPROTO, "the other side is not Popcorn's");
	if (hello[7] != PCN_LINK_VERSION) {
		snprintf(why, sizeof(why),
			 "the other side speaks version %u of the link, this "
			 "side %u",
			 hello[7], PCN_LINK_VERSION);
		return end(l, -EPROTONOSUPPORT, why);
	}
	l->in.start += 8;
	l->greeted = true;
	return 0;
}

/* 1: something came; 0: nothing is there. */
static int fill(struct pcn_link *l)
{
	ssize_t n;

	if (l->in.start == l->in.end)
		l->in.start = l->in.end = 0;
	else if (l->in.room - l->in.start < PCN_LINK_HEADER + l->frame_max)
		compact(&l->in);
	l->transport->read_wants_write = false;
	n = l->transport->ops->read(l->transport, l->in.bytes + l->in.end,
				    l->in.room - l->in.end);
	if (n == -EAGAIN)
		return 0;
	if (n == 0)
		return end(l, -EPIPE, "the other side closed the link");
	if (n < 0)
		return end(l, (int)n,
			   n == -EPROTO ? "the link is damaged"
					: strerror((int)-n));
	l->in.end += (size_t)n;
	return 1;
}

/* The other side's words go to a terminal: printable ASCII of one line. */
static int take_bye(struct pcn_link *l, const struct pcn_frame *f)
{
	char why[PCN_LINK_REASON];
	uint32_t n = 0;

	for (; n < f->size && n < sizeof(why) - 1; n++)
		why[n] = f->data[n] >= ' ' && f->data[n] < 127
				 ? (char)f->data[n]
				 : '?';
	why[n] = 0;
	l->said_bye = true;
	return end(l, -ECONNABORTED, n ? why : "the other side has ended");
}

/* 1: a frame; 0: not whole yet. */
static int take(struct pcn_link *l, struct pcn_frame *f)
{
	struct pcn_link_header h;
	size_t have = l->in.end - l->in.start;

	if (have < sizeof(h))
		return 0;
	memcpy(&h, l->in.bytes + l->in.start, sizeof(h));
	if (h.zero || h.size > l->frame_max)
		return end(l, -EPROTO, "a frame is too large, or damaged");
	if (have - sizeof(h) < h.size)
		return 0;
	f->type = h.type;
	f->size = h.size;
	f->data = l->in.bytes + l->in.start + sizeof(h);
	l->in.start += sizeof(h) + h.size;
	l->deadline_ns = 0;
	return h.type == PCN_LINK_TYPE_BYE ? take_bye(l, f) : 1;
}

int pcn_link_receive(struct pcn_link *l, struct pcn_frame *f)
{
	int n;

	if (l->ended)
		return l->ended;
	if (!l->stands && (stand(l) || !l->stands))
		goto out;
	do {
		if (!l->greeted && greet(l))
			return l->ended;
		n = l->greeted ? take(l, f) : 0;
		if (n)
			return n;
		n = fill(l);
	} while (n > 0);
	if (!l->ended && l->unsendable)
		end(l, l->unsendable, strerror(-l->unsendable));
	pcn_link_flush(l);
out:
	if (!l->ended && l->deadline_ns && pcn_now_ns() >= l->deadline_ns)
		end(l, -ETIMEDOUT, "the other side does not answer");
	return l->ended;
}

/* --- The end ----------------------------------------------------------------
 */

const char *pcn_link_why(const struct pcn_link *l)
{
	return l->why.text;
}

bool pcn_link_said_bye(const struct pcn_link *l)
{
	return l->said_bye;
}

static int left_ms(uint64_t deadline)
{
	uint64_t now = pcn_now_ns();

	return now < deadline ? (int)((deadline - now) / 1000000) + 1 : 0;
}

/* Bytes of the other side's that nobody reads would make the kernel reset the
 * connection, and lose our last words. */
static void drain(struct pcn_link *l, uint64_t deadline)
{
	struct pollfd p = {.fd = l->transport->fd, .events = POLLIN};
	int left;

	while ((left = left_ms(deadline)) > 0) {
		ssize_t n = l->transport->ops->read(l->transport, l->in.bytes,
						    l->in.room);

		if (n == -EAGAIN)
			poll(&p, 1, left);
		else if (n <= 0)
			break;
	}
}

void pcn_link_close(struct pcn_link *l, const char *reason, int linger_ms)
{
	uint64_t deadline = pcn_now_ns() + (uint64_t)linger_ms * 1000000u;
	struct pollfd p = {.events = POLLOUT};
	struct pcn_link_header h = {.type = PCN_LINK_TYPE_BYE};
	size_t size = reason ? strlen(reason) : 0;

	if (!l)
		return;
	/* A link that ended because of what came can still be told so. */
	if (l->stands && !l->said_bye &&
	    (!l->ended || l->ended == -EPROTO || l->ended == -EPROTONOSUPPORT ||
	     l->ended == -ETIMEDOUT)) {
		l->ended = 0;
		h.size = (uint32_t)(size < PCN_LINK_REASON ? size
							   : PCN_LINK_REASON);
		queue(l, &h, sizeof(h));
		queue(l, reason, h.size);
		p.fd = l->transport->fd;
		while (!pcn_link_flush(l) && pcn_link_queued(l) &&
		       left_ms(deadline))
			poll(&p, 1, left_ms(deadline));
		l->transport->ops->end(l->transport);
		drain(l, deadline);
	}
	pcn_link_free(l);
}
