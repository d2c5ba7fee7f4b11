/*
 * mapped.c - files whose pages the program shares.
 *
 * A mapping keeps a file that has lost its name, or whose name is another
 * file's by now; but a process that is to map the same can find it by its name
 * only.  /proc/self/maps says which file it is, by its inode's number: devices
 * are not what stat() calls them on some file systems.
 */
#include "mapped.h"
#include "lines.h"

#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#define AT_EMPTY_PATH_ 0x1000

struct search {
	uint64_t address, inode;
};

/* "START-END PROT OFFSET DEVICE INODE ...": whether the address is in it. */
static bool is_there(void *context, const char *line)
{
	struct search *s = context;
	uint64_t start = pcn_strtox(&line), end;

	if (*line++ != '-')
		return false;
	end = pcn_strtox(&line);
	if (s->address < start || s->address >= end)
		return false;
	for (int fields = 4; fields; fields--) {
		while (*line && *line != ' ')
			line++;
		while (*line == ' ')
			line++;
	}
	s->inode = pcn_strtou(line, NULL);
	return true;
}

/* Of the file that is mapped there; 0: not known.  An emulator tells of its
 * program under the first name only; when main has ended there is nothing under
 * it. */
static uint64_t inode_at(uint64_t address)
{
	struct search s = {.address = address};

	if (!pcn_lines_find(AT_FDCWD, "/proc/self/maps", is_there, &s))
		pcn_lines_find(AT_FDCWD, "/proc/thread-self/maps", is_there,
			       &s);
	return s.inode;
}

/* What is protected now may be written later, if the file may be. */
long pcn_mapped_open_by_name(const struct pcn_vma *v)
{
	const char *path = pcn_path(v->path);
	int mode = v->flags & PCN_VMA_READ_ONLY ? O_RDONLY : O_RDWR;

	return path ? pcn_sys(__NR_openat, AT_FDCWD, path, mode | O_CLOEXEC, 0)
		    : -ENOENT;
}

int pcn_mapped_open(const struct pcn_vma *v)
{
	uint64_t inode = inode_at(v->start);
	struct statx found;
	long fd = pcn_mapped_open_by_name(v), err;

	if (pcn_is_error(fd) || !inode)
		return (int)fd;
	err = pcn_sys(__NR_statx, fd, "", AT_EMPTY_PATH_, STATX_INO, &found);
	if (!err && found.stx_ino == inode)
		return (int)fd;
	pcn_sys(__NR_close, fd);
	return err ? (int)err : -ESTALE;
}

int pcn_mapped_check(const char **why)
{
	for (uint32_t i = 0; i < pcn_process->vma_count; i++) {
		const struct pcn_vma *v = &pcn_process->vmas[i];
		int fd;

		if (v->kind != PCN_VMA_SHARED || v->start == v->end)
			continue;
		fd = pcn_mapped_open(v);
		if (fd < 0) {
			*why = "a file whose pages the program shares is not "
			       "found by its name";
			return fd;
		}
		pcn_sys(__NR_close, fd);
	}
	return 0;
}
