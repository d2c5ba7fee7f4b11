#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void *checked(void *memory)
{
	if (!memory) {
		fputs("error: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

#ifdef __SANITIZE_ADDRESS__
/* The tools run for a moment: what they hold at the end is no leak. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

void *pcn_alloc(size_t size_bytes)
{
	return checked(calloc(1, size_bytes ? size_bytes : 1));
}

void *pcn_realloc(void *old, size_t size_bytes)
{
	return checked(realloc(old, size_bytes ? size_bytes : 1));
}

char *pcn_strdup(const char *text)
{
	return checked(strdup(text));
}

char *pcn_format(const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	return checked(length < 0 ? NULL : text);
}

void pcn_strings_take(struct strings *list, char *text)
{
	if (list->count + 2 > list->room) {
		list->room = list->room ? list->room * 2 : 16;
		list->items = pcn_realloc(list->items,
					  list->room * sizeof(*list->items));
	}
	list->items[list->count++] = text;
	list->items[list->count] = NULL;
}

void pcn_strings_add(struct strings *list, const char *text)
{
	pcn_strings_take(list, pcn_strdup(text));
}

void pcn_strings_add_all(struct strings *list, const struct strings *more)
{
	for (size_t i = 0; i < more->count; i++)
		pcn_strings_add(list, more->items[i]);
}

bool pcn_strings_have(const struct strings *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i], text))
			return true;
	return false;
}

void pcn_strings_free(struct strings *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct strings){0};
}

int pcn_read_file(const char *path, char **data, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t room = 65536, used = 0;
	struct stat status;
	char *bytes;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
		close(fd);
		return -EISDIR;
	}
	if (status.st_size > 0)
		room = (size_t)status.st_size + 2;
	bytes = pcn_alloc(room);
	for (;;) {
		ssize_t got;

		if (used + 1 >= room)
			bytes = pcn_realloc(bytes, room *= 2);
		got = read(fd, bytes + used, room - used - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int error = -errno;

			free(bytes);
			close(fd);
			return error;
		}
		if (got == 0)
			break;
		used += (size_t)got;
	}
	close(fd);
	bytes[used] = 0;
	*data = bytes;
	*size = used;
	return 0;
}

int pcn_write_file(const char *path, const void *data, size_t size,
		   unsigned mode)
{
	const char *at = data;
	int fd, error = 0;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	while (size) {
		ssize_t done = write(fd, at, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			error = -errno;
			break;
		}
		at += done;
		size -= (size_t)done;
	}
	if (close(fd) && !error)
		error = -errno;
	return error;
}

int pcn_remove_output(const char *path)
{
	struct stat status;

	if (lstat(path, &status))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode))
		return 0;
	return unlink(path) && errno != ENOENT ? -errno : 0;
}

int pcn_write_output(const char *path, const void *data, size_t size)
{
	/* A running program's file must not be written to, but may be replaced.
	 */
	int result = pcn_remove_output(path);

	if (!result)
		result = pcn_write_file(path, data, size, 0777);
	if (result && result != -EISDIR)
		pcn_remove_output(path);
	return result;
}

bool pcn_starts_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

const char *pcn_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
