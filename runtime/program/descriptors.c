/* Lists, sends and receives the process's descriptors. */
#include "descriptors.h"
#include "channel.h"

#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#define LIST_ROOM (PCN_STREAM_FD_MAX * sizeof(struct pcn_stream_descriptor))

int pcn_strings_init(struct pcn_strings *s, uint64_t room)
{
	int64_t memory = pcn_private_map(room);

	if (pcn_is_error(memory))
		return (int)memory;
	s->text = (char *)memory;
	s->room = (uint32_t)room;
	s->size = 1; /* private memory is zero: "" */
	return 0;
}

uint32_t pcn_strings_add(struct pcn_strings *s, const char *text)
{
	size_t size = pcn_strlen(text) + 1;
	uint32_t offset = s->size;

	if (size == 1 || size > s->room - s->size)
		return 0;
	memcpy(s->text + offset, text, size);
	s->size += (uint32_t)size;
	return offset;
}

/* O_* of this ISA to asm-generic's. */
static uint32_t generic_flags(uint32_t native)
{
	const uint32_t same =
		O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC | O_NOATIME | O_PATH;
	uint32_t flags = native & same;

	if (native & O_DIRECT)
		flags |= 00040000;
	if (native & O_DIRECTORY)
		flags |= 00200000;
	return flags;
}

static enum pcn_descriptor_kind kind_of(const struct statx *st,
					const char *path)
{
	switch (st->stx_mode & S_IFMT) {
	case S_IFREG:
		return path[0] == '/' && st->stx_nlink ? PCN_FD_FILE
						       : PCN_FD_OTHER;
	case S_IFDIR:
		return PCN_FD_DIRECTORY;
	case S_IFIFO:
		return path[0] == '/' ? PCN_FD_DEVICE : PCN_FD_PIPE;
	case S_IFSOCK:
		return PCN_FD_SOCKET;
	case S_IFCHR:
		return pcn_strprefix(path, "/dev/tty") ||
				       pcn_strprefix(path, "/dev/pts/") ||
				       pcn_strprefix(path, "/dev/console")
			       ? PCN_FD_TERMINAL
			       : PCN_FD_DEVICE;
	case S_IFBLK:
		return PCN_FD_DEVICE;
	default:
		return PCN_FD_OTHER;
	}
}

/* A named FIFO reopened for reading and writing would lose what is in it, and
 * memfds have a path of their own making. */
static void describe(struct pcn_stream_descriptor *d,
		     struct pcn_strings *strings)
{
	char link[32], path[PCN_PATH_MAX];
	struct statx st;
	long n;

	pcn_format(link, sizeof(link), "/proc/thread-self/fd/%d", d->fd);
	n = pcn_sys(__NR_readlinkat, AT_FDCWD, link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = 0;
	n = pcn_sys(__NR_fcntl, d->fd, F_GETFL, 0);
	d->flags = n < 0 ? 0 : generic_flags((uint32_t)n);
	d->kind = PCN_FD_OTHER;
	if (!pcn_is_error(pcn_sys(__NR_statx, d->fd, "", AT_EMPTY_PATH,
				  STATX_BASIC_STATS, &st)))
		d->kind = kind_of(&st, path);
	if (pcn_strprefix(path, "/memfd:"))
		d->kind = PCN_FD_OTHER;
	n = pcn_sys(__NR_lseek, d->fd, 0, 1 /* SEEK_CUR */);
	d->offset = n < 0 ? 0 : (uint64_t)n;
	d->path = pcn_strings_add(strings, path);
}

/* Two numbers of one open file share offset and flags: kcmp tells; without it
 * they become two open files. */
static void find_twins(struct pcn_descriptors *d)
{
	int pid = (int)pcn_sys(__NR_getpid);

	for (uint32_t i = 1; i < d->count; i++) {
		struct pcn_stream_descriptor *a = &d->list[i];

		for (uint32_t j = 0; j < i && j < 256; j++) {
			struct pcn_stream_descriptor *b = &d->list[j];

			if (a->kind != b->kind || a->offset != b->offset ||
			    b->same_as >= 0)
				continue;
			if (pcn_sys(__NR_kcmp, pid, pid, 0 /* KCMP_FILE */,
				    a->fd, b->fd) == 0) {
				a->same_as = b->fd;
				break;
			}
		}
	}
}

struct directory_entry { /* struct linux_dirent64 */
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

static void sort(struct pcn_stream_descriptor *list, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) { /* nearly sorted as it comes */
		struct pcn_stream_descriptor d = list[i];
		uint32_t j = i;

		for (; j && list[j - 1].fd > d.fd; j--)
			list[j] = list[j - 1];
		list[j] = d;
	}
}

static int hidden[2] = {-1, -1};

void pcn_descriptors_hide(const int *fds, uint32_t count)
{
	for (uint32_t i = 0; i < 2; i++)
		hidden[i] = i < count ? fds[i] : -1;
}

static int read_entries(int directory,
			int (*each)(void *context, int directory,
				    const char *name),
			void *context)
{
	_Alignas(8) char buffer[8192];
	long n;

	while ((n = pcn_sys(__NR_getdents64, directory, buffer,
			    sizeof(buffer))) > 0) {
		for (long at = 0; at < n;) {
			const struct directory_entry *e =
				(const void *)(buffer + at);
			int result;

			at += e->size;
			if (e->name[0] == '.')
				continue;
			result = each(context, directory, e->name);
			if (result)
				return result;
		}
	}
	return (int)n;
}

int pcn_descriptors_each(const char *path,
			 int (*each)(void *context, int directory,
				     const char *name),
			 void *context)
{
	int directory = (int)pcn_sys(__NR_openat, AT_FDCWD, path,
				     O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0),
	    result;

	if (directory < 0)
		return directory;
	result = read_entries(directory, each, context);
	pcn_sys(__NR_close, directory);
	return result;
}

static int add_descriptor(void *context, int directory, const char *name)
{
	struct pcn_descriptors *d = context;
	int fd = (int)pcn_strtou(name, NULL);

	if (fd == directory || pcn_descriptor_is_own(fd) || fd == hidden[0] ||
	    fd == hidden[1])
		return 0;
	if (d->count == PCN_STREAM_FD_MAX)
		return -EMFILE;
	d->list[d->count++] =
		(struct pcn_stream_descriptor){.fd = fd, .same_as = -1};
	return 0;
}

int pcn_descriptors_list(struct pcn_descriptors *d, struct pcn_strings *strings,
			 bool named)
{
	int64_t memory = pcn_private_map(LIST_ROOM);
	int err;

	d->count = 0;
	d->list = NULL;
	if (pcn_is_error(memory))
		return (int)memory;
	d->list = (void *)memory;
	err = pcn_descriptors_each("/proc/thread-self/fd", add_descriptor, d);
	if (err)
		return err;
	sort(d->list, d->count);
	for (uint32_t i = 0; i < d->count; i++) {
		long flags = pcn_sys(__NR_fcntl, d->list[i].fd, F_GETFD, 0);

		d->list[i].fd_flags =
			flags < 0 ? 0 : (uint32_t)flags & FD_CLOEXEC;
		if (named)
			describe(&d->list[i], strings);
	}
	if (named)
		find_twins(d);
	return 0;
}

void pcn_descriptors_free(struct pcn_descriptors *d)
{
	if (d->list)
		pcn_private_unmap((uint64_t)d->list, LIST_ROOM);
	d->list = NULL;
}

int pcn_descriptors_send(const struct pcn_descriptors *d, int transfer)
{
	struct pcn_message m = {.type = PCN_MSG_FDS};
	struct pcn_channel_fd table[PCN_CHANNEL_FDS_MAX];
	int fds[PCN_CHANNEL_FDS_MAX], cwd, err;

	for (uint32_t i = 0; i < d->count;) {
		uint32_t n = 0;

		for (; i < d->count && n < PCN_CHANNEL_FDS_MAX; i++, n++) {
			fds[n] = d->list[i].fd;
			table[n].fd = d->list[i].fd;
			table[n].fd_flags = d->list[i].fd_flags;
		}
		m.text_size = n * sizeof(table[0]);
		err = pcn_packet_send(transfer, &m, table, fds, n);
		if (err)
			return err;
	}
	cwd = (int)pcn_sys(__NR_openat, AT_FDCWD, ".",
			   O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	m.type = PCN_MSG_CWD;
	m.text_size = 0;
	err = pcn_packet_send(transfer, &m, NULL, &cwd, cwd >= 0);
	if (cwd >= 0)
		pcn_sys(__NR_close, cwd);
	return err;
}

/* --- Receiving --------------------------------------------------------------
 */

/*
 * What arrives takes the lowest free numbers, in order, and so do their wanted
 * numbers rise: none arrives above its own.  From the last to the first, each
 * wanted number is therefore free when its turn comes, unless it is the run
 * time's.
 */
static int place(const int *fds, const struct pcn_channel_fd *table, uint32_t n,
		 int *const *keep, uint32_t keep_count)
{
	for (uint32_t i = n; i-- > 0;) {
		int want = table[i].fd;
		long r;

		for (uint32_t k = 0; k < keep_count; k++) {
			if (*keep[k] != want)
				continue;
			r = pcn_sys(__NR_fcntl, want, F_DUPFD_CLOEXEC,
				    want + 1);
			if (r == -EINVAL)
				r = pcn_sys(__NR_fcntl, want, F_DUPFD_CLOEXEC,
					    want - 64);
			if (r < 0)
				return (int)r;
			pcn_sys(__NR_close, want);
			*keep[k] = (int)r;
		}
		if (fds[i] != want) {
			r = pcn_sys(__NR_dup3, fds[i], want,
				    table[i].fd_flags & FD_CLOEXEC ? O_CLOEXEC
								   : 0);
			if (r < 0)
				return (int)r;
			pcn_sys(__NR_close, fds[i]);
		} else if (!(table[i].fd_flags & FD_CLOEXEC)) {
			r = pcn_sys(__NR_fcntl, want, F_SETFD, 0);
			if (r < 0)
				return (int)r;
		}
	}
	return 0;
}

/* What this process inherited is not the program's. */
static int close_others(int *const *keep, uint32_t keep_count)
{
	struct pcn_descriptors d;
	int err = pcn_descriptors_list(&d, NULL, false);

	for (uint32_t i = 0; i < d.count && !err; i++) {
		bool kept = false;

		for (uint32_t k = 0; k < keep_count; k++)
			kept |= *keep[k] == d.list[i].fd;
		if (!kept)
			pcn_sys(__NR_close, d.list[i].fd);
	}
	pcn_descriptors_free(&d);
	return err;
}

int pcn_descriptors_receive(uint32_t count, int *transfer, int *const *keep,
			    uint32_t keep_count)
{
	struct pcn_channel_fd table[PCN_CHANNEL_FDS_MAX];
	int fds[PCN_CHANNEL_FDS_MAX], err, last = -1;
	struct pcn_message m;
	uint32_t n, done = 0;

	err = close_others(keep, keep_count);
	if (err)
		return err;
	for (;;) {
		n = PCN_CHANNEL_FDS_MAX;
		err = pcn_packet_receive(*transfer, &m, table, sizeof(table),
					 fds, &n);
		if (err)
			return err;
		if (m.type == PCN_MSG_CWD)
			break;
		if (m.type != PCN_MSG_FDS || !n ||
		    m.text_size != n * sizeof(table[0]))
			return -EPROTO;
		for (uint32_t i = 0; i < n; i++) {
			if (table[i].fd <= last)
				return -EPROTO;
			last = table[i].fd;
		}
		err = place(fds, table, n, keep, keep_count);
		if (err)
			return err;
		done += n;
	}
	if (done != count)
		return -EPROTO;
	if (n) {
		err = (int)pcn_sys(__NR_fchdir, fds[0]);
		pcn_sys(__NR_close, fds[0]);
	}
	return err;
}
