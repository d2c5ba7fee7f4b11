/*
 * service.c - a node's process: its first thread does what the agent says.  Of
 * the program's memory it reads at most where a thread's variables are.
 */
#include "away.h"
#include "channel.h"

#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

static void reply(enum pcn_message_type type, int64_t value, const int *fds,
		  uint32_t fd_count)
{
	const struct pcn_message m = {.type = type, .value = {value}};

	if (pcn_packet_send(pcn_channel_fd(), &m, NULL, fds, fd_count))
		pcn_sys(__NR_exit_group, 125);
}

/* An emulated program has no such system call; its emulator has made one, or
 * could not. */
static void begin(const struct pcn_message *m, const int *fds,
		  uint32_t fd_count)
{
	long fd;
	int err;

	if (fd_count != 3 && fd_count != 4) {
		reply(PCN_MSG_FAILED, -EPROTO, NULL, 0);
		return;
	}
	err = pcn_shared_open(fds);
	if (err) {
		reply(PCN_MSG_FAILED, err, NULL, 0);
		return;
	}
	fd = fd_count == 4     ? fds[3]
	     : m->value[1] < 0 ? m->value[1]
			       : pcn_userfaultfd_open(NULL);
	if (fd >= 0)
		fd = pcn_shared_keep((int)fd);
	if (fd < 0)
		reply(PCN_MSG_SHARED, fd, NULL, 0);
	else
		reply(PCN_MSG_SHARED, 0, &(int){(int)fd}, 1);
}

static long serve(const struct pcn_message *m, int fd)
{
	uint64_t address = (uint64_t)m->value[0], size = (uint64_t)m->value[1];
	long result;

	switch (m->type) {
	case PCN_MSG_MAP:
		result = pcn_shared_map(address, size, m->value[2]);
		return pcn_is_error(result) ? result : 0;
	case PCN_MSG_MAP_FILE:
		result = pcn_sys(__NR_mmap, address, size, m->value[2],
				 MAP_SHARED | MAP_FIXED, fd, m->value[3]);
		return pcn_is_error(result) ? result : 0;
	case PCN_MSG_UNMAP:
		return pcn_sys(__NR_munmap, address, size);
	case PCN_MSG_PROTECT:
		return pcn_sys(__NR_mprotect, address, size, m->value[2]);
	case PCN_MSG_THREAD:
		return pcn_thread_arrive((struct pcn_thread *)address,
					 (uint32_t)m->value[1],
					 (uint64_t)m->value[2]);
	default:
		return -EPROTO;
	}
}

_Noreturn void pcn_service(void)
{
	pcn_poll_settle();
	reply(PCN_MSG_READY, 0, NULL, 0);
	for (;;) {
		struct pcn_message m;
		uint32_t fd_count = 4;
		int fds[4];
		/* The end of the channel is the program's. */
		int err = pcn_packet_receive(pcn_channel_fd(), &m, NULL, 0, fds,
					     &fd_count);

		if (err == -EPIPE)
			pcn_sys(__NR_exit_group, 0);
		if (err)
			pcn_die("channel: error %d", -err);
		if (m.type == PCN_MSG_SHARE)
			begin(&m, fds, fd_count);
		else
			reply(PCN_MSG_ANSWER, serve(&m, fd_count ? fds[0] : -1),
			      NULL, 0);
		if (m.type == PCN_MSG_MAP_FILE && fd_count)
			pcn_sys(__NR_close, fds[0]);
	}
}
