/* daemon.h - popcornd without its command line. */
#ifndef PCN_AGENT_DAEMON_H
#define PCN_AGENT_DAEMON_H

#include "error.h"
#include "node.h"
#include "tls.h"

#include <stdbool.h>
#include <stdint.h>

#define GUESTS_MAX 256
#define BUILDS_MAX 256
#define USERS_MAX  64

struct policy {
	uint8_t builds[BUILDS_MAX][32];
	int build_count; /* 0: any */
	const char *users[USERS_MAX];
	int user_count; /* 0: who runs popcornd */
};

struct daemon_options {
	const char *listen, *cache, *name;
	struct pcn_tls_files keys;
	struct nodes nodes;
	struct policy policy;
	int max;
	bool plain;
};

/* Serves until a signal ends it; 0, or why it could not begin. */
int daemon_run(const struct daemon_options *options, struct error *error);
/* One line on stderr. */
void daemon_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
