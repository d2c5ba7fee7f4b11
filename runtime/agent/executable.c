/* Finds the slices in a program and copies them out for the kernel to run. */
#define _GNU_SOURCE
#include "executable.h"

#include <pcn/abi.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int find_in_path(const char *name, char *path, size_t size)
{
	const char *dirs = getenv("PATH");

	if (strchr(name, '/') || !dirs) {
		snprintf(path, size, "%s", name);
		return 0;
	}
	while (*dirs) {
		size_t n = strcspn(dirs, ":");

		snprintf(path, size, "%.*s/%s", n ? (int)n : 1, n ? dirs : ".",
			 name);
		if (!access(path, X_OK))
			return 0;
		dirs += n + (dirs[n] == ':');
	}
	return -ENOENT;
}

static bool within(const struct executable *x, uint64_t offset, uint64_t size)
{
	return offset <= x->size && size <= x->size - offset;
}

const Elf64_Shdr *pcn_executable_section(const struct executable *x,
					 const char *name)
{
	const Elf64_Ehdr *h = (const void *)x->bytes;
	const Elf64_Shdr *sections, *names;

	if (!h->e_shnum || h->e_shstrndx >= h->e_shnum || h->e_shoff % 8 ||
	    !within(x, h->e_shoff, h->e_shnum * sizeof(*sections)))
		return NULL;
	sections = (const void *)(x->bytes + h->e_shoff);
	names = &sections[h->e_shstrndx];
	if (!within(x, names->sh_offset, names->sh_size) || !names->sh_size ||
	    x->bytes[names->sh_offset + names->sh_size - 1])
		return NULL;
	for (unsigned int i = 0; i < h->e_shnum; i++) {
		const Elf64_Shdr *s = &sections[i];

		if (s->sh_name < names->sh_size && s->sh_type != SHT_NOBITS &&
		    !strcmp((const char *)x->bytes + names->sh_offset +
				    s->sh_name,
			    name) &&
		    within(x, s->sh_offset, s->sh_size))
			return s;
	}
	return NULL;
}

static int check_elf(const struct executable *x, struct error *error)
{
	const Elf64_Ehdr *h = (const void *)x->bytes;

	if (x->size < sizeof(*h) || memcmp(h->e_ident, ELFMAG, SELFMAG) ||
	    h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_type != ET_EXEC)
		return pcn_fail(error, -ENOEXEC,
				"%s: not a program made by popcorn-clang",
				x->path);
	return 0;
}

static void read_note(struct executable *x)
{
	const Elf64_Shdr *s = pcn_executable_section(x, ".note.popcorn");
	struct pcn_note note;

	if (!s || s->sh_size < sizeof(note))
		return;
	memcpy(&note, x->bytes + s->sh_offset, sizeof(note));
	if (strncmp(note.name, PCN_NOTE_NAME, sizeof(note.name)))
		return;
	memcpy(x->build_id, note.build_id, sizeof(x->build_id));
	x->abi_version = note.abi_version;
	x->has_build_id = true;
}

const Elf64_Shdr *pcn_executable_slice_section(const struct executable *x,
					       const struct pcn_isa *isa)
{
	char name[64];

	snprintf(name, sizeof(name), ".popcorn.slice.%s", isa->name);
	return pcn_executable_section(x, name);
}

static int read_file(struct executable *x, struct error *error)
{
	struct stat st;
	void *bytes;
	int err;

	if (x->fd < 0 || fstat(x->fd, &st))
		return pcn_fail(error, -errno, "%s: %s", x->path,
				strerror(errno));
	if (!S_ISREG(st.st_mode))
		return pcn_fail(error, -ENOEXEC, "%s: not a file", x->path);
	x->size = (uint64_t)st.st_size;
	bytes = mmap(NULL, x->size + 1, PROT_READ, MAP_PRIVATE, x->fd, 0);
	if (bytes == MAP_FAILED)
		return pcn_fail(error, -errno, "%s: %s", x->path,
				strerror(errno));
	x->bytes = bytes;
	err = check_elf(x, error);
	if (err)
		return err;
	x->machine = ((const Elf64_Ehdr *)bytes)->e_machine;
	read_note(x);
	if (!x->has_build_id)
		return pcn_fail(error, -ENOEXEC,
				"%s: not a program made by popcorn-clang",
				x->path);
	if (x->abi_version != PCN_ABI_VERSION)
		return pcn_fail(
			error, -ENOEXEC,
			"%s: made for version %u of the run time, this is %u",
			x->path, x->abi_version, PCN_ABI_VERSION);
	return 0;
}

static void begin(struct executable *x, int fd)
{
	memset(x, 0, sizeof(*x));
	for (int i = 0; i < PCN_ISA_COUNT; i++)
		x->slices[i] = -1;
	x->fd = fd;
}

int pcn_executable_open(struct executable *x, const char *name,
			struct error *error)
{
	char path[4096];

	begin(x, -1);
	if (!name[0] || find_in_path(name, path, sizeof(path)))
		return pcn_fail(error, -ENOENT, "%s: not found",
				name[0] ? name : "''");
	if (!realpath(path, x->path))
		snprintf(x->path, sizeof(x->path), "%s", path);
	x->fd = open(path, O_RDONLY | O_CLOEXEC);
	return read_file(x, error);
}

int pcn_executable_open_fd(struct executable *x, int fd, const char *path,
			   struct error *error)
{
	begin(x, fd);
	snprintf(x->path, sizeof(x->path), "%s", path);
	return read_file(x, error);
}

void pcn_executable_close(struct executable *x)
{
	if (x->bytes)
		munmap((void *)x->bytes, x->size + 1);
	if (x->fd >= 0)
		close(x->fd);
	for (int i = 0; i < PCN_ISA_COUNT; i++)
		if (x->slices[i] >= 0)
			close(x->slices[i]);
	x->bytes = NULL;
	x->fd = -1;
}

static int extract(const struct executable *x, const struct pcn_isa *isa,
		   struct error *error)
{
	const Elf64_Shdr *s = pcn_executable_slice_section(x, isa);
	uint64_t done = 0;
	int fd;

	if (!s)
		return pcn_fail(error, -ENOEXEC, "%s: no slice for %s", x->path,
				isa->name);
	fd = memfd_create("popcorn-slice", MFD_CLOEXEC);
	if (fd < 0)
		return pcn_fail(error, -errno, "memfd_create: %s",
				strerror(errno));
	while (done < s->sh_size) {
		ssize_t n = write(fd, x->bytes + s->sh_offset + done,
				  s->sh_size - done);

		if (n <= 0) {
			const char *why = strerror(n ? errno : EIO);

			close(fd);
			return pcn_fail(error, -EIO,
					"cannot extract the %s slice of %s: %s",
					isa->name, x->path, why);
		}
		done += (uint64_t)n;
	}
	fchmod(fd, 0700);
	return fd;
}

int pcn_executable_slice(struct executable *x, const struct pcn_isa *isa,
			 struct error *error)
{
	int index = (int)(isa - pcn_isas);

	if (isa->machine == x->machine)
		return x->fd;
	if (x->slices[index] < 0) {
		int fd = extract(x, isa, error);

		if (fd < 0)
			return fd;
		x->slices[index] = fd;
	}
	return x->slices[index];
}
