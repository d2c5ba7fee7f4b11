/*
 * getaddrinfo() with more than one answer asks sockets which is nearer.  No
 * file keeps those, so this is not saved.
 *
 * MODES: native verify self qemu qemu-self move spread spread-user links
 */
#define _GNU_SOURCE
#include "addresses.h"

int main(void)
{
	for (int round = 0; round < 10; round++)
		say_addresses(NULL, "8080", AI_PASSIVE, SOCK_STREAM);
	return 0;
}
