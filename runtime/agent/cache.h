/*
 * cache.h - executables that came over links, by build id: files of a directory
 * that only this user can enter.
 */
#ifndef PCN_AGENT_CACHE_H
#define PCN_AGENT_CACHE_H

#include "error.h"
#include "executable.h"
#include "link.h"

#define CACHE_FILES    32 /* the ones used last stay */
#define CACHE_FILE_MAX (1ull << 30)
#define CACHE_NAME     65 /* a build id in digits, and a zero */

/* NULL: $XDG_CACHE_HOME/popcorn or ~/.cache/popcorn.  A descriptor. */
int cache_open(const char *path, struct error *error);
void cache_name(const uint8_t build_id[32], char name[CACHE_NAME]);
/* Opens the executable, checks it again; path: what it is called elsewhere.
 * -ENOENT: it is not here. */
int cache_find(struct executable *x, int cache, const uint8_t build_id[32],
	       const char *path, struct error *error);
/* A file without a name to receive one in. */
int cache_begin(int cache, struct error *error);
/* It is whole: gives it its name, if it is what its build id says. */
int cache_keep(struct executable *x, int cache, int file,
	       const uint8_t build_id[32], const char *path,
	       struct error *error);

#endif
