/* Nodes: this machine's own processor, QEMU user mode, popcornd elsewhere. */
#define _GNU_SOURCE
#include "node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static int find_command(const char *name, char *path, size_t size)
{
	const char *dirs = getenv("PATH");

	if (!dirs)
		dirs = "/usr/local/bin:/usr/bin:/bin";
	while (*dirs) {
		size_t n = strcspn(dirs, ":");

		snprintf(path, size, "%.*s/%s", (int)n, dirs, name);
		if (n && !access(path, X_OK))
			return 0;
		dirs += n + (dirs[n] == ':');
	}
	return -ENOENT;
}

static int set_local(struct node *node, struct error *error)
{
	struct utsname host;

	uname(&host);
	node->isa = pcn_isa_find(host.machine);
	if (!node->isa)
		return pcn_fail(error, -EINVAL,
				"this machine's ISA %s is not one of Popcorn's",
				host.machine);
	return 0;
}

static int set_emulated(struct node *node, const char *isa, struct error *error)
{
	node->isa = pcn_isa_find(isa);
	if (!node->isa)
		return pcn_fail(error, -EINVAL, "unknown ISA '%s'", isa);
	node->emulated = true;
	if (find_command(node->isa->emulator, node->emulator,
			 sizeof(node->emulator)))
		return pcn_fail(error, -ENOENT,
				"%s is not installed (package qemu-user)",
				node->isa->emulator);
	return 0;
}

static int set_remote(struct node *node, const char *text, struct error *error)
{
	const char *comma = strrchr(text, ',');
	char address[512];

	node->remote = true;
	if (comma && strncmp(comma, ",isa=", 5))
		return pcn_fail(error, -EINVAL,
				"'%.200s': only isa=ISA follows a comma", text);
	if (comma && !pcn_isa_find(comma + 5))
		return pcn_fail(error, -EINVAL, "unknown ISA '%.100s'",
				comma + 5);
	if (comma)
		snprintf(node->wanted_isa, sizeof(node->wanted_isa), "%s",
			 comma + 5);
	snprintf(address, sizeof(address), "%.*s",
		 comma ? (int)(comma - text) : (int)strlen(text), text);
	return pcn_address_parse(&node->address, address, error);
}

int pcn_nodes_add(struct nodes *nodes, const char *text, struct error *error)
{
	const char *equals = strchr(text, '='),
		   *kind = equals ? equals + 1 : text;
	size_t length = equals ? (size_t)(equals - text) : strlen(text);
	struct node *node = &nodes->list[nodes->count];

	if (nodes->count == PCN_CHANNEL_NODES_MAX)
		return pcn_fail(error, -EINVAL, "too many nodes");
	memset(node, 0, sizeof(*node));
	if (!length || length >= sizeof(node->name))
		return pcn_fail(error, -EINVAL,
				"'%s': a node's name has 1 to %zu characters",
				text, sizeof(node->name) - 1);
	memcpy(node->name, text, length);
	if (pcn_nodes_find(nodes, node->name) >= 0)
		return pcn_fail(error, -EINVAL, "node '%s' is named twice",
				node->name);
	if (!strcmp(kind, "local")) {
		if (set_local(node, error))
			return -EINVAL;
	} else if (!strncmp(kind, "qemu:", 5)) {
		if (set_emulated(node, kind + 5, error))
			return -EINVAL;
	} else if (!strncmp(kind, "tcp:", 4)) {
		if (set_remote(node, kind + 4, error))
			return -EINVAL;
	} else if (!strncmp(kind, "unix:", 5) ||
		   pcn_address_names_fabric(kind)) {
		if (set_remote(node, kind, error))
			return -EINVAL;
	} else {
		return pcn_fail(error, -EINVAL,
				"'%s': a node is NAME=local, NAME=qemu:ISA or "
				"NAME=tcp:HOST:PORT",
				text);
	}
	nodes->count++;
	return 0;
}

int pcn_nodes_find(const struct nodes *nodes, const char *name)
{
	char *end;
	long number;

	for (int i = 0; i < nodes->count; i++)
		if (!strcmp(nodes->list[i].name, name))
			return i;
	number = strtol(name, &end, 10);
	if (*name && !*end && number >= 0 && number < nodes->count)
		return (int)number;
	return -ENOENT;
}

const char *pcn_node_isa(const struct node *node)
{
	return node->isa ? node->isa->name : "?";
}

int pcn_node_command(const struct node *node, const char *path,
		     const char *argv[PCN_NODE_ARGV])
{
	int n = 0;

	if (node->emulated) {
		argv[n++] = node->emulator;
		if (node->isa->cpu) {
			argv[n++] = "-cpu";
			argv[n++] = node->isa->cpu;
		}
	}
	argv[n++] = path;
	return n;
}

int pcn_node_signal(const struct node *node, int signal)
{
	/* QEMU keeps the host's 32 and 33 to libc and maps a guest's real-time
	 * signal n to n + 2. */
	return node->emulated && signal >= 32 ? signal + 2 : signal;
}
