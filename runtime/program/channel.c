/* The control channel between this program and its agent (pcn/channel.h). */
#include "away.h"
#include "channel.h"

#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

struct iovec_ {
	void *base;
	size_t size;
};

struct message_header {
	void *name;
	uint32_t name_size;
	struct iovec_ *parts;
	size_t part_count;
	void *control;
	size_t control_size;
	uint32_t flags;
};

struct control_message {
	size_t size;
	int32_t level, type;
	int fds[PCN_CHANNEL_FDS_MAX + 2];
};

enum {
	SOCKET_LEVEL = 1,
	SCM_RIGHTS_ = 1,
	NO_SIGNAL = 0x4000,
	CMSG_CLOEXEC_ = 0x40000000,
	CONTROL_TRUNCATED = 8,
};

static struct {
	int fd;
	uint32_t lock;
	uint32_t asked;
	uint32_t role;
	int node, node_count;
	int transfer; /* role RESTORE: where the state arrives */
	char text[PCN_CHANNEL_TEXT_MAX];
	const char *names[PCN_CHANNEL_NODES_MAX];
} channel = {.fd = -1, .transfer = -1};

/* The program must not see them. */
static int *own[PCN_OWN_DESCRIPTORS] = {&channel.fd};
static uint32_t own_count = 1;

int pcn_packet_send(int socket, const struct pcn_message *m, const void *text,
		    const int *fds, uint32_t fd_count)
{
	struct iovec_ parts[2] = {{(void *)m, sizeof(*m)},
				  {(void *)text, m->text_size}};
	struct control_message control = {
		.size = 16 + fd_count * sizeof(int),
		.level = SOCKET_LEVEL,
		.type = SCM_RIGHTS_,
	};
	struct message_header header = {.parts = parts, .part_count = 2};
	long n;

	if (fd_count > PCN_CHANNEL_FDS_MAX)
		return -EINVAL;
	if (fd_count) {
		memcpy(control.fds, fds, fd_count * sizeof(int));
		header.control = &control;
		header.control_size = PCN_ALIGN_UP(control.size, 8);
	}
	for (;;) {
		n = pcn_sys(__NR_sendmsg, socket, &header, NO_SIGNAL);
		if (n != -EINTR && n != -EAGAIN && n != -ETOOMANYREFS)
			break;
		if (n != -EINTR) /* the other side has not taken enough yet */
			pcn_sleep_ns(1000000);
	}
	return n < 0 ? (int)n : 0;
}

int pcn_packet_receive(int socket, struct pcn_message *m, void *text,
		       uint32_t text_size, int *fds, uint32_t *fd_count)
{
	struct iovec_ parts[2] = {{m, sizeof(*m)}, {text, text_size}};
	struct control_message control;
	struct message_header header = {
		.parts = parts,
		.part_count = 2,
		.control = &control,
		.control_size = sizeof(control),
	};
	uint32_t room = fd_count ? *fd_count : 0, count = 0;
	long n;

	do
		n = pcn_sys(__NR_recvmsg, socket, &header, CMSG_CLOEXEC_);
	while (n == -EINTR);
	if (n == -ECONNRESET || n == 0)
		return -EPIPE;
	if (n < 0)
		return (int)n;
	if (header.control_size >= 16 && control.level == SOCKET_LEVEL &&
	    control.type == SCM_RIGHTS_)
		count = (uint32_t)((control.size - 16) / sizeof(int));
	for (uint32_t i = 0; i < count; i++) {
		if (i < room)
			fds[i] = control.fds[i];
		else
			pcn_sys(__NR_close, control.fds[i]);
	}
	if (fd_count)
		*fd_count = count < room ? count : room;
	if ((header.flags & CONTROL_TRUNCATED) ||
	    (unsigned long)n < sizeof(*m) ||
	    m->text_size != (unsigned long)n - sizeof(*m))
		return -EPROTO;
	return 0;
}

static int call_with(struct pcn_message *m, const void *text, const int *sent,
		     uint32_t sent_count, void *answer, uint32_t answer_size,
		     int *fds, uint32_t *fd_count)
{
	int err;

	if (channel.fd < 0)
		return -ENOTCONN;
	pcn_lock(&channel.lock);
	err = pcn_packet_send(channel.fd, m, text, sent, sent_count);
	if (!err)
		err = pcn_packet_receive(channel.fd, m, answer, answer_size,
					 fds, fd_count);
	pcn_unlock(&channel.lock);
	return err;
}

int pcn_channel_call(struct pcn_message *m, const void *text, void *answer,
		     uint32_t answer_size, int *fds, uint32_t *fd_count)
{
	return call_with(m, text, NULL, 0, answer, answer_size, fds, fd_count);
}

int pcn_channel_question(struct pcn_message *m, const int *sent,
			 uint32_t sent_count, int *fds, uint32_t *fd_count,
			 char why[PCN_CHANNEL_WHY])
{
	int err = call_with(m, NULL, sent, sent_count, why, PCN_CHANNEL_WHY - 1,
			    fds, fd_count);

	if (err || m->type != PCN_MSG_ANSWER)
		why[0] = 0;
	if (err)
		return err == -EPIPE ? -ENOTCONN : err;
	if (m->type != PCN_MSG_ANSWER)
		return -EPROTO;
	why[m->text_size] = 0;
	return (int)m->value[0];
}

int pcn_channel_ask(enum pcn_message_type type, int node)
{
	struct pcn_message m = {.type = type, .value = {node}};
	char why[PCN_CHANNEL_WHY];
	int err;

	if (channel.fd < 0)
		return -ENOSYS;
	err = pcn_channel_question(&m, NULL, 0, NULL, NULL, why);
	/* That two threads ask at once is no fault of the program's. */
	if (err < 0 && err != -EBUSY && why[0])
		pcn_log(PCN_LOG_WARN, "%s", why);
	if (!err)
		__atomic_store_n(&channel.asked, 1, __ATOMIC_RELEASE);
	return err;
}

bool pcn_channel_asked(void)
{
	return __atomic_exchange_n(&channel.asked, 0, __ATOMIC_ACQ_REL);
}

void pcn_channel_refuse(int err)
{
	const char *why = "the program has no memory to be captured";
	struct pcn_message m = {.type = PCN_MSG_FAILED, .value = {err}};

	if (err == -EOPNOTSUPP)
		why = "machine code that the program made itself is on the "
		      "stack";
	else if (err == -EDEADLK)
		why = "the program holds record locks";
	m.text_size = (uint32_t)pcn_strlen(why);
	if (channel.fd >= 0)
		pcn_packet_send(channel.fd, &m, why, NULL, 0);
}

int pcn_channel_wait(int pid, int options, int *status)
{
	struct pcn_message m = {.type = PCN_MSG_WAIT, .value = {pid, options}};
	int err = pcn_channel_call(&m, NULL, NULL, 0, NULL, NULL);

	if (err)
		return -ECHILD;
	*status = (int)m.value[1];
	return (int)m.value[0];
}

int pcn_channel_fd(void)
{
	return channel.fd;
}

/* Below what the channel has, so that the highest numbers stay in reach. */
static int renumber(int *fd)
{
	long other = pcn_sys(__NR_fcntl, *fd, F_DUPFD_CLOEXEC,
			     channel.fd > 128 ? channel.fd - 64 : 3);

	if (pcn_is_error(other))
		return (int)other;
	pcn_sys(__NR_close, *fd);
	*fd = (int)other;
	return 0;
}

bool pcn_descriptor_is_own(int fd)
{
	for (uint32_t i = 0; i < own_count && fd >= 0; i++)
		if (*own[i] == fd)
			return true;
	return false;
}

uint32_t pcn_descriptor_next_own(uint32_t fd)
{
	uint32_t next = UINT32_MAX;

	for (uint32_t i = 0; i < own_count; i++)
		if (*own[i] >= 0 && (uint32_t)*own[i] >= fd &&
		    (uint32_t)*own[i] < next)
			next = (uint32_t)*own[i];
	return next;
}

int pcn_descriptor_keep(int *fd)
{
	int err = renumber(fd);

	if (!err && own_count < PCN_OWN_DESCRIPTORS)
		own[own_count++] = fd;
	return err;
}

void pcn_descriptor_drop(int *fd)
{
	for (uint32_t i = 1; i < own_count; i++)
		if (own[i] == fd)
			own[i] = own[--own_count];
	if (*fd >= 0)
		pcn_sys(__NR_close, *fd);
	*fd = -1;
}

int pcn_descriptor_make_room(int fd)
{
	int err = 0;

	if (!pcn_descriptor_is_own(fd))
		return 0;
	pcn_lock(&channel.lock);
	for (uint32_t i = 0; i < own_count; i++)
		if (*own[i] == fd)
			err = renumber(own[i]);
	pcn_unlock(&channel.lock);
	return err;
}

int pcn_channel_node_count(void)
{
	return channel.fd < 0 ? 1 : channel.node_count;
}

int pcn_channel_node_current(void)
{
	return channel.fd < 0 ? 0 : channel.node;
}

const char *pcn_channel_node_name(int node)
{
	if (node < 0 || node >= pcn_channel_node_count())
		return NULL;
	return channel.fd < 0 ? "local" : channel.names[node];
}

const char *pcn_channel_executable(void)
{
	return channel.text;
}

/* text: the executable's path, then every node's name, each with its NUL. */
static int split_names(uint32_t text_size)
{
	const char *at = channel.text, *end = at + text_size;

	if (!text_size || end[-1])
		return -EPROTO;
	at += pcn_strlen(at) + 1;
	for (int i = 0; i < channel.node_count; i++) {
		if (at >= end)
			return -EPROTO;
		channel.names[i] = at;
		at += pcn_strlen(at) + 1;
	}
	return 0;
}

static int map_control(int fd)
{
	long r = pcn_sys(__NR_mmap, &__popcorn_control, PCN_PAGE_SIZE,
			 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);

	pcn_sys(__NR_close, fd);
	return pcn_is_error(r) ? (int)r : 0;
}

/* What an emulator that preloads nothing has left open. */
static void close_userfault_socket(void)
{
	const char *value = pcn_getenv(PCN_USERFAULT_ENV), *end;

	if (value)
		pcn_sys(__NR_close, (int)pcn_strtou(value, &end));
}

int pcn_channel_start(void)
{
	const char *value = pcn_getenv(PCN_CHANNEL_ENV), *value_end;
	struct pcn_message m;
	uint32_t fd_count = 2;
	int fds[2] = {-1, -1}, err;

	if (!value)
		return 0;
	close_userfault_socket();
	channel.fd = (int)pcn_strtou(value, &value_end);
	if (*value_end || !*value) { /* nor this */
		channel.fd = -1;
		return 0;
	}
	err = pcn_packet_receive(channel.fd, &m, channel.text,
				 sizeof(channel.text) - 1, fds, &fd_count);
	if (err || m.type != PCN_MSG_WELCOME ||
	    m.value[3] != PCN_CHANNEL_VERSION || m.value[2] < 1 ||
	    m.value[2] > PCN_CHANNEL_NODES_MAX) {
		/* Not ours: an agent of another program left it behind. */
		channel.fd = -1;
		return err == -EPIPE || err == -EBADF || err == -ENOTSOCK
			       ? 0
			       : -EPROTO;
	}
	channel.role = (uint32_t)m.value[0];
	channel.node = (int)m.value[1];
	channel.node_count = (int)m.value[2];
	channel.transfer = fds[1];
	err = split_names(m.text_size);
	if (!err)
		err = fd_count ? map_control(fds[0]) : -EPROTO;
	if (err)
		return err;
	pcn_sys(__NR_fcntl, channel.fd, F_SETFD, FD_CLOEXEC);
	pcn_away = channel.role == PCN_ROLE_NODE;
	return channel.role != PCN_ROLE_START;
}

int pcn_channel_transfer(void)
{
	return channel.transfer;
}

void pcn_channel_replace(int fd)
{
	channel.fd = fd;
}

/* The parent stays under control; the child's page must not be the parent's. */
void pcn_channel_forked(void)
{
	channel.lock = 0;
	if (channel.fd < 0)
		return;
	pcn_sys(__NR_close, channel.fd);
	channel.fd = -1;
	pcn_sys(__NR_mmap, &__popcorn_control, PCN_PAGE_SIZE,
		PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		-1, 0);
}

/* The agent sees the end of the process by itself. */
void pcn_channel_exit(int status)
{
	(void)status;
}
