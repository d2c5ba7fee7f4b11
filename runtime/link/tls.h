/*
 * tls.h - how two agents of different machines know each other.
 *
 * Either they share a key (a file that nobody else can read), or each has a
 * certificate and both trust one authority, which signs nothing else.  TLS 1.3
 * only; no resumption and no early data, so nothing can be played again.
 */
#ifndef PCN_LINK_TLS_H
#define PCN_LINK_TLS_H

#include "error.h"

#include <stdbool.h>

struct pcn_tls; /* one for any number of links */

/* Files; key alone: pre-shared; all three: certificates. */
struct pcn_tls_files {
	const char *key, *cert, *ca;
};

/* NULL with the message: a file that is missing, damaged or not private. */
struct pcn_tls *pcn_tls_new(const struct pcn_tls_files *files, bool server,
			    struct error *error);
void pcn_tls_free(struct pcn_tls *tls);
/* Writes a new random key to a new file of mode 0600. */
int pcn_tls_make_key(const char *path, struct error *error);

#endif
