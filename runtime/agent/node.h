/* node.h - where a program can run: --node NAME=KIND. */
#ifndef PCN_AGENT_NODE_H
#define PCN_AGENT_NODE_H

#include "address.h"
#include "error.h"
#include "executable.h"

#include <pcn/abi.h>
#include <pcn/channel.h>

struct node {
	char name[PCN_NODE_NAME];
	const struct pcn_isa *isa; /* NULL: remote, and not seen yet */
	bool emulated, remote;
	char emulator[4096];	    /* path of the QEMU command */
	struct pcn_address address; /* of its popcornd */
	char wanted_isa[16];	    /* "": the one that it prefers */
	unsigned int
		slots; /* threads that its owner wants there; 0: not told */
};

struct nodes {
	struct node list[PCN_CHANNEL_NODES_MAX];
	int count;
};

/* Adds "NAME=local", "NAME=qemu:ISA", "NAME=tcp:HOST:PORT[,isa=ISA]" or
 * "NAME=unix:PATH[,isa=ISA]", "NAME=fabric:HOST:PORT[,isa=ISA]"; a bare KIND is
 * its own name. */
int pcn_nodes_add(struct nodes *nodes, const char *text, struct error *error);
/* By name or by number; -ENOENT if there is none. */
int pcn_nodes_find(const struct nodes *nodes, const char *name);

/* "?" of a remote node that has not been seen yet. */
const char *pcn_node_isa(const struct node *node);

#define PCN_NODE_ARGV 8
/* The command that runs an executable file on a node, before the program's own
 * arguments; returns their number.  Strings belong to the node and the path. */
int pcn_node_command(const struct node *node, const char *path,
		     const char *argv[PCN_NODE_ARGV]);
/* The number of the signal `signal` of a program on this node, as the host's
 * kernel must send it. */
int pcn_node_signal(const struct node *node, int signal);

#endif
