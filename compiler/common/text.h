/* text.h - a growing list of strings, as command lines are made of. */
#ifndef PCN_COMMON_TEXT_H
#define PCN_COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* items[count] is NULL whenever count > 0, so items serves as an argv. */
struct strings {
	char **items;
	size_t count, room;
};

/* A tool that cannot get a few kilobytes has nothing to go on with: these end
 * the process with one line when memory is out. */
void *pcn_alloc(size_t size_bytes);
void *pcn_realloc(void *old, size_t size_bytes);
char *pcn_strdup(const char *text);
char *pcn_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

void pcn_strings_add(struct strings *list, const char *text);
/* Takes over `text`, which came from pcn_format() or malloc(). */
void pcn_strings_take(struct strings *list, char *text);
void pcn_strings_add_all(struct strings *list, const struct strings *more);
bool pcn_strings_have(const struct strings *list, const char *text);
void pcn_strings_free(struct strings *list);

/* Reads a whole file; *data ends in a zero byte that *size does not count.
 * 0 or -errno. */
int pcn_read_file(const char *path, char **data, size_t *size);
/* Writes a file anew.  0 or -errno. */
int pcn_write_file(const char *path, const void *data, size_t size,
		   unsigned mode);

/* Removes an output of before, if it is a file: -o /dev/null is common, and
 * root could remove it.  0 (also when there is none) or -errno. */
int pcn_remove_output(const char *path);
/* Writes an executable in the place of one of before: whole or not at all. */
int pcn_write_output(const char *path, const void *data, size_t size);

bool pcn_starts_with(const char *text, const char *prefix);
/* What follows the last slash. */
const char *pcn_basename(const char *path);

#endif
