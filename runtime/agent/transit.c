#define _GNU_SOURCE
#include "transit.h"
#include "late.h"
#include "packet.h"
#include "relay.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "the program's state"

void transit_init(struct transit *t, struct late *late)
{
	t->late = late;
	t->active = t->complete = false;
	t->socket = t->file = t->saved.fd = -1;
	t->fd_count = 0;
	t->head = (struct wire_state){0};
}

void transit_end(struct transit *t)
{
	if (t->complete)
		saved_close(&t->saved);
	if (t->socket >= 0)
		close(t->socket);
	if (t->file >= 0)
		close(t->file);
	for (uint32_t i = 0; i < t->fd_count; i++)
		close(t->fds[i].fd);
	if (!t->late->process)
		late_end(t->late);
	transit_init(t, t->late);
}

/* It is whole: checks it as if it came from a file. */
static int finish(struct transit *t, struct error *error)
{
	int err;

	t->complete = true;
	err = saved_open_fd(&t->saved, t->file, NAME, error);
	t->file = -1;
	return err;
}

/* --- From a process of this machine ----------------------------------------
 */

int transit_begin_local(struct transit *t, int *theirs, struct error *error)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return pcn_fail(error, -errno, "socketpair: %s",
				strerror(errno));
	transit_end(t);
	t->active = true;
	t->socket = pair[0];
	*theirs = pair[1];
	return 0;
}

static int take_fds(struct transit *t, struct packet *p, struct error *error)
{
	struct pcn_channel_fd table[PACKET_FDS_MAX];
	uint32_t n = p->fd_count;

	if (!n || n > PACKET_FDS_MAX || p->m.text_size != n * sizeof(*table))
		return pcn_fail(error, -EPROTO, "damaged descriptors");
	if (n > WIRE_FDS_MAX - t->fd_count)
		return pcn_fail(error, -EMFILE,
				"the program has more than %u descriptors",
				WIRE_FDS_MAX);
	memcpy(table, p->text, n * sizeof(*table));
	for (uint32_t i = 0; i < n; i++)
		t->fds[t->fd_count++] =
			(struct transit_fd){table[i].fd, p->fds[i]};
	p->fd_count = 0;
	return 0;
}

static int take(struct transit *t, struct packet *p, struct error *error)
{
	switch (p->m.type) {
	case PCN_MSG_STATE:
		if (p->fd_count != 1 || t->file >= 0)
			return pcn_fail(error, -EPROTO,
					"the program's run time is too old to "
					"leave this machine");
		t->file = p->fds[0];
		p->fd_count = 0;
		return 0;
	case PCN_MSG_FDS:
		return take_fds(t, p, error);
	case PCN_MSG_CWD:
		if (t->file < 0)
			break;
		close(t->socket);
		t->socket = -1;
		return finish(t, error);
	default:
		break;
	}
	return pcn_fail(error, -EPROTO, "a damaged state");
}

int transit_read(struct transit *t, struct error *error)
{
	static struct packet p;
	int err = packet_receive(t->socket, &p);

	if (err == -EAGAIN)
		return 0;
	if (err == -EPIPE) { /* the process says why, or has ended */
		close(t->socket);
		t->socket = -1;
		return 0;
	}
	if (err)
		return pcn_fail(error, err, "cannot receive the state: %s",
				strerror(-err));
	err = take(t, &p, error);
	packet_drop(&p);
	return err;
}

static int fd_of(const struct transit *t, int number)
{
	for (uint32_t i = 0; i < t->fd_count; i++)
		if (t->fds[i].number == number)
			return t->fds[i].fd;
	return -1;
}

static int refuse(const struct saved *s, const struct pcn_stream_descriptor *d,
		  struct error *error)
{
	return pcn_fail(error, -EOPNOTSUPP,
			"the program cannot leave: its descriptor %d (%s %s) "
			"belongs to this machine",
			d->fd, saved_kind_name(d->kind),
			pcn_stream_string(&s->stream, d->path));
}

/* The stream that the lower number, whose open file it shares, is. */
static int twin_stream(const struct transit *t, int number)
{
	for (uint32_t i = 0; i < t->head.descriptor_count; i++)
		if (t->descriptors[i].fd == number &&
		    t->descriptors[i].stream < WIRE_STREAMS)
			return (int)t->descriptors[i].stream;
	return -1;
}

int transit_describe(struct transit *t, const struct relay *relay,
		     struct error *error)
{
	const struct saved *s = &t->saved;

	t->head.size = s->size;
	t->head.descriptor_count = 0;
	if (s->stream.descriptor_count > WIRE_FDS_MAX)
		return pcn_fail(error, -EMFILE,
				"the program has more than %u descriptors",
				WIRE_FDS_MAX);
	for (uint32_t i = 0; i < s->stream.descriptor_count; i++) {
		const struct pcn_stream_descriptor *d =
			&s->stream.descriptors[i];
		struct wire_descriptor *w =
			&t->descriptors[t->head.descriptor_count];
		int fd = fd_of(t, d->fd), stream;
		struct stat st;

		if (fd < 0)
			return pcn_fail(error, -EPROTO,
					"descriptor %d did not arrive", d->fd);
		stream = relay_stream_of(relay, d, fd);
		if (stream < 0 && d->same_as >= 0)
			stream = twin_stream(t, d->same_as);
		if (stream >= 0) {
			*w = (struct wire_descriptor){d->fd, (uint32_t)stream,
						      0};
		} else if (!saved_can_travel(s, d)) {
			return refuse(s, d, error);
		} else if (d->kind == PCN_FD_FILE && d->same_as < 0 &&
			   !fstat(fd, &st)) {
			*w = (struct wire_descriptor){d->fd, WIRE_NO_STREAM,
						      (uint64_t)st.st_size};
		} else {
			continue;
		}
		t->head.descriptor_count++;
	}
	return 0;
}

/* --- From a link ------------------------------------------------------------
 */

int transit_begin_link(struct transit *t, const struct pcn_frame *f,
		       struct pcn_link *link, struct error *error)
{
	int err;

	transit_end(t);
	err = wire_read_state(&t->head, t->descriptors, f, error);
	if (err)
		return err;
	t->active = true;
	return late_begin(t->late, &t->head, link, error);
}

int transit_memory(struct transit *t, const struct pcn_frame *f,
		   struct error *error)
{
	int n = t->active && !t->complete
			? late_take(t->late, f, error)
			: pcn_fail(error, -EPROTO, "memory of no state");

	if (n <= 0)
		return n;
	t->file = late_file(t->late);
	return finish(t, error);
}

int transit_hand_over(struct transit *t, struct relay *relay, int transfer,
		      struct error *error)
{
	static struct saved_given given[WIRE_FDS_MAX];
	struct saved *s = &t->saved;

	for (uint32_t i = 0; i < t->head.descriptor_count; i++) {
		const struct wire_descriptor *w = &t->descriptors[i];

		given[i] = (struct saved_given){w->fd, -1, w->size};
		if (w->stream == WIRE_NO_STREAM)
			continue;
		given[i].fd = relay_descriptor(relay, (int)w->stream);
		if (given[i].fd < 0)
			return pcn_fail(error, given[i].fd,
					"descriptor %d has no origin", w->fd);
	}
	s->given = given;
	s->given_count = t->head.descriptor_count;
	s->is_late = !late_is_whole(t->late);
	return saved_reopen(s, false, error) ?: saved_send(s, transfer, error);
}
