/* What an emulator has made for its program (../dsm/preload.c). */
#include "agent.h"

#include <errno.h>
#include <unistd.h>

struct userfaults *process_userfaults(struct process *p)
{
	struct userfaults *u = &p->userfaults;
	struct packet packet;

	if (u->socket < 0)
		return u;
	if (packet_receive(u->socket, &packet)) {
		/* An emulator that preloads nothing. */
	} else if (packet.fd_count == 2) {
		u->late = packet.fds[0];
		u->shared = packet.fds[1];
		u->user_mode_only = packet.m.value[1];
	} else {
		u->late = u->shared = packet.m.value[0] < 0
					      ? (int)packet.m.value[0]
					      : -EPROTO;
		packet_drop(&packet);
	}
	close(u->socket);
	u->socket = -1;
	return u;
}
