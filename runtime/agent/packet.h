/* packet.h - the agent's end of a channel (pcn/channel.h). */
#ifndef PCN_AGENT_PACKET_H
#define PCN_AGENT_PACKET_H

#include <pcn/channel.h>

#define PACKET_FDS_MAX PCN_CHANNEL_FDS_MAX

struct packet {
	struct pcn_message m;
	char text[PCN_CHANNEL_TEXT_MAX + 1]; /* always ends in a zero */
	int fds[PACKET_FDS_MAX];
	uint32_t fd_count;
};

/* Both 0 or -errno.  Receiving: -EPIPE at the end, -EAGAIN if nothing is there.
 */
int packet_send(int socket, const struct pcn_message *m, const void *text,
		const int *fds, uint32_t fd_count);
int packet_receive(int socket, struct packet *p);
/* The one descriptor that came with it, or -1; more are closed. */
int packet_take_fd(struct packet *p);
/* Closes the descriptors that came with it. */
void packet_drop(struct packet *p);
/* -errno of what a program says went wrong. */
int packet_error_of(int64_t value);

#endif
