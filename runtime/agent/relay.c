#define _GNU_SOURCE
#include "relay.h"
#include "transit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Credit, and what a pipe can hold beside it when it is drained. */
#define QUEUE_MAX (WIRE_WINDOW + (1u << 20))
#define RETRY_NS  200000000u
#define PIPE_STEP 4096u /* a pipe that can be written to takes as much */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* --- Bytes that wait ---------------------------------------------------------
 */

static size_t waiting(const struct relay_bytes *b)
{
	return b->end - b->start;
}

static bool append(struct relay_bytes *b, const void *from, size_t size)
{
	if (size > QUEUE_MAX - waiting(b))
		return false;
	if (size > b->room - b->end) {
		size_t used = waiting(b), room = b->room ? b->room : WIRE_CHUNK;
		uint8_t *bytes;

		while (room - used < size)
			room *= 2;
		bytes = malloc(room);
		if (!bytes)
			return false;
		if (used)
			memcpy(bytes, b->bytes + b->start, used);
		free(b->bytes);
		*b = (struct relay_bytes){bytes, 0, used, room};
	}
	if (size)
		memcpy(b->bytes + b->end, from, size);
	b->end += size;
	return true;
}

static void consume(struct relay_bytes *b, size_t size)
{
	b->start += size;
	if (b->start == b->end)
		b->start = b->end = 0;
}

static void discard(struct relay_bytes *b)
{
	free(b->bytes);
	*b = (struct relay_bytes){0};
}

/* first, then what b held. */
static bool prepend(struct relay_bytes *b, struct relay_bytes *first)
{
	if (waiting(b) && !append(first, b->bytes + b->start, waiting(b)))
		return false;
	discard(b);
	*b = *first;
	*first = (struct relay_bytes){0};
	return true;
}

/* --- Streams ----------------------------------------------------------------
 */

static bool sends(const struct relay *r, int stream)
{
	return r->guest == (stream != 0);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void stream_end(struct relay_stream *s)
{
	if (s->fd != s->original)
		close_fd(&s->fd);
	s->fd = -1;
	close_fd(&s->original);
	discard(&s->queue);
	*s = (struct relay_stream){.fd = -1, .original = -1};
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
	discard(&r->back);
	close_fd(&r->pump);
	close_fd(&r->pump_end);
}

static void remember(struct relay_stream *s, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return;
	s->device = st.st_dev;
	s->inode = st.st_ino;
}

static bool is_pipe_of(const struct relay_stream *s, int fd)
{
	struct stat st;

	return s->inode && !fstat(fd, &st) && S_ISFIFO(st.st_mode) &&
	       st.st_dev == s->device && st.st_ino == s->inode;
}

/* Opened again, a pipe or terminal need not block us, and the other users of
 * the same open file do not notice. */
static int open_again(int fd, int flags)
{
	char path[32];
	struct stat st;

	if (fstat(fd, &st) || (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode)))
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	flags = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	return flags >= 0 ? flags : fd;
}

int relay_stream_of(const struct relay *r,
		    const struct pcn_stream_descriptor *d, int fd)
{
	uint32_t access = d->flags & O_ACCMODE;
	struct stat st;

	for (int i = 0; i < (int)WIRE_STREAMS; i++)
		if (is_pipe_of(&r->streams[i], fd))
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
	remember(&r->streams[0], ends[0]);
	return r->pump_end;
}

static int make_pipe(struct relay *r, int stream)
{
	struct relay_stream *s = &r->streams[stream];
	int ends[2];

	if (s->original >= 0)
		return s->original;
	if (s->fd >= 0 || pipe2(ends, O_CLOEXEC))
		return -EBADF;
	s->fd = ends[stream == 0];
	s->original = ends[stream != 0];
	fcntl(s->fd, F_SETFL, O_NONBLOCK);
	remember(s, s->fd);
	return s->original;
}

int relay_descriptor(struct relay *r, int stream)
{
	struct relay_stream *s = &r->streams[stream];

	if (r->guest)
		return make_pipe(r, stream);
	if (s->original < 0)
		return -EBADF;
	if (!stream && (waiting(&s->queue) || waiting(&r->back)) &&
	    !is_regular(s->original))
		return make_pump(r);
	return s->original;
}

/* What is still in the pipe whose copy fd is; the program does not run. */
static bool read_rest(int fd, struct relay_bytes *rest)
{
	int again = open_again(fd, O_RDONLY);
	uint8_t bytes[4096];
	bool good = again != fd;
	ssize_t n;

	while (good && (n = read(again, bytes, sizeof(bytes))) > 0)
		good = append(rest, bytes, (size_t)n);
	if (again != fd)
		close(again);
	return good;
}

static void end_pump(struct relay *r)
{
	close_fd(&r->pump);
	close_fd(&r->pump_end);
	r->streams[0].inode = 0;
}

static void adopt(struct relay_stream *s, int fd, bool reads)
{
	struct stat st;

	stream_end(s);
	s->original = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (s->original < 0)
		return;
	s->fd = open_again(s->original, reads ? O_RDONLY : O_WRONLY);
	s->socket = !fstat(fd, &st) && S_ISSOCK(st.st_mode);
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
	struct relay_bytes rest = {0};

	for (uint32_t i = 0; i < WIRE_STREAMS; i++) {
		struct relay_stream *s = &r->streams[i];
		int fd = find_stream(t, i);

		if (fd < 0) {
			stream_end(s);
		} else if (!i && is_pipe_of(s, fd)) {
			if (read_rest(fd, &rest))
				prepend(&s->queue, &rest);
			discard(&rest);
		} else {
			adopt(s, fd, sends(r, (int)i));
		}
	}
	end_pump(r);
	relay_go_on(r, link);
}

void relay_go_on(struct relay *r, struct pcn_link *link)
{
	struct relay_stream *in = &r->streams[0];

	prepend(&in->queue, &r->back);
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
	close_fd(&r->pump_end);
	for (uint32_t i = r->pump >= 0; i < WIRE_STREAMS; i++)
		stream_end(&r->streams[i]);
}

bool relay_is_idle(const struct relay *r)
{
	for (uint32_t i = 1; i < WIRE_STREAMS; i++)
		if (waiting(&r->streams[i].queue))
			return false;
	return true;
}

void relay_pause(struct relay *r)
{
	r->paused = true;
}

void relay_rewind(struct relay *r)
{
	struct relay_stream *in = &r->streams[0];
	off_t n = (off_t)(waiting(&in->queue) + waiting(&r->back));

	if (!r->link || in->original < 0 || !is_regular(in->original))
		return;
	if (lseek(in->original, -n, SEEK_CUR) >= 0)
		r->rewound = n;
}

void relay_resume(struct relay *r)
{
	if (r->link && r->paused && !r->guest) {
		discard(&r->back); /* the guest has it still */
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
		close_fd(&r->streams[i].original);
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
	struct relay_stream *in = &r->streams[0];
	struct relay_bytes rest = {0};
	int fd = find_stream(t, 0);

	/* We keep it, for a program that goes on here after all. */
	if (fd >= 0 && (!read_rest(fd, &rest) || !prepend(&in->queue, &rest))) {
		discard(&rest);
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

static bool is_ours(int fd)
{
	pid_t job = tcgetpgrp(fd);

	return job < 0 || job == getpgrp();
}

static ssize_t read_some(struct relay *r, struct relay_stream *s, void *to,
			 size_t size)
{
	struct pollfd p = {.fd = s->fd, .events = POLLIN};
	ssize_t n;

	if (s->socket)
		n = recv(s->fd, to, size, MSG_DONTWAIT);
	else if (poll(&p, 1, 0) < 1)
		return -EAGAIN;
	else if (isatty(s->fd) && !is_ours(s->fd))
		n = -1, errno = EIO;
	else
		n = read(s->fd, to, size);
	if (n < 0 && errno == EIO && isatty(s->fd)) {
		r->retry_ns = now_ns() + RETRY_NS;
		return -EAGAIN;
	}
	r->retry_ns = 0;
	return n < 0 ? -errno : n;
}

static bool may_send(const struct relay *r, uint32_t stream)
{
	const struct relay_stream *s = &r->streams[stream];

	return r->link && s->fd >= 0 && !s->ended &&
	       (stream || (!r->paused && now_ns() >= r->retry_ns)) &&
	       (s->credit || r->draining) &&
	       pcn_link_room(r->link) > WIRE_RESERVE;
}

static void send_stream(struct relay *r, uint32_t stream)
{
	struct relay_stream *s = &r->streams[stream];
	uint8_t bytes[WIRE_CHUNK];

	while (may_send(r, stream)) {
		size_t room = r->draining || s->credit > sizeof(bytes)
				      ? sizeof(bytes)
				      : s->credit;
		const void *from = bytes;
		ssize_t n;

		if (waiting(&s->queue)) {
			n = (ssize_t)(waiting(&s->queue) < room
					      ? waiting(&s->queue)
					      : room);
			from = s->queue.bytes + s->queue.start;
		} else {
			n = read_some(r, s, bytes, room);
		}
		if (n == -EAGAIN || n == -EINTR)
			return;
		if (n <= 0) {
			s->ended = true;
			wire_send_number(r->link, WIRE_END, stream, NULL, 0);
			return;
		}
		wire_send_number(r->link, WIRE_BYTES, stream, from, (size_t)n);
		if (waiting(&s->queue))
			consume(&s->queue, (size_t)n);
		s->credit -= (size_t)n < s->credit ? (uint32_t)n : s->credit;
	}
}

static ssize_t write_some(int fd, bool socket, const struct relay_bytes *b)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	size_t size = waiting(b);
	ssize_t n;

	if (socket) {
		n = send(fd, b->bytes + b->start, size,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
	} else {
		if (poll(&p, 1, 0) < 1)
			return -EAGAIN;
		if (!(fcntl(fd, F_GETFL) & O_NONBLOCK) && size > PIPE_STEP)
			size = PIPE_STEP;
		n = write(fd, b->bytes + b->start, size);
	}
	return n < 0 ? -errno : n;
}

/* The bytes of one stream, to where they go. */
static void receive_stream(struct relay *r, uint32_t stream)
{
	struct relay_stream *s = &r->streams[stream];

	if (r->guest && r->paused) /* the input goes back with the program */
		return;
	while (s->fd >= 0 && waiting(&s->queue)) {
		ssize_t n = write_some(s->fd, s->socket, &s->queue);

		if (n == -EAGAIN || n == -EINTR)
			return;
		if (n < 0) { /* nobody reads any more */
			stream_end(s);
			if (r->link)
				wire_send_number(r->link, WIRE_END, stream,
						 NULL, 0);
			return;
		}
		consume(&s->queue, (size_t)n);
		if (r->link)
			wire_send_number(r->link, WIRE_CREDIT, stream,
					 &(uint32_t){(uint32_t)n},
					 sizeof(uint32_t));
	}
	if (s->ended && s->fd >= 0 && !waiting(&s->queue)) {
		if (r->guest)
			close_fd(&s->fd);
		else
			stream_end(s);
	}
}

/* At home: what came back, then what there is, through a pipe. */
static void pump(struct relay *r)
{
	struct relay_stream *in = &r->streams[0];
	uint8_t bytes[PIPE_STEP];
	ssize_t n = 1;

	while (r->pump >= 0 && n > 0) {
		if (waiting(&in->queue)) {
			n = write_some(r->pump, false, &in->queue);
			if (n > 0)
				consume(&in->queue, (size_t)n);
		} else if (now_ns() < r->retry_ns) {
			return;
		} else {
			n = read_some(r, in, bytes, sizeof(bytes));
			if (n > 0)
				append(&in->queue, bytes, (size_t)n);
		}
		if (n == -EAGAIN || n == -EINTR || n > 0)
			continue;
		close_fd(&r->pump);
		stream_end(in);
	}
}

int relay_poll(const struct relay *r, struct pollfd p[WIRE_STREAMS + 1])
{
	int n = 0;

	for (uint32_t i = 0; i < WIRE_STREAMS; i++) {
		const struct relay_stream *s = &r->streams[i];

		if (sends(r, (int)i) ? may_send(r, i) && !waiting(&s->queue)
				     : s->fd >= 0 && waiting(&s->queue))
			p[n++] = (struct pollfd){
				s->fd, sends(r, (int)i) ? POLLIN : POLLOUT, 0};
	}
	if (r->pump >= 0 && !r->link) {
		bool full = waiting(&r->streams[0].queue);

		if (full || now_ns() >= r->retry_ns)
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
	struct relay_stream *s = &r->streams[stream];

	if (sends(r, (int)stream))
		return too_much(error);
	if (s->fd < 0) /* it has heard, or will hear, that nobody reads */
		return 0;
	if (!append(&s->queue, bytes, size))
		return too_much(error);
	receive_stream(r, stream);
	return 0;
}

static int take_credit(struct relay *r, uint32_t stream, const uint8_t *bytes,
		       uint32_t size, struct error *error)
{
	struct relay_stream *s = &r->streams[stream];
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
	struct relay_stream *s = &r->streams[stream];

	s->ended = true;
	if (sends(r, (int)stream)) {
		if (r->guest)
			close_fd(&s->fd); /* the program's next write fails */
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
		return !r->guest && append(&r->back, f->data, f->size)
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
