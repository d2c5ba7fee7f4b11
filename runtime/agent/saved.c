/* Opens, checks and hands over a saved process from a file. */
#define _GNU_SOURCE
#include "saved.h"
#include "packet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

bool saved_memory(const struct saved *s, uint64_t address, void *to,
		  uint64_t size)
{
	uint8_t *out = to;

	if (!pcn_stream_vma(s->process, address, size) &&
	    !(address >= PCN_STATE_BASE &&
	      address + size <= PCN_STATE_BASE + PCN_STATE_SIZE))
		return false;
	while (size) {
		uint64_t n = PCN_PAGE_SIZE - address % PCN_PAGE_SIZE, offset;

		if (n > size)
			n = size;
		offset = pcn_stream_find(&s->stream, address, n);
		if (offset)
			memcpy(out, (const uint8_t *)s->map + offset, n);
		else
			memset(out, 0, n);
		out += n;
		address += n;
		size -= n;
	}
	return true;
}

const char *saved_path(const struct saved *s, int32_t slot,
		       char path[PCN_PATH_MAX])
{
	if (slot < 0 || (uint32_t)slot >= PCN_PATHS ||
	    !saved_memory(s, PCN_PATHS_BASE + (uint64_t)slot * PCN_PATH_MAX,
			  path, PCN_PATH_MAX) ||
	    !path[0] || path[PCN_PATH_MAX - 1])
		return NULL;
	return path;
}

/* The process's state lies in several segments, zero pages left out. */
static int load_process(struct saved *s, struct error *error)
{
	const struct pcn_stream *t = &s->stream;

	s->process = calloc(1, sizeof(*s->process));
	if (!s->process)
		return pcn_fail(error, -ENOMEM, "out of memory");
	for (uint32_t i = 0; i < t->segment_count; i++) {
		const struct pcn_elf_segment *g = &t->segments[i];
		uint64_t at = g->vaddr - PCN_STATE_BASE, n = g->filesz;

		if (g->vaddr < PCN_STATE_BASE || at >= sizeof(*s->process))
			continue;
		if (n > sizeof(*s->process) - at)
			n = sizeof(*s->process) - at;
		memcpy((uint8_t *)s->process + at,
		       (const uint8_t *)s->map + g->offset, n);
	}
	if (pcn_stream_check_process(&s->stream, s->process))
		return pcn_fail(error, -EINVAL, "%s: %s", s->path,
				s->stream.why);
	return 0;
}

/* Every thread's records: linked both ways, inside mapped memory, as many as
 * the file says.  (That their functions exist is checked against the frames.)
 */
static int check_chain(struct saved *s, uint32_t thread, struct error *error)
{
	const struct pcn_stream_thread *t = &s->stream.threads[thread];
	uint64_t at = t->chain, outer = 0;
	struct pcn_record r;

	for (uint32_t i = 0; i < t->frames; i++) {
		if (at % 8 || !saved_memory(s, at, &r, sizeof(r)) ||
		    (uint64_t)r.outer != outer)
			return pcn_fail(error, -EINVAL,
					"%s: thread %d: its frames are damaged",
					s->path, t->tid);
		outer = at;
		at = (uint64_t)r.inner;
	}
	if (at)
		return pcn_fail(error, -EINVAL,
				"%s: thread %d: its frames do not end", s->path,
				t->tid);
	return 0;
}

/* The file with a zero where its checksum stands. */
static bool is_whole(const struct saved *s)
{
	uint64_t at = pcn_stream_checksum_offset(s->stream.segment_count),
		 page = at & ~(PCN_PAGE_SIZE - 1),
		 behind = page + PCN_PAGE_SIZE;
	const uint8_t *bytes = s->map;
	struct pcn_checksum sum = {{0}};
	uint8_t copy[PCN_PAGE_SIZE];

	if (!s->stream.info->checksum)
		return true;
	if (s->size % PCN_PAGE_SIZE || behind > s->size)
		return false;
	memcpy(copy, bytes + page, sizeof(copy));
	memset(copy + at % PCN_PAGE_SIZE, 0, sizeof(uint64_t));
	pcn_checksum_add(&sum, bytes, page);
	pcn_checksum_add(&sum, copy, sizeof(copy));
	pcn_checksum_add(&sum, bytes + behind, s->size - behind);
	return pcn_checksum_end(&sum) == s->stream.info->checksum;
}

static int check(struct saved *s, struct error *error)
{
	int err;

	if (s->size < PCN_STREAM_PEEK)
		return pcn_fail(error, -EINVAL,
				"%s: too short for a saved process", s->path);
	if (pcn_stream_head_size(&s->stream, s->map, s->size, &s->head_size) ||
	    pcn_stream_parse(&s->stream, s->map, s->head_size, s->size))
		return pcn_fail(error, -EINVAL, "%s: %s", s->path,
				s->stream.why);
	if (!is_whole(s))
		return pcn_fail(
			error, -EINVAL,
			"%s: its checksum is wrong: the file is damaged",
			s->path);
	err = load_process(s, error);
	for (uint32_t i = 0; i < s->stream.thread_count && !err; i++)
		err = check_chain(s, i, error);
	return err;
}

static int map(struct saved *s, struct error *error)
{
	struct stat st;

	if (s->fd < 0 || fstat(s->fd, &st))
		return pcn_fail(error, -errno, "%s: %s", s->path,
				strerror(errno));
	if (!S_ISREG(st.st_mode) || !st.st_size)
		return pcn_fail(error, -EINVAL, "%s: not a saved process",
				s->path);
	s->size = (uint64_t)st.st_size;
	s->map = mmap(NULL, s->size, PROT_READ, MAP_PRIVATE, s->fd, 0);
	if (s->map == MAP_FAILED) {
		s->map = NULL;
		return pcn_fail(error, -errno, "%s: %s", s->path,
				strerror(errno));
	}
	return check(s, error);
}

int saved_open(struct saved *s, const char *path, struct error *error)
{
	memset(s, 0, sizeof(*s));
	s->path = path;
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	return map(s, error);
}

int saved_open_fd(struct saved *s, int fd, const char *name,
		  struct error *error)
{
	memset(s, 0, sizeof(*s));
	s->path = name;
	s->fd = fd;
	s->travels = true;
	return map(s, error);
}

void saved_close(struct saved *s)
{
	for (uint32_t i = 0; s->fds && i < s->stream.descriptor_count; i++)
		if (s->fds[i] > 2)
			close(s->fds[i]);
	free(s->fds);
	free(s->process);
	if (s->map)
		munmap(s->map, s->size);
	if (s->fd >= 0)
		close(s->fd);
	memset(s, 0, sizeof(*s));
	s->fd = -1;
}

/* --- Descriptors
 * --------------------------------------------------------------- */

static int native_flags(uint32_t generic)
{
	int flags = (int)(generic & (O_ACCMODE | O_APPEND | O_NONBLOCK |
				     O_SYNC | O_NOATIME | O_PATH));

	if (generic & 00040000)
		flags |= O_DIRECT;
	if (generic & 00200000)
		flags |= O_DIRECTORY;
	return flags;
}

static const char *const kind_names[] = {"?",	   "file",	  "directory",
					 "device", "terminal",	  "pipe",
					 "socket", "special file"};

const char *saved_kind_name(uint32_t kind)
{
	return kind < sizeof(kind_names) / sizeof(*kind_names)
		       ? kind_names[kind]
		       : "?";
}

/* 0-2 that were the user's are the user's again, not files of the past. */
static bool inherited(const struct saved *s,
		      const struct pcn_stream_descriptor *d)
{
	return !s->travels && d->fd <= 2 &&
	       (d->kind == PCN_FD_TERMINAL || d->kind == PCN_FD_PIPE ||
		d->kind == PCN_FD_SOCKET);
}

/* Devices that are the same on every machine. */
static bool is_common_device(const char *path)
{
	static const char *const paths[] = {"/dev/null", "/dev/zero",
					    "/dev/full", "/dev/random",
					    "/dev/urandom"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (!strcmp(path, paths[i]))
			return true;
	return false;
}

bool saved_can_travel(const struct saved *s,
		      const struct pcn_stream_descriptor *d)
{
	const char *path = pcn_stream_string(&s->stream, d->path);

	return path[0] == '/' &&
	       (d->kind == PCN_FD_FILE || d->kind == PCN_FD_DIRECTORY ||
		(d->kind == PCN_FD_DEVICE && is_common_device(path)));
}

static const struct saved_given *find_given(const struct saved *s, int number)
{
	uint32_t low = 0, high = s->given_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (s->given[middle].number == number)
			return &s->given[middle];
		if (s->given[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* A copy, as blocking as the program wants it. */
static int take_given(const struct saved_given *g,
		      const struct pcn_stream_descriptor *d)
{
	int fd = fcntl(g->fd, F_DUPFD_CLOEXEC, 3), flags;

	if (fd < 0)
		return -errno;
	flags = fcntl(fd, F_GETFL);
	if ((flags ^ native_flags(d->flags)) & O_NONBLOCK)
		fcntl(fd, F_SETFL, flags ^ O_NONBLOCK);
	return fd;
}

static int open_file(const char *path, const struct pcn_stream_descriptor *d,
		     const struct saved_given *expected)
{
	int fd = open(path, native_flags(d->flags) | O_CLOEXEC | O_NOCTTY),
	    err = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (expected &&
	    (fstat(fd, &st) || (uint64_t)st.st_size != expected->size))
		err = -ESTALE;
	else if ((d->kind == PCN_FD_FILE || d->kind == PCN_FD_DIRECTORY) &&
		 lseek(fd, (off_t)d->offset, SEEK_SET) < 0)
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int reopen(const struct saved *s, const struct pcn_stream_descriptor *d)
{
	const char *path = pcn_stream_string(&s->stream, d->path);
	const struct saved_given *given = find_given(s, d->fd);

	if (given && given->fd >= 0)
		return take_given(given, d);
	if (s->travels && !saved_can_travel(s, d))
		return -EOPNOTSUPP;
	if (inherited(s, d)) {
		if (fcntl(d->fd, F_GETFD) >= 0)
			return d->fd;
		return open("/dev/null", native_flags(d->flags) | O_CLOEXEC);
	}
	if (d->kind == PCN_FD_PIPE || d->kind == PCN_FD_SOCKET ||
	    d->kind == PCN_FD_OTHER || path[0] != '/')
		return -EOPNOTSUPP;
	return open_file(path, d, given);
}

static int twin(const struct saved *s, int number)
{
	for (uint32_t i = 0; i < s->stream.descriptor_count; i++)
		if (s->stream.descriptors[i].fd == number)
			return s->fds[i];
	return -EBADF;
}

static void complain(struct error *error, const char *format, int fd,
		     const char *kind, const char *path, const char *why)
{
	size_t at = strlen(error->text);

	snprintf(error->text + at, sizeof(error->text) - at, format,
		 at ? "\n" : "", fd, kind, path, why);
}

/* Above 2: 0-2 are ours, and the program's by inheritance. */
static int out_of_the_way(int fd)
{
	int high;

	if (fd < 0 || fd > 2)
		return fd;
	high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	close(fd);
	return high < 0 ? -errno : high;
}

int saved_reopen(struct saved *s, bool drop_lost, struct error *error)
{
	const struct pcn_stream *t = &s->stream;
	bool failed = false;

	error->text[0] = 0;
	s->fds = calloc(t->descriptor_count + 1, sizeof(*s->fds));
	if (!s->fds)
		return pcn_fail(error, -ENOMEM, "out of memory");
	for (uint32_t i = 0; i < t->descriptor_count; i++)
		s->fds[i] = -1;
	for (uint32_t i = 0; i < t->descriptor_count; i++) {
		const struct pcn_stream_descriptor *d = &t->descriptors[i];
		const char *path = pcn_stream_string(t, d->path);
		int fd = -1;

		if (d->same_as >= 0 && !find_given(s, d->fd))
			fd = fcntl(twin(s, d->same_as), F_DUPFD_CLOEXEC, 3);
		if (fd < 0) {
			fd = reopen(s, d);
			if (!inherited(s, d))
				fd = out_of_the_way(fd);
		}
		s->fds[i] = fd;
		if (fd >= 0 || drop_lost)
			continue;
		failed = true;
		complain(error, "%sdescriptor %d (%s %s): %s", d->fd,
			 saved_kind_name(d->kind), path,
			 fd == -EOPNOTSUPP ? "cannot be reopened"
			 : fd == -ESTALE   ? "is another file there"
					   : strerror(-fd));
	}
	return failed ? -EBADF : 0;
}

static int send_descriptors(struct saved *s, int transfer)
{
	struct pcn_message m = {.type = PCN_MSG_FDS};
	struct pcn_channel_fd table[PCN_CHANNEL_FDS_MAX];
	int fds[PCN_CHANNEL_FDS_MAX], err = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->stream.descriptor_count && !err; i++) {
		if (s->fds[i] >= 0) {
			table[n].fd = s->stream.descriptors[i].fd;
			table[n].fd_flags =
				s->stream.descriptors[i].fd_flags & FD_CLOEXEC;
			fds[n++] = s->fds[i];
		}
		if (n != PCN_CHANNEL_FDS_MAX &&
		    i + 1 != s->stream.descriptor_count)
			continue;
		m.text_size = n * (uint32_t)sizeof(*table);
		if (n)
			err = packet_send(transfer, &m, table, fds, n);
		n = 0;
	}
	return err;
}

static uint32_t count_open(const struct saved *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->stream.descriptor_count; i++)
		n += s->fds[i] >= 0;
	return n;
}

int saved_send(struct saved *s, int transfer, struct error *error)
{
	struct pcn_message state = {
		.type = PCN_MSG_STATE,
		.value = {(int64_t)s->size, count_open(s), s->is_late}};
	struct pcn_message last = {.type = PCN_MSG_CWD};
	const char *cwd = pcn_stream_string(&s->stream, s->stream.info->cwd);
	int err, fd = cwd[0] ? open(cwd, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	if (cwd[0] && fd < 0)
		return pcn_fail(error, -errno, "working directory %s: %s", cwd,
				strerror(errno));
	err = packet_send(transfer, &state, NULL, &s->fd, 1);
	if (!err)
		err = send_descriptors(s, transfer);
	if (!err)
		err = packet_send(transfer, &last, NULL, &fd, fd >= 0);
	if (fd >= 0)
		close(fd);
	return err ? pcn_fail(error, err, "cannot hand the state over: %s",
			      strerror(-err))
		   : 0;
}
