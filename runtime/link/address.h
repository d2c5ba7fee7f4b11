/*
 * address.h - where the other side is: HOST:PORT, [IPV6]:PORT, unix:PATH, or by
 * libfabric fabric:HOST:PORT, fabric+PROVIDER:HOST:PORT.
 */
#ifndef PCN_LINK_ADDRESS_H
#define PCN_LINK_ADDRESS_H

#include "error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define PCN_PORT 7717

struct pcn_address {
	struct sockaddr_storage address;
	socklen_t size;
	char host[256];	 /* as given, without port; "" for unix:PATH */
	char fabric[16]; /* libfabric's provider; "": a socket of the kernel's
			  */
};

/* Looks the name up, which may take its time.  A port of 0: any free one. */
int pcn_address_parse(struct pcn_address *a, const char *text,
		      struct error *error);
/* Does it begin so? */
bool pcn_address_names_fabric(const char *text);
/* Only processes of this machine can be at the other end. */
bool pcn_address_is_local(const struct pcn_address *a);
/* As pcn_address_parse() takes it. */
void pcn_address_format(const struct pcn_address *a, char *text, size_t size);

/* A socket whose connection is under way; or -errno.  If by libfabric,
 * the transport on it must be told so (transport.h, carried). */
int pcn_address_connect(const struct pcn_address *a, struct error *error);
/* A listening socket; a->address then holds the port. */
int pcn_address_listen(struct pcn_address *a, struct error *error);
/* A connection that has come, or -errno at once; -EPIPE: none will any more. */
int pcn_address_accept(const struct pcn_address *a, int listener,
		       struct pcn_address *from);
/* What a link wants of an accepted socket: small frames at once; an end when
 * the other machine is silent for half a minute. */
void pcn_socket_prepare(int fd);

#endif
