/* lines.c - see lines.h. */
#include "lines.h"
#include "native.h"

#include <asm/unistd.h>
#include <linux/fcntl.h>

#define ROOM (PCN_PATH_MAX + 256)

/* Of the first size bytes; what is behind the last line's end stays. */
static bool look_at(char *text, uint32_t *size,
		    bool (*f)(void *context, const char *line), void *context)
{
	uint32_t line = 0;

	for (uint32_t i = 0; i < *size; i++) {
		if (text[i] != '\n')
			continue;
		text[i] = 0;
		if (f(context, text + line))
			return true;
		line = i + 1;
	}
	*size -= line;
	memmove(text, text + line, *size);
	return false;
}

bool pcn_lines_find(int directory, const char *path,
		    bool (*f)(void *context, const char *line), void *context)
{
	char text[ROOM];
	uint32_t size = 0;
	bool found = false;
	long n, fd = pcn_sys(__NR_openat, directory, path, O_RDONLY | O_CLOEXEC,
			     0);

	if (pcn_is_error(fd))
		return false;
	while (!found) {
		n = pcn_sys(__NR_read, fd, text + size, ROOM - 1 - size);
		if (n == -EINTR)
			continue;
		if (n <= 0)
			break;
		size += (uint32_t)n;
		if (size == ROOM - 1)
			text[size++] = '\n';
		found = look_at(text, &size, f, context);
	}
	pcn_sys(__NR_close, fd);
	return found;
}
