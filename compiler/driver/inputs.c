#include "inputs.h"

#include <ar.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isa.h"

static bool is_bitcode(const unsigned char *data, size_t size)
{
	/* Plain, and wrapped in a header as some systems have it. */
	return size >= 4 && (!memcmp(data, "BC\xc0\xde", 4) ||
			     !memcmp(data, "\xde\xc0\x17\x0b", 4));
}

static const char *describe_native(const unsigned char *data, size_t size)
{
	const struct pcn_isa *isa = NULL;
	Elf64_Ehdr header;

	if (size >= sizeof(header)) {
		memcpy(&header, data, sizeof(header));
		isa = pcn_isa_by_machine(header.e_machine);
	}
	return isa ? isa->name : "one ISA";
}

static int check_member(const char *path, const char *member,
			const unsigned char *data, size_t size,
			struct error *error)
{
	if (is_bitcode(data, size) || size == 0)
		return 0;
	if (size >= SELFMAG && !memcmp(data, ELFMAG, SELFMAG))
		return pcn_fail(error, -ENOEXEC,
				"%s%s%s%s: native code for %s; build it with "
				"popcorn-clang",
				path, member ? "(" : "", member ? member : "",
				member ? ")" : "", describe_native(data, size));
	/* Archives hold what they like beside code; a file named on the command
	 * line must be something. */
	if (member)
		return 0;
	return pcn_fail(error, -ENOEXEC,
			"%s: neither bitcode nor an archive of it", path);
}

static int check_archive(const char *path, const unsigned char *data,
			 size_t size, struct error *error)
{
	size_t at = SARMAG;

	while (at + sizeof(struct ar_hdr) <= size) {
		char digits[sizeof(((struct ar_hdr *)0)->ar_size) + 1],
			name[17];
		struct ar_hdr header;
		size_t length;
		int result;

		memcpy(&header, data + at, sizeof(header));
		memcpy(digits, header.ar_size, sizeof(header.ar_size));
		digits[sizeof(header.ar_size)] = 0;
		memcpy(name, header.ar_name, sizeof(header.ar_name));
		name[strcspn(name, "/ ")] = 0;
		name[16] = 0;
		length = strtoul(digits, NULL, 10);
		at += sizeof(header);
		if (memcmp(header.ar_fmag, ARFMAG, 2) != 0 ||
		    length > size - at)
			return pcn_fail(error, -ENOEXEC, "%s: damaged archive",
					path);
		/* Without a name: the symbol table, the table of long names. */
		result = check_member(path, name[0] ? name : "member",
				      data + at, length, error);
		if (result)
			return result;
		at += length + (length & 1);
	}
	return 0;
}

static int check_data(const char *path, const unsigned char *data, size_t size,
		      struct error *error)
{
	if (size >= SARMAG && !memcmp(data, ARMAG, SARMAG))
		return check_archive(path, data, size, error);
	return check_member(path, NULL, data, size, error);
}

int pcn_input_check(const char *path, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), result;
	struct stat status;
	void *data;

	if (fd < 0 || fstat(fd, &status) < 0) {
		result = pcn_fail(error, -errno, "%s: %s", path,
				  strerror(errno));
	} else if (S_ISDIR(status.st_mode)) {
		result = pcn_fail(error, -EISDIR, "%s: %s", path,
				  strerror(EISDIR));
	} else if (status.st_size == 0) {
		result = pcn_fail(error, -ENOEXEC, "%s: file is empty", path);
	} else {
		data = mmap(NULL, (size_t)status.st_size, PROT_READ,
			    MAP_PRIVATE, fd, 0);
		if (data == MAP_FAILED) {
			result = pcn_fail(error, -errno, "%s: %s", path,
					  strerror(errno));
		} else {
			result = check_data(path, data, (size_t)status.st_size,
					    error);
			munmap(data, (size_t)status.st_size);
		}
	}
	if (fd >= 0)
		close(fd);
	return result;
}

/* -l:file names the file itself. */
static char *candidate(const char *directory, const char *name,
		       const char *suffix)
{
	if (name[0] == ':')
		return pcn_format("%s/%s", directory, name + 1);
	return pcn_format("%s/lib%s.%s", directory, name, suffix);
}

int pcn_input_library(const char *name, const struct strings *directories,
		      char **path, struct error *error)
{
	static const char *const suffixes[] = {"so", "a"};
	struct error native = {""};

	for (size_t i = 0; i < directories->count; i++) {
		for (size_t j = 0; j < 2; j++) {
			*path = candidate(directories->items[i], name,
					  suffixes[j]);
			/* Native libraries stand in the machine's own
			 * directories; a portable one may stand behind them. */
			if (access(*path, F_OK) == 0 &&
			    pcn_input_check(*path, &native) == 0)
				return 0;
			free(*path);
		}
	}
	if (native.text[0])
		return pcn_fail(error, -ENOENT, "cannot find -l%s: %s", name,
				native.text);
	return pcn_fail(error, -ENOENT, "cannot find -l%s", name);
}
