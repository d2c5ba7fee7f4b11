/* The origin's and the guest's ends of the standard streams, as descriptors. */
#define _GNU_SOURCE
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_STEP 4096u /* a pipe that can be written to takes as much */

void stream_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void stream_end(struct stream *s)
{
	if (s->fd != s->original)
		stream_close_fd(&s->fd);
	s->fd = -1;
	stream_close_fd(&s->original);
	queue_discard(&s->queue);
	*s = (struct stream){.fd = -1, .original = -1};
}

void stream_remember(struct stream *s, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return;
	s->device = st.st_dev;
	s->inode = st.st_ino;
}

bool stream_is_pipe(const struct stream *s, int fd)
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

/* What is still in the pipe whose copy fd is; the program does not run. */
bool stream_read_rest(int fd, struct queue *rest)
{
	int again = open_again(fd, O_RDONLY);
	uint8_t bytes[4096];
	bool good = again != fd;
	ssize_t n;

	while (good && (n = read(again, bytes, sizeof(bytes))) > 0)
		good = queue_add(rest, bytes, (size_t)n);
	if (again != fd)
		close(again);
	return good;
}

void stream_adopt(struct stream *s, int fd, bool reads)
{
	struct stat st;

	stream_end(s);
	s->original = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (s->original < 0)
		return;
	s->fd = open_again(s->original, reads ? O_RDONLY : O_WRONLY);
	s->socket = !fstat(fd, &st) && S_ISSOCK(st.st_mode);
}

static bool is_ours(int fd)
{
	pid_t job = tcgetpgrp(fd);

	return job < 0 || job == getpgrp();
}

ssize_t stream_read(struct stream *s, void *to, size_t size, bool *not_ours)
{
	struct pollfd p = {.fd = s->fd, .events = POLLIN};
	ssize_t n;

	*not_ours = false;
	if (s->socket)
		n = recv(s->fd, to, size, MSG_DONTWAIT);
	else if (poll(&p, 1, 0) < 1)
		return -EAGAIN;
	else if (isatty(s->fd) && !is_ours(s->fd))
		n = -1, errno = EIO;
	else
		n = read(s->fd, to, size);
	if (n < 0 && errno == EIO && isatty(s->fd)) {
		*not_ours = true;
		return -EAGAIN;
	}
	return n < 0 ? -errno : n;
}

ssize_t stream_write(int fd, bool socket, const struct queue *b)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	size_t size = queue_size(b);
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
