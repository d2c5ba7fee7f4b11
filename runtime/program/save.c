/*
 * Saves the process: serves a request with the world stopped.
 *
 * The stream (pcn/stream.h) goes to a memfd for a move or fork, to a file for a
 * checkpoint.  Nothing of the process changes before its successor stands: any
 * failure leads back to the caller with -errno, and everybody goes on here.
 */
#include "carried.h"
#include "snapshot.h"
#include "channel.h"
#include "late.h"
#include "native.h"

#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>

struct save {
	const struct pcn_request_info *request;
	struct pcn_snapshot snapshot;
	uint64_t start_ns;
};

/* --- Under an agent --------------------------------------------------------
 */

struct order { /* what the agent's GO says */
	uint32_t action;
	bool leave_running;
	bool whole; /* to another machine, which cannot read our memory */
	int fds[2];
	uint32_t fd_count;
	char argv[4096];
};

static int say_stopped(const struct save *s, struct order *order)
{
	const struct pcn_request_info *r = s->request;
	struct pcn_message m = {
		.type = PCN_MSG_STOPPED,
		.value = {r->threads, r->frames, (int64_t)r->stop_ns}};
	int err;

	order->fd_count = 2;
	err = pcn_channel_call(&m, NULL, order->argv, sizeof(order->argv) - 1,
			       order->fds, &order->fd_count);
	if (err)
		return err == -EPIPE ? -ENOTCONN : err;
	if (m.type != PCN_MSG_GO)
		return m.type == PCN_MSG_ABORT && m.value[0] < 0
			       ? (int)m.value[0]
			       : -EPROTO;
	order->argv[m.text_size] = 0;
	order->action = (uint32_t)m.value[0];
	order->leave_running = m.value[2] != 0;
	order->whole = m.value[3] != 0;
	pcn_descriptors_hide(order->fds, order->fd_count);
	return 0;
}

/* Tells the agent how it went; 0: it was for nothing but us to go on or end. */
static int say_saved(const struct save *s, int result, int pid)
{
	struct pcn_message m = {
		.type = PCN_MSG_SAVED,
		.value = {result, (int64_t)s->snapshot.info.memory_bytes,
			  s->snapshot.thread_count, s->snapshot.frame_count,
			  (int64_t)(pcn_time_ns() - s->start_ns), pid},
	};
	int err;

	if (result && s->snapshot.why)
		m.text_size = (uint32_t)pcn_strlen(s->snapshot.why);
	err = pcn_channel_call(&m, s->snapshot.why, NULL, 0, NULL, NULL);
	if (err)
		return err;
	if (m.type == PCN_MSG_COMMIT)
		return result;
	return m.value[0] < 0 ? (int)m.value[0] : -EIO;
}

/*
 * The target reads our memory itself, which is half the work of a copy that it
 * would read: a descriptor of /proc/self/mem is leave to do so.  Where there is
 * none, or whole is asked for, all goes into the memfd.
 */
static int send_state(struct save *s, int transfer, bool whole)
{
	struct pcn_message m = {.type = PCN_MSG_STATE};
	uint64_t file_size;
	int fds[2], err;

	fds[0] =
		(int)pcn_sys(__NR_memfd_create, "popcorn-process", MFD_CLOEXEC);
	if (fds[0] < 0)
		return fds[0];
	fds[1] = whole ? -1
		       : (int)pcn_sys(__NR_openat, AT_FDCWD,
				      "/proc/thread-self/mem",
				      O_RDONLY | O_CLOEXEC, 0);
	err = fds[1] >= 0 ? pcn_snapshot_write_head(&s->snapshot, fds[0],
						    &file_size)
			  : pcn_snapshot_write(&s->snapshot, fds[0], &file_size,
					       false);
	m.value[0] = (int64_t)file_size;
	m.value[1] = s->snapshot.descriptors.count;
	if (!err)
		err = pcn_packet_send(transfer, &m, NULL, fds,
				      fds[1] >= 0 ? 2 : 1);
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			pcn_sys(__NR_close, fds[i]);
	if (!err)
		err = pcn_descriptors_send(&s->snapshot.descriptors, transfer);
	return err;
}

/* From here on no timer runs out, and what is sent to the process waits in the
 * kernel; up to here all has come into the list. */
static int quiet(struct save *s)
{
	pcn_timers_stop_interval(s->snapshot.info.timers);
	pcn_world_take_signals();
	if (pcn_timers_stop()) {
		pcn_world_take_signals();
		pcn_timers_owed();
	}
	return pcn_pending_overflow() ? -EAGAIN : 0;
}

/* It lives on elsewhere.  What somebody has sent to this process meanwhile goes
 * after it. */
_Noreturn static void leave(void)
{
	struct pcn_message m = {.type = PCN_MSG_SIGNAL};

	pcn_pending_begin();
	pcn_world_take_signals();
	for (uint32_t i = 0; i < pcn_carried->pending_count; i++) {
		m.value[0] = pcn_carried->pending[i].signal;
		m.text_size = sizeof pcn_carried->pending[i].info;
		pcn_packet_send(pcn_channel_fd(), &m,
				pcn_carried->pending[i].info, NULL, 0);
	}
	m = (struct pcn_message){.type = PCN_MSG_LEFT};
	pcn_packet_send(pcn_channel_fd(), &m, NULL, NULL, 0);
	pcn_sys(__NR_exit_group, 0);
	__builtin_unreachable();
}

static int save_move(struct save *s, const struct order *order)
{
	int err = order->fd_count == 1 ? quiet(s) : -EPROTO;

	s->snapshot.named = order->whole;
	if (!err)
		err = pcn_snapshot_take(&s->snapshot);
	if (!err)
		err = send_state(s, order->fds[0], order->whole);
	err = say_saved(s, err, 0);
	pcn_snapshot_discard(&s->snapshot);
	if (!err)
		leave();
	pcn_timers_start(s->snapshot.info.timers);
	return err;
}

static int save_file(struct save *s, int fd)
{
	uint64_t file_size;
	int err;

	s->snapshot.named = true;
	err = quiet(s);
	if (!err)
		err = pcn_snapshot_take(&s->snapshot);
	if (!err)
		err = pcn_snapshot_write(&s->snapshot, fd, &file_size, true);
	return err;
}

static int save_checkpoint(struct save *s, const struct order *order)
{
	int err = order->fd_count == 1 ? save_file(s, order->fds[0]) : -EPROTO;

	err = say_saved(s, err, 0);
	pcn_snapshot_discard(&s->snapshot);
	if (!err && !order->leave_running)
		pcn_sys(__NR_exit_group, 0);
	pcn_timers_start(s->snapshot.info.timers);
	return err;
}

/* --- Fork --------------------------------------------------------------------
 */

/* In the child, before exec: nothing but the channel, and 0-2 for the messages
 * of an emulator.  Without the libc's help: only system calls. */
_Noreturn static void run_child(const struct order *order, char **argv,
				char **envp)
{
	uint64_t all = ~0ull;
	struct pcn_descriptors d;

	if (!pcn_descriptors_list(&d, NULL, false))
		for (uint32_t i = 0; i < d.count; i++)
			if (d.list[i].fd > 2 && d.list[i].fd != order->fds[1])
				pcn_sys(__NR_fcntl, d.list[i].fd, F_SETFD,
					FD_CLOEXEC);
	pcn_sys(__NR_fcntl, order->fds[1], F_SETFD, 0);
	pcn_sys(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, &all, NULL, 8);
	pcn_sys(__NR_execve, argv[0], argv, envp);
	pcn_sys(__NR_exit_group, 125);
	__builtin_unreachable();
}

/* Starts the node's process as a child of this one. */
static int start_child(struct order *order)
{
	char *argv[64], environment[48], *envp[2] = {environment, NULL};
	char *at = order->argv;
	uint32_t n = 0;
	long pid;

	while (*at && n < 63) {
		argv[n++] = at;
		at += pcn_strlen(at) + 1;
	}
	argv[n] = NULL;
	if (!n)
		return -EPROTO;
	pcn_format(environment, sizeof(environment), "%s=%d", PCN_CHANNEL_ENV,
		   order->fds[1]);
	pid = pcn_sys(__NR_clone, 17 /* SIGCHLD */, 0, 0, 0, 0);
	if (pid == 0)
		run_child(order, argv, envp);
	return (int)pid;
}

static int save_fork(struct save *s, struct order *order)
{
	int err = order->fd_count == 2 ? 0 : -EPROTO, pid = 0;

	s->snapshot.info.forked = (uint64_t)s->request->asker;
	if (!err)
		err = pcn_snapshot_take(&s->snapshot);
	if (!err) {
		pid = start_child(order);
		/* The child's alone: the agent sees by it that the child ends.
		 */
		pcn_sys(__NR_close, order->fds[--order->fd_count]);
		err = pid < 0 ? pid : send_state(s, order->fds[0], false);
	}
	err = say_saved(s, err, pid);
	pcn_snapshot_discard(&s->snapshot);
	if (!err)
		return pid;
	if (pid > 0) {
		pcn_sys(__NR_kill, pid, 9);
		pcn_sys(__NR_wait4, pid, NULL, 0, NULL);
	}
	return err;
}

/* --- Alone
 * -------------------------------------------------------------------- */

/* To path.tmp, then renamed: a full disk leaves the old file as it was. */
static int checkpoint_to_path(struct save *s, const char *path,
			      bool leave_running)
{
	char other[PCN_PATH_MAX];
	int fd, err;

	if (pcn_format(other, sizeof(other), "%s.tmp", path) >= sizeof(other))
		return -ENAMETOOLONG;
	fd = (int)pcn_sys(__NR_openat, AT_FDCWD, other,
			  O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return fd;
	pcn_descriptors_hide(&fd, 1);
	err = save_file(s, fd);
	if (!err)
		err = (int)pcn_sys(__NR_fsync, fd);
	pcn_sys(__NR_close, fd);
	if (!err)
		err = (int)pcn_sys(__NR_renameat, AT_FDCWD, other, AT_FDCWD,
				   path);
	if (err)
		pcn_sys(__NR_unlinkat, AT_FDCWD, other, 0);
	pcn_snapshot_discard(&s->snapshot);
	if (!err && !leave_running)
		pcn_sys(__NR_exit_group, 0);
	pcn_timers_start(s->snapshot.info.timers);
	return err;
}

static int serve(struct save *s, struct order *order)
{
	const struct pcn_request_info *r = s->request;
	int err;

	if (r->kind == PCN_REQUEST_CHECKPOINT && r->path)
		return checkpoint_to_path(s, r->path, r->leave_running);
	if (r->asker && !pcn_channel_asked()) {
		err = pcn_channel_ask(r->kind == PCN_REQUEST_FORK
					      ? PCN_MSG_ASK_FORK
					      : PCN_MSG_ASK_MOVE,
				      r->node);
		if (err)
			return err;
		pcn_channel_asked();
	}
	err = say_stopped(s, order);
	if (err)
		return err;
	switch (order->action) {
	case PCN_REQUEST_MOVE:
		err = save_move(s, order);
		break;
	case PCN_REQUEST_CHECKPOINT:
		err = save_checkpoint(s, order);
		break;
	case PCN_REQUEST_FORK:
		err = save_fork(s, order);
		break;
	default:
		err = -EPROTO;
	}
	for (uint32_t i = 0; i < order->fd_count; i++)
		pcn_sys(__NR_close, order->fds[i]);
	return err;
}

/* A limit on the size of files is an error of ours, no signal for the program:
 * it is blocked here, like all. */
static int serve_unsignalled(struct save *s, struct order *order)
{
	const uint64_t too_big = 1ull << (SIGXFSZ - 1);
	const struct pcn_timespec now = {0, 0};
	int err = serve(s, order);

	if (err == -EFBIG)
		pcn_sys(__NR_rt_sigtimedwait, &too_big, NULL, &now,
			sizeof(too_big));
	return err;
}

int pcn_request_serve(const struct pcn_request_info *request)
{
	static struct save
		s; /* the world stands still: one request at a time */
	static struct order order;

	pcn_late_end();
	memset(&s, 0, sizeof(s));
	memset(&order, 0, sizeof(order));
	s.request = request;
	s.start_ns = pcn_time_ns();
	return serve_unsignalled(&s, &order);
}
