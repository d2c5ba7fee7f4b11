/*
 * mapped.c - files whose pages the program shares.
 *
 * A mapping keeps a file that has lost its name, or whose name is another
 * file's by now; but a process that is to map the same can find it by its name
 * only.  /proc/self/maps says which file it is, by its inode's number: devices
 * are not what stat() calls them on some file systems.
 */
#include "mapped.h"
#include "program.h"

#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/stat.h>

#define AT_EMPTY_PATH_ 0x1000

/* Hexadecimal digits at *text, which is moved behind them. */
static uint64_t hexadecimal(const char **text)
{
	uint64_t value = 0;

	for (;; ++*text) {
		char c = **text;

		if (c >= '0' && c <= '9')
			value = value * 16 + (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value * 16 + (uint64_t)(c - 'a' + 10);
		else
			return value;
	}
}

/* "START-END PROT OFFSET DEVICE INODE ...": whether address is in it. */
static bool read_line(const char *line, uint64_t address, uint64_t *inode)
{
	uint64_t start = hexadecimal(&line), end;

	if (*line++ != '-')
		return false;
	end = hexadecimal(&line);
	if (address < start || address >= end)
		return false;
	for (int fields = 4; fields; fields--) {
		while (*line && *line != ' ')
			line++;
		while (*line == ' ')
			line++;
	}
	*inode = pcn_strtou(line, &line);
	return true;
}

/* Of the file that is mapped there; 0: not known. */
static uint64_t inode_at(uint64_t address)
{
	char text[2 * PCN_PATH_MAX];
	uint64_t inode = 0;
	uint32_t size = 0;
	bool found = false;
	long n, fd = pcn_sys(__NR_openat, AT_FDCWD, "/proc/self/maps",
			     O_RDONLY | O_CLOEXEC, 0);

	if (pcn_is_error(fd))
		return 0;
	while (!found && size < sizeof text - 1) {
		uint32_t line = 0;

		n = pcn_sys(__NR_read, fd, text + size, sizeof text - 1 - size);
		if (n == -EINTR)
			continue;
		if (n <= 0)
			break;
		size += (uint32_t)n;
		for (uint32_t i = 0; i < size && !found; i++) {
			if (text[i] != '\n')
				continue;
			text[i] = 0;
			found = read_line(text + line, address, &inode);
			line = i + 1;
		}
		size -= line;
		memmove(text, text + line, size);
	}
	pcn_sys(__NR_close, fd);
	return inode;
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
