#define _GNU_SOURCE
#include "relay.h"
#include "clock.h"
#include "transit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define RETRY_NS  200000000u
#define PUMP_STEP 4096u

/* --- Streams ----------------------------------------------------------------
 */

static bool sends(const struct relay *r, int stream)
{
	return r->guest == (stream != 0);
}

void relay_init(struct relay *r, bool guest)
{
	memset(r, 0, sizeof(*r));
	r->guest = guest;
	r->pump = r->pump_end = -1;
	for (unsigned i = 0; i < WIRE_STREAMS; i++)
		r->streams[i].fd = r->streams[i].original = -1;
}

void relay_end(struct relay *r)
{
	for (unsigned i = 0; i < WIRE_STREAMS; i++)
		stream_end(&r->streams[i]);
	queue_discard(&r->back);
	stream_close_fd(&r->pump);
	stream_close_fd(&r->pump_end);
}

int relay_stream_of(const struct relay *r,
		    const struct pcn_stream_descriptor *d, int fd)
{
	uint32_t access = d->flags & O_ACCMODE;
	struct stat st;

	for (int i = 0; i < (int)WIRE_STREAMS; i++)
		if (stream_is_pipe(&r->streams[i], fd))
			return i;
	if (r->guest || d->fd < 0 || d->fd >= (int)WIRE_STREAMS)
		return -1;
	if (access != O_RDWR &&
	    access != (d->fd ? (uint32_t)O_WRONLY : (uint32_t)O_RDONLY))
		return -1;
	if (fstat(fd, &st))
		return -1;
	return S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode) ||
			       S_ISCHR(st.st_mode) || S_ISSOCK(st.st_mode)
		       ? d->fd
		       : -1;
}

/* --- Origin ------------------------------------------------------------------
 */

static bool is_regular(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode);
}

static int make_pump(struct relay *r)
{
	int ends[2];

	if (r->pump >= 0)
		return r->pump_end;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	r->pump = ends[1];
	r->pump_end = ends[0];
	stream_remember(&r->streams[0], ends[0]);
	return r->pump_end;
}

static int make_pipe(struct relay *r, int stream)
{
	struct stream *s = &r->streams[stream];
	int ends[2];

	if (s->original >= 0)
		return s->original;
	if (s->fd >= 0 || pipe2(ends, O_CLOEXEC))
		return -EBADF;
	s->fd = ends[stream == 0];
	s->original = ends[stream != 0];
	fcntl(s->fd, F_SETFL, O_NONBLOCK);
	stream_remember(s, s->fd);
	return s->original;
}

int relay_descriptor(struct relay *r, int stream)
{
	struct stream *s = &r->streams[stream];

	if (r->guest)
		return make_pipe(r, stream);
	if (s->original < 0)
		return -EBADF;
	if (!stream && (queue_size(&s->queue) || queue_size(&r->back)) &&
	    !is_regular(s->original))
		return make_pump(r);
	return s->original;
}

static void end_pump(struct relay *r)
{
	stream_close_fd(&r->pump);
	stream_close_fd(&r->pump_end);
	r->streams[0].inode = 0;
}

static int find_stream(const struct transit *t, uint32_t stream)
{
	for (uint32_t i = 0; i < t->head.descriptor_count; i++) {
		if (t->descriptors[i].stream != stream)
			continue;
		for (uint32_t k = 0; k < t->fd_count; k++)
			if (t->fds[k].number == t->descriptors[i].fd)
				return t->fds[k].fd;
	}
	return -1;
}

void relay_leave(struct relay *r, const struct transit *t,
		 struct pcn_link *link)
{
	struct queue rest = {0};

	for (uint32_t i = 0; i < WIRE_STREAMS; i++) {
		struct stream *s = &r->streams[i];
		int fd = find_stream(t, i);

		if (fd < 0) {
			stream_end(s);
		} else if (!i && stream_is_pipe(s, fd)) {
			if (stream_read_rest(fd, &rest))
				queue_prepend(&s->queue, &rest);
			queue_discard(&rest);
		} else {
			stream_adopt(s, fd, sends(r, (int)i));
		}
	}
	end_pump(r);
	relay_go_on(r, link);
}

void relay_go_on(struct relay *r, struct pcn_link *link)
{
	struct stream *in = &r->streams[0];

	queue_prepend(&in->queue, &r->back);
	for (uint32_t i = 0; i < WIRE_STREAMS; i++) {
		r->streams[i].credit = WIRE_WINDOW;
		r->streams[i].ended = false;
	}
	r->paused = r->draining = false;
	r->rewound = 0;
	r->link = link;
	if (link)
		return;
	/* At home the program has them: what we kept open, nobody would see
	 * close. */
	stream_close_fd(&r->pump_end);
	for (uint32_t i = r->pump >= 0; i < WIRE_STREAMS; i++)
		stream_end(&r->streams[i]);
}

bool relay_is_idle(const struct relay *r)
{
	for (uint32_t i = 1; i < WIRE_STREAMS; i++)
		if (queue_size(&r->streams[i].queue))
			return false;
	return true;
}

void relay_pause(struct relay *r)
{
	r->paused = true;
}

void relay_rewind(struct relay *r)
{
	struct stream *in = &r->streams[0];
	off_t n = (off_t)(queue_size(&in->queue) + queue_size(&r->back));

	if (!r->link || in->original < 0 || !is_regular(in->original))
		return;
	if (lseek(in->original, -n, SEEK_CUR) >= 0)
		r->rewound = n;
}

void relay_resume(struct relay *r)
{
	if (r->link && r->paused && !r->guest) {
		queue_discard(&r->back); /* the guest has it still */
		end_pump(r);
		if (r->rewound)
			lseek(r->streams[0].original, r->rewound, SEEK_CUR);
		r->rewound = 0;
	}
	r->paused = r->draining = false;
}

/* --- Guest -------------------------------------------------------------------
 */

void relay_begin(struct relay *r, struct pcn_link *link)
{
	r->link = link;
	for (uint32_t i = 0; i < WIRE_STREAMS; i++) {
		stream_close_fd(&r->streams[i].original);
		r->streams[i].credit = WIRE_WINDOW;
	}
}

static void send_stream(struct relay *r, uint32_t stream);

bool relay_drain(struct relay *r)
{
	r->draining = true;
	for (uint32_t i = 1; i < WIRE_STREAMS; i++) {
		struct pollfd p = {.fd = r->streams[i].fd, .events = POLLIN};

		send_stream(r, i);
		if (r->streams[i].fd >= 0 && !r->streams[i].ended &&
		    poll(&p, 1, 0) > 0 && p.revents & POLLIN)
			return false;
	}
	return true;
}

int relay_give_back(struct relay *r, const struct transit *t,
		    struct error *error)
{
	struct stream *in = &r->streams[0];
	struct queue rest = {0};
	int fd = find_stream(t, 0);

	/* We keep it, for a program that goes on here after all. */
	if (fd >= 0 && (!stream_read_rest(fd, &rest) ||
			!queue_prepend(&in->queue, &rest))) {
		queue_discard(&rest);
		return pcn_fail(error, -ENOMEM, "too much unread input");
	}
	for (size_t at = in->queue.start; at < in->queue.end;) {
		size_t n = in->queue.end - at;

		if (n > WIRE_CHUNK)
			n = WIRE_CHUNK;
		if (wire_send(r->link, WIRE_BACK, in->queue.bytes + at, n, NULL,
			      0))
			return pcn_fail(error, -EAGAIN,
					"the link takes no more");
		at += n;
	}
	return 0;
}

/* --- Moving bytes ------------------------------------------------------------
 */

static ssize_t read_input(struct relay *r, struct stream *s, void *to,
			  size_t size)
{
	bool not_ours;
	ssize_t n = stream_read(s, to, size, &not_ours);

	r->retry_ns = not_ours ? pcn_now_ns() + RETRY_NS : 0;
	return n;
}

static bool may_send(const struct relay *r, uint32_t stream)
{
	const struct stream *s = &r->streams[stream];

	return r->link && s->fd >= 0 && !s->ended &&
	       (stream || (!r->paused && pcn_now_ns() >= r->retry_ns)) &&
	       (s->credit || r->draining) &&
	       pcn_link_room(r->link) > WIRE_RESERVE;
}

static void send_stream(struct relay *r, uint32_t stream)
{
	struct stream *s = &r->streams[stream];
	uint8_t bytes[WIRE_CHUNK];

	while (may_send(r, stream)) {
		size_t room = r->draining || s->credit > sizeof(bytes)
				      ? sizeof(bytes)
				      : s->credit;
		const void *from = bytes;
		ssize_t n;

		if (queue_size(&s->queue)) {
			n = (ssize_t)(queue_size(&s->queue) < room
					      ? queue_size(&s->queue)
					      : room);
			from = s->queue.bytes + s->queue.start;
		} else {
			n = read_input(r, s, bytes, room);
		}
		if (n == -EAGAIN || n == -EINTR)
			return;
		if (n <= 0) {
			s->ended = true;
			wire_send_number(r->link, WIRE_END, stream, NULL, 0);
			return;
		}
		wire_send_number(r->link, WIRE_BYTES, stream, from, (size_t)n);
		if (queue_size(&s->queue))
			queue_consume(&s->queue, (size_t)n);
		s->credit -= (size_t)n < s->credit ? (uint32_t)n : s->credit;
	}
}

/* The bytes of one stream, to where they go. */
static void receive_stream(struct relay *r, uint32_t stream)
{
	struct stream *s = &r->streams[stream];

	if (r->guest && r->paused) /* the input goes back with the program */
		return;
	while (s->fd >= 0 && queue_size(&s->queue)) {
		ssize_t n = stream_write(s->fd, s->socket, &s->queue);

		if (n == -EAGAIN || n == -EINTR)
			return;
		if (n < 0) { /* nobody reads any more */
			stream_end(s);
			if (r->link)
				wire_send_number(r->link, WIRE_END, stream,
						 NULL, 0);
			return;
		}
		queue_consume(&s->queue, (size_t)n);
		if (r->link)
			wire_send_number(r->link, WIRE_CREDIT, stream,
					 &(uint32_t){(uint32_t)n},
					 sizeof(uint32_t));
	}
	if (s->ended && s->fd >= 0 && !queue_size(&s->queue)) {
		if (r->guest)
			stream_close_fd(&s->fd);
		else
			stream_end(s);
	}
}

/* At home: what came back, then what there is, through a pipe. */
static void pump(struct relay *r)
{
	struct stream *in = &r->streams[0];
	uint8_t bytes[PUMP_STEP];
	ssize_t n = 1;

	while (r->pump >= 0 && n > 0) {
		if (queue_size(&in->queue)) {
			n = stream_write(r->pump, false, &in->queue);
			if (n > 0)
				queue_consume(&in->queue, (size_t)n);
		} else if (pcn_now_ns() < r->retry_ns) {
			return;
		} else {
			n = read_input(r, in, bytes, sizeof(bytes));
			if (n > 0)
				queue_add(&in->queue, bytes, (size_t)n);
		}
		if (n == -EAGAIN || n == -EINTR || n > 0)
			continue;
		stream_close_fd(&r->pump);
		stream_end(in);
	}
}

int relay_poll(const struct relay *r, struct pollfd p[WIRE_STREAMS + 1])
{
	int n = 0;

	for (uint32_t i = 0; i < WIRE_STREAMS; i++) {
		const struct stream *s = &r->streams[i];

		if (sends(r, (int)i) ? may_send(r, i) && !queue_size(&s->queue)
				     : s->fd >= 0 && queue_size(&s->queue))
			p[n++] = (struct pollfd){
				s->fd, sends(r, (int)i) ? POLLIN : POLLOUT, 0};
	}
	if (r->pump >= 0 && !r->link) {
		bool full = queue_size(&r->streams[0].queue);

		if (full || pcn_now_ns() >= r->retry_ns)
			p[n++] = (struct pollfd){full ? r->pump
						      : r->streams[0].fd,
						 full ? POLLOUT : POLLIN, 0};
	}
	return n;
}

void relay_work(struct relay *r)
{
	for (uint32_t i = 0; i < WIRE_STREAMS; i++)
		if (sends(r, (int)i))
			send_stream(r, i);
		else
			receive_stream(r, i);
	if (!r->link)
		pump(r);
}

/* --- Frames ------------------------------------------------------------------
 */

static int too_much(struct error *error)
{
	return pcn_fail(error, -EPROTO,
			"the other side sends more than it may");
}

static int take_bytes(struct relay *r, uint32_t stream, const uint8_t *bytes,
		      uint32_t size, struct error *error)
{
	struct stream *s = &r->streams[stream];

	if (sends(r, (int)stream))
		return too_much(error);
	if (s->fd < 0) /* it has heard, or will hear, that nobody reads */
		return 0;
	if (!queue_add(&s->queue, bytes, size))
		return too_much(error);
	receive_stream(r, stream);
	return 0;
}

static int take_credit(struct relay *r, uint32_t stream, const uint8_t *bytes,
		       uint32_t size, struct error *error)
{
	struct stream *s = &r->streams[stream];
	uint32_t credit;

	if (size != sizeof(credit) || !sends(r, (int)stream))
		return too_much(error);
	memcpy(&credit, bytes, sizeof(credit));
	/* What went without credit comes back as some. */
	s->credit += credit < WIRE_WINDOW - s->credit ? credit
						      : WIRE_WINDOW - s->credit;
	return 0;
}

static void take_end(struct relay *r, uint32_t stream)
{
	struct stream *s = &r->streams[stream];

	s->ended = true;
	if (sends(r, (int)stream)) {
		if (r->guest)
			stream_close_fd(
				&s->fd); /* the program's next write fails */
		return;
	}
	receive_stream(r, stream);
}

int relay_frame(struct relay *r, const struct pcn_frame *f, struct error *error)
{
	const uint8_t *rest;
	uint32_t stream, size;
	int err;

	if (f->type == WIRE_BACK)
		return !r->guest && queue_add(&r->back, f->data, f->size)
			       ? 0
			       : too_much(error);
	err = wire_read_number(&stream, &rest, &size, f, error);
	if (err)
		return err;
	if (stream >= WIRE_STREAMS)
		return too_much(error);
	if (f->type == WIRE_BYTES)
		return take_bytes(r, stream, rest, size, error);
	if (f->type == WIRE_CREDIT)
		return take_credit(r, stream, rest, size, error);
	take_end(r, stream);
	return 0;
}
