/*
 * What getaddrinfo() says, printed.
 */
#ifndef ADDRESSES_H
#define ADDRESSES_H

#include "check.h"
#include <netdb.h>

static inline void say_addresses(const char *node, const char *service,
				 int flags, int type)
{
	struct addrinfo hints = {.ai_flags = flags, .ai_socktype = type}, *list;
	int error = getaddrinfo(node, service, &hints, &list);
	char host[100], port[20];

	printf("%s %s: %s", node ? node : "-", service ? service : "-",
	       error ? gai_strerror(error) : "");
	for (struct addrinfo *at = error ? NULL : list; at; at = at->ai_next) {
		CHECK(!getnameinfo(at->ai_addr, at->ai_addrlen, host,
				   sizeof(host), port, sizeof(port),
				   NI_NUMERICHOST | NI_NUMERICSERV));
		printf(" %s/%s/%d", host, port, at->ai_socktype);
	}
	puts("");
	if (!error)
		freeaddrinfo(list);
}

#endif
