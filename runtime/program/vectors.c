/*
 * vectors.c - calls that transfer data: gathered from the program's memory
 * before the call, or scattered over it behind.
 *
 * What is more than the thread's private memory holds goes in pieces, the next
 * one only when the kernel would have gone on, too: a read that may be short
 * is.
 */
#include "buffers.h"

#include <linux/stat.h>

#define PARTS_MAX   1024u	 /* UIO_MAXIOV */
#define TOTAL_MAX   0x7ffff000ul /* MAX_RW_COUNT */
#define CONTROL_MAX (256ul << 10)
#define NAME_MAX    128u /* struct sockaddr_storage */

#define MSG_PEEK     0x2
#define MSG_WAITALL  0x100
#define MSG_ZEROCOPY 0x4000000

struct part { /* struct iovec */
	uint64_t start, size;
};

struct parts {
	const struct part *list;
	uint32_t count;
	uint64_t total;
};

/* --- Gather and scatter --------------------------------------------------- */

static void parts_in(struct pcn_bounce *b, struct parts *p, long list,
		     uint64_t count)
{
	*p = (struct parts){.count = (uint32_t)count};
	if (count > PARTS_MAX) {
		b->err = -EINVAL;
		return;
	}
	pcn_bounce_in(b, &list, count * sizeof *p->list);
	if (b->err)
		return;
	p->list = (const struct part *)list;
	if (count && !pcn_bounce_is_shared(list) && list < (long)PCN_IMAGE_BASE)
		b->err = -EFAULT;
	for (uint32_t i = 0; i < count && !b->err; i++) {
		if ((int64_t)p->list[i].size < 0)
			b->err = -EINVAL;
		p->total += p->list[i].size;
		if (p->total > TOTAL_MAX)
			p->total = TOTAL_MAX;
	}
}

/* [from, from + size) of the whole, to or from private memory.  Returns how
 * much there is memory for. */
static uint64_t move(const struct parts *p, uint64_t from, uint64_t size,
		     uint8_t *copy, bool out)
{
	uint64_t done = 0;

	for (uint32_t i = 0; i < p->count && done < size; i++) {
		uint64_t at = p->list[i].start, n = p->list[i].size, mapped;

		if (from >= n) {
			from -= n;
			continue;
		}
		at += from;
		n -= from;
		from = 0;
		if (n > size - done)
			n = size - done;
		mapped = pcn_bounce_mapped(at, n, out);
		if (out)
			memcpy((void *)at, copy + done, mapped);
		else
			memcpy(copy + done, (void *)at, mapped);
		done += mapped;
		if (mapped < n)
			break;
	}
	return done;
}

/* Before anything is done: can it be begun? */
static bool is_writable(const struct parts *p)
{
	for (uint32_t i = 0; i < p->count; i++)
		if (p->list[i].size)
			return pcn_bounce_mapped(p->list[i].start, 1, true);
	return true;
}

/* --- Reading and writing -------------------------------------------------- */

enum form { ONE, VECTOR, SOCKET };

static bool is_file(long fd)
{
	struct pcn_native_stat st;

	return !pcn_sys(__NR_fstat, fd, &st) &&
	       (S_ISREG(st.mode) || S_ISBLK(st.mode));
}

/* A message is one, or it is refused as too long. */
static bool is_message(long fd)
{
	int type = 0;
	uint32_t size = sizeof type;

	return !pcn_sys(__NR_getsockopt, fd, 1 /* SOL_SOCKET */,
			3 /* SO_TYPE */, &type, &size) &&
	       type != 1 /* SOCK_STREAM */;
}

static bool goes_on(const struct pcn_call *call, enum form form, bool out)
{
	if (!out)
		return true;
	if (form == SOCKET)
		return (call->a[3] & (MSG_PEEK | MSG_WAITALL)) == MSG_WAITALL;
	return is_file(call->a[0]);
}

static bool is_positioned(const struct pcn_call *call)
{
	switch (call->number) {
	case PCN_CALL_NUMBER_pread64:
	case PCN_CALL_NUMBER_pwrite64:
	case PCN_CALL_NUMBER_preadv:
	case PCN_CALL_NUMBER_pwritev:
		return true;
	case PCN_CALL_NUMBER_preadv2:
	case PCN_CALL_NUMBER_pwritev2:
		return call->a[3] != -1;
	default:
		return false;
	}
}

/* The data's arguments are 1 and 2; out: to the program. */
static long transfer(struct pcn_bounce *b, struct pcn_call *call,
		     pcn_make *make, const struct parts *p, enum form form,
		     bool out)
{
	const struct pcn_call as_asked = *call;
	struct part *one = pcn_bounce_take(b, sizeof *one);
	uint64_t room = pcn_bounce_room(b), done = 0;
	uint8_t *copy;

	if (room < p->total)
		room = PCN_ALIGN_DOWN(room, PCN_PAGE_SIZE);
	else
		room = p->total;
	if (!one || (!room && p->total))
		return -ENOMEM;
	if (!out && room < p->total && is_message(call->a[0]))
		return -EMSGSIZE;
	if (out && !is_writable(p))
		return -EFAULT;
	copy = pcn_bounce_take(b, room);
	if (!copy)
		return b->err;
	do {
		uint64_t n = p->total - done, moved;
		long result;

		if (n > room)
			n = room;
		*call = as_asked;
		if (is_positioned(call))
			call->a[3] += (long)done;
		*one = (struct part){(uint64_t)copy, n};
		call->a[1] = (long)(form == VECTOR ? (void *)one : copy);
		call->a[2] = form == VECTOR ? 1 : (long)n;
		if (!out && move(p, done, n, copy, false) < n)
			return done ? (long)done : -EFAULT;
		result = make(call);
		if (result < 0)
			return done ? (long)done : result;
		moved = (uint64_t)result < n ? (uint64_t)result : n;
		if (out && move(p, done, moved, copy, true) < moved)
			return done ? (long)done : -EFAULT;
		done += (uint64_t)result;
		if ((uint64_t)result != n)
			break;
	} while (done < p->total && goes_on(&as_asked, form, out));
	return (long)done;
}

/* One buffer, of which at most so much is data. */
static long transfer_one(struct pcn_bounce *b, struct pcn_call *call,
			 pcn_make *make, uint64_t most, enum form form,
			 bool out)
{
	const uint64_t size = (uint64_t)call->a[2];
	const struct part part = {(uint64_t)call->a[1],
				  size > most ? most : size};
	const struct parts p = {&part, 1, part.size};

	if (!pcn_bounce_is_shared(part.start) || call->a[2] < 0)
		return make(call);
	return transfer(b, call, make, &p, form, out);
}

static long simple(struct pcn_call *call, pcn_make *make, bool out)
{
	struct pcn_bounce b;
	long result;

	pcn_bounce_begin(&b, call->native);
	result = transfer_one(&b, call, make, TOTAL_MAX, ONE, out);
	return pcn_bounce_end(&b, result);
}

long pcn_buffers_read(struct pcn_call *call, pcn_make *make)
{
	return simple(call, make, true);
}

long pcn_buffers_write(struct pcn_call *call, pcn_make *make)
{
	return simple(call, make, false);
}

static long vector(struct pcn_call *call, pcn_make *make, bool out)
{
	struct pcn_bounce b;
	struct parts p;
	long result = 0;

	pcn_bounce_begin(&b, call->native);
	parts_in(&b, &p, call->a[1], (uint64_t)call->a[2]);
	if (!b.err)
		result = transfer(&b, call, make, &p, VECTOR, out);
	return pcn_bounce_end(&b, result);
}

long pcn_buffers_readv(struct pcn_call *call, pcn_make *make)
{
	return vector(call, make, true);
}

long pcn_buffers_writev(struct pcn_call *call, pcn_make *make)
{
	return vector(call, make, false);
}

/* --- Sockets -------------------------------------------------------------- */

/* Its pages are the kernel's until it says that it has sent them; who is told
 * so sends them the other way. */
static bool keeps_pages(long flags)
{
	return flags & MSG_ZEROCOPY;
}

long pcn_buffers_sendto(struct pcn_call *call, pcn_make *make)
{
	struct pcn_bounce b;
	long result = 0;

	if (keeps_pages(call->a[3]))
		return -ENOBUFS;
	pcn_bounce_begin(&b, call->native);
	pcn_bounce_in(&b, &call->a[4], (uint32_t)call->a[5]);
	if (!b.err)
		result =
			transfer_one(&b, call, make, UINT64_MAX, SOCKET, false);
	return pcn_bounce_end(&b, result);
}

long pcn_buffers_recvfrom(struct pcn_call *call, pcn_make *make)
{
	struct pcn_bounce b;
	long result = 0;

	pcn_bounce_begin(&b, call->native);
	if (call->a[4])
		pcn_bounce_length(&b, &call->a[4], &call->a[5]);
	if (!b.err)
		result = transfer_one(&b, call, make, UINT64_MAX, SOCKET, true);
	return pcn_bounce_end(&b, result);
}

/* --- Messages ------------------------------------------------------------- */

struct message { /* struct user_msghdr */
	int64_t name;
	uint32_t name_size, pad;
	int64_t parts;
	uint64_t part_count;
	int64_t control;
	uint64_t control_size;
	uint32_t flags, pad2;
};

struct one_of_many { /* struct mmsghdr */
	struct message message;
	uint32_t size, pad;
};

/* The program's message, and the kernel's. */
struct carried {
	struct message asked;
	struct parts parts;
	struct part one;
	uint8_t *name, *control;
	uint64_t size; /* of the data that there is room for */
};

static void *take(struct pcn_bounce *b, int64_t *pointer, uint64_t size)
{
	void *copy = *pointer && size ? pcn_bounce_take(b, size) : NULL;

	if (copy)
		*pointer = (int64_t)copy;
	return copy;
}

static void bring_bytes(struct pcn_bounce *b, void *copy, int64_t from,
			uint64_t size)
{
	if (!copy)
		return;
	if (pcn_bounce_mapped((uint64_t)from, size, false) < size)
		b->err = -EFAULT;
	else
		memcpy(copy, (void *)from, size);
}

/* *m: the program's, becomes the kernel's.  Half of the room is for data. */
static void message_in(struct pcn_bounce *b, struct message *m,
		       struct carried *c, bool out)
{
	uint8_t *data;

	c->asked = *m;
	if ((int32_t)m->name_size < 0) {
		b->err = -EINVAL;
		return;
	}
	if (m->name_size > NAME_MAX)
		m->name_size = NAME_MAX;
	if (m->control_size > CONTROL_MAX) {
		if (!out)
			b->err = -ENOBUFS;
		m->control_size = CONTROL_MAX;
	}
	parts_in(b, &c->parts, m->parts, m->part_count);
	c->name = take(b, &m->name, m->name_size);
	c->control = take(b, &m->control, m->control_size);
	c->size = c->parts.total;
	if (c->size > pcn_bounce_room(b) / 2)
		c->size = PCN_ALIGN_DOWN(pcn_bounce_room(b) / 2, 64);
	data = b->err ? NULL : pcn_bounce_take(b, c->size);
	if (b->err)
		return;
	c->one = (struct part){(uint64_t)data, c->size};
	m->parts = (int64_t)&c->one;
	m->part_count = c->parts.count ? 1 : 0;
	if (out) {
		if (!is_writable(&c->parts))
			b->err = -EFAULT;
		return;
	}
	bring_bytes(b, c->name, c->asked.name, m->name_size);
	bring_bytes(b, c->control, c->asked.control, m->control_size);
	if (!b->err && move(&c->parts, 0, c->size, data, false) < c->size)
		b->err = -EFAULT;
}

static bool put(int64_t to, const void *from, uint64_t size)
{
	if (from && pcn_bounce_mapped((uint64_t)to, size, true) < size)
		return false;
	if (from)
		memcpy((void *)to, from, size);
	return true;
}

/* What has been received, to where the program wants it; m becomes what the
 * program's header is to be. */
static int message_out(struct message *m, const struct carried *c,
		       uint64_t size)
{
	uint64_t name = m->name_size < c->asked.name_size ? m->name_size
							  : c->asked.name_size;

	if (size > c->size)
		size = c->size;
	if (move(&c->parts, 0, size, (uint8_t *)c->one.start, true) < size ||
	    !put(c->asked.name, c->name, name > NAME_MAX ? NAME_MAX : name) ||
	    !put(c->asked.control, c->control, m->control_size))
		return -EFAULT;
	m->name = c->asked.name;
	m->parts = c->asked.parts;
	m->part_count = c->asked.part_count;
	m->control = c->asked.control;
	return 0;
}

/* The message's copy, its header's and what is carried, or NULL. */
static struct message *begin(struct pcn_bounce *b, struct pcn_call *call,
			     struct carried *c, bool out)
{
	struct message *m;

	pcn_bounce_begin(b, call->native);
	m = pcn_bounce_take(b, sizeof *m);
	bring_bytes(b, m, call->a[1], sizeof *m);
	if (!b->err)
		message_in(b, m, c, out);
	call->a[1] = (long)m;
	return b->err ? NULL : m;
}

/* The rest of a stream's message. */
static long send_rest(struct pcn_call *call, pcn_make *make, struct message *m,
		      const struct carried *c)
{
	uint64_t done = c->size;
	struct part *one = (struct part *)m->parts;

	m->name = m->control = 0;
	m->name_size = 0;
	m->control_size = 0;
	while (done < c->parts.total) {
		uint64_t n = c->parts.total - done;
		long result;

		if (n > c->size)
			n = c->size;
		if (move(&c->parts, done, n, (uint8_t *)one->start, false) < n)
			break;
		one->size = n;
		result = make(call);
		if (result <= 0)
			break;
		done += (uint64_t)result;
		if ((uint64_t)result < n)
			break;
	}
	return (long)done;
}

long pcn_buffers_sendmsg(struct pcn_call *call, pcn_make *make)
{
	struct pcn_bounce b;
	struct carried c;
	struct message *m;
	long result = 0;

	if (keeps_pages(call->a[2]))
		return -ENOBUFS;
	m = begin(&b, call, &c, false);
	if (m && c.size < c.parts.total && is_message(call->a[0]))
		b.err = -EMSGSIZE;
	if (!b.err)
		result = make(call);
	if (!b.err && result == (long)c.size && c.size < c.parts.total)
		result = send_rest(call, make, m, &c);
	return pcn_bounce_end(&b, result);
}

long pcn_buffers_recvmsg(struct pcn_call *call, pcn_make *make)
{
	int64_t to = call->a[1];
	struct pcn_bounce b;
	struct carried c;
	struct message *m = begin(&b, call, &c, true);
	long result = 0;

	if (m)
		result = make(call);
	if (m && result >= 0) {
		b.err = message_out(m, &c, (uint64_t)result);
		if (!b.err && !put(to, m, sizeof *m))
			b.err = -EFAULT;
	}
	return pcn_bounce_end(&b, result);
}

/* As many as there is room for: fewer than asked for are no error. */
static long many(struct pcn_call *call, pcn_make *make, bool out)
{
	uint64_t count = (uint32_t)call->a[2], brought = 0;
	int64_t to = call->a[1];
	struct one_of_many *list;
	struct carried *carried;
	struct pcn_bounce b;
	long result = 0;

	if (count > PARTS_MAX)
		count = PARTS_MAX;
	pcn_bounce_begin(&b, call->native);
	list = pcn_bounce_take(&b, count * sizeof *list);
	carried = pcn_bounce_take(&b, count * sizeof *carried);
	bring_bytes(&b, list, to, count * sizeof *list);
	while (brought < count && !b.err) {
		message_in(&b, &list[brought].message, &carried[brought], out);
		if (!b.err &&
		    carried[brought].size < carried[brought].parts.total) {
			if (!out && is_message(call->a[0]))
				b.err = -EMSGSIZE;
			brought += !b.err;
			break;
		}
		brought += !b.err;
	}
	if (brought)
		b.err = 0;
	if (out) /* its timeout, of which the rest comes back */
		pcn_bounce_inout(&b, &call->a[4], 16, false);
	call->a[1] = (long)list;
	call->a[2] = (long)brought;
	if (!b.err)
		result = make(call);
	for (long i = 0; i < result && !b.err; i++) {
		struct one_of_many *one = &list[i];

		if (out)
			b.err = message_out(&one->message, &carried[i],
					    one->size);
		else
			one->message = carried[i].asked;
		if (!b.err &&
		    !put(to + i * (long)sizeof *one, one, sizeof *one))
			b.err = -EFAULT;
	}
	return pcn_bounce_end(&b, result);
}

long pcn_buffers_sendmmsg(struct pcn_call *call, pcn_make *make)
{
	return keeps_pages(call->a[3]) ? -ENOBUFS : many(call, make, false);
}

long pcn_buffers_recvmmsg(struct pcn_call *call, pcn_make *make)
{
	return many(call, make, true);
}
