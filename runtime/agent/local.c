/* Processes of this machine: starts them, says the first word to them, ends
 * them. */
#define _GNU_SOURCE
#include "agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

#define PRELOAD	   "/lib/popcorn/popcorn-userfault.so"
#define PF_EXITING 0x4u /* linux/sched.h, not for user space; in proc(5) */

/* For messages: "node NAME", or the program that is not on one yet. */
static const char *name_of(struct agent *a, const struct process *p)
{
	static char text[64];

	if (!a->current && !a->op.target)
		return a->executable.path;
	snprintf(text, sizeof(text), "node %s",
		 a->options->nodes.list[p->node].name);
	return text;
}

static int new_control(struct process *p)
{
	void *page;
	int fd = memfd_create("popcorn-control", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, PCN_PAGE_SIZE))
		return -errno;
	page = mmap(NULL, PCN_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    0);
	if (page == MAP_FAILED)
		return -errno;
	p->control = page;
	return fd;
}

static int say_welcome(struct agent *a, struct process *p,
		       enum pcn_channel_role role, int control, int transfer)
{
	struct pcn_message m = {.type = PCN_MSG_WELCOME};
	const struct nodes *nodes = &a->options->nodes;
	char text[PCN_CHANNEL_TEXT_MAX];
	int fds[2] = {control, transfer};
	size_t at = strlen(a->executable.path) + 1;

	memcpy(text, a->executable.path, at);
	for (int i = 0; i < nodes->count; i++) {
		size_t size = strlen(nodes->list[i].name) + 1;

		memcpy(text + at, nodes->list[i].name, size);
		at += size;
	}
	m.text_size = (uint32_t)at;
	m.value[0] = role;
	m.value[1] = p->node;
	m.value[2] = nodes->count;
	m.value[3] = PCN_CHANNEL_VERSION;
	return packet_send(p->channel, &m, text, fds,
			   role == PCN_ROLE_RESTORE ? 2 : 1);
}

/* All but exec: channel, control page, transfer socket.  Returns the child's
 * end of the channel. */
static int prepare(struct agent *a, struct process *p,
		   enum pcn_channel_role role)
{
	int channel[2] = {-1, -1}, transfer[2] = {-1, -1}, control, err;

	control = new_control(p);
	if (control < 0)
		return pcn_fail(&a->error, control, "%s: memfd: %s",
				name_of(a, p), strerror(-control));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) ||
	    (role == PCN_ROLE_RESTORE &&
	     socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, transfer))) {
		err = pcn_fail(&a->error, -errno, "%s: socketpair: %s",
			       name_of(a, p), strerror(errno));
	} else {
		p->channel = channel[0];
		p->transfer = transfer[0];
		err = say_welcome(a, p, role, control, transfer[1]);
		if (err)
			pcn_fail(&a->error, err, "channel: %s", strerror(-err));
	}
	close(control);
	if (transfer[1] >= 0)
		close(transfer[1]);
	if (err && channel[1] >= 0)
		close(channel[1]);
	return err ? err : channel[1];
}

/* The highest number a program's own descriptors will hardly reach. */
static int channel_number(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur > 65536)
		return 65535;
	return (int)limit.rlim_cur - 1;
}

/* An emulated program cannot make a userfaultfd; its emulator can
 * (../dsm/preload.c).
 */
static int preload(int socket, int number)
{
	const char *before = getenv("LD_PRELOAD");
	char path[PATH_MAX], file[PATH_MAX], list[2 * PATH_MAX], value[16];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	for (int up = 0; up < 2; up++) {
		path[n > 0 ? n : 0] = 0;
		slash = strrchr(path, '/');
		n = slash ? slash - path : 0;
	}
	path[n] = 0;
	n = snprintf(file, sizeof(file), "%s%s", path, PRELOAD);
	if (n < 0 || n >= (ssize_t)sizeof(file)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	snprintf(value, sizeof(value), "%d", number);
	n = snprintf(list, sizeof(list), "%s%s%s", file,
		     before && *before ? ":" : "", before ? before : "");
	if (n < 0 || n >= (ssize_t)sizeof(list)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (dup2(socket, number) < 0 || access(file, R_OK) ||
	    setenv("LD_PRELOAD", list, 1) ||
	    setenv(PCN_USERFAULT_ENV, value, 1))
		return -1;
	return 0;
}

/* The child, between fork and exec. */
static void run(struct agent *a, enum pcn_channel_role role, int channel,
		int userfaults, const char *path, char **argv, int report)
{
	char value[16];
	int number = channel_number(), err;
	sigset_t all;

	/* Without us, a node's process waits for pages for ever. */
	if (a->hosts_guest || role == PCN_ROLE_NODE)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (a->hosts_guest) {
		/* Not in our process group, which is orphaned: there the kernel
		 * ignores SIGTSTP. */
		setpgid(0, 0);
	}
	if (dup2(channel, number) < 0)
		goto failed;
	if (channel == number)
		fcntl(number, F_SETFD, 0);
	if (userfaults >= 0 && preload(userfaults, number - 1))
		goto failed;
	snprintf(value, sizeof(value), "%d", number);
	/* Without it a node's process would begin the program anew. */
	if (setenv(PCN_CHANNEL_ENV, value, 1))
		goto failed;
	/* A process that waits for its state takes no signal before it knows
	 * what the program does with it. */
	signals_for_program(a);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, role == PCN_ROLE_START ? &a->old_mask : &all,
		    NULL);
	execve(path, argv, environ);
failed:
	err = errno;
	if (write(report, &err, sizeof(err)) < 0)
		_exit(EXIT_AGENT);
	_exit(EXIT_AGENT);
}

static int spawn(struct agent *a, struct process *p, enum pcn_channel_role role,
		 int channel, int userfaults, const char *path, char **argv)
{
	int report[2], err = 0;

	if (pipe2(report, O_CLOEXEC))
		return pcn_fail(&a->error, -errno, "%s: pipe: %s",
				name_of(a, p), strerror(errno));
	p->pid = fork();
	if (p->pid == 0)
		run(a, role, channel, userfaults, path, argv, report[1]);
	close(report[1]);
	if (p->pid < 0)
		err = pcn_fail(&a->error, -errno,
			       "%s: cannot start a process: %s", name_of(a, p),
			       strerror(errno));
	else if (read(report[0], &err, sizeof(err)) != sizeof(err))
		err = 0;
	else
		pcn_fail(&a->error, -err, "%s: %s",
			 a->options->nodes.list[p->node].emulated
				 ? path
				 : a->executable.path,
			 strerror(err));
	close(report[0]);
	return err;
}

/* The slice's name for exec: through our own descriptors, so that none leaks
 * into the program, and a program rebuilt meanwhile makes no difference. */
static int slice_path(struct agent *a, const struct node *node, char path[64])
{
	int fd = pcn_executable_slice(&a->executable, node->isa, &a->error);

	if (fd < 0)
		return fd;
	snprintf(path, 64, "/proc/%d/fd/%d", (int)getpid(), fd);
	return 0;
}

struct process *local_start(struct agent *a, int node_index,
			    enum pcn_channel_role role)
{
	const struct node *node = &a->options->nodes.list[node_index];
	const char *command[PCN_NODE_ARGV], *path, **argv;
	char *own_argv[2] = {a->executable.path, NULL};
	char **program = role == PCN_ROLE_START ? a->options->argv : own_argv;
	struct process *p = process_new(a, node_index, &process_local);
	char slice[64];
	int n = 0, count = 0, channel, userfaults[2] = {-1, -1}, err;

	if (!p)
		return NULL;
	if (slice_path(a, node, slice))
		goto failed;
	path = slice;
	if (role == PCN_ROLE_START && !node->emulated)
		path = a->executable.path; /* a name that ps shows */
	channel = prepare(a, p, role);
	if (channel < 0)
		goto failed;
	while (program[count])
		count++;
	argv = calloc((size_t)count + PCN_NODE_ARGV + 2, sizeof(*argv));
	if (!argv) {
		pcn_fail(&a->error, -ENOMEM, "out of memory");
		close(channel);
		goto failed;
	}
	if (node->emulated) {
		n = pcn_node_command(node, slice, command);
		memcpy(argv, command, sizeof(*argv) * ((size_t)n - 1));
		argv[n - 1] = "-0";
		argv[n] = program[0];
		argv[n + 1] = slice;
		memcpy(argv + n + 2, program + 1,
		       sizeof(*argv) * (size_t)(count - 1));
		path = command[0];
	} else {
		memcpy(argv, program, sizeof(*argv) * (size_t)count);
	}
	p->userfaults.emulated = node->emulated;
	if (node->emulated &&
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, userfaults))
		err = pcn_fail(&a->error, -errno, "socketpair: %s",
			       strerror(errno));
	else
		err = spawn(a, p, role, channel, userfaults[1], path,
			    (char **)argv);
	p->userfaults.socket = userfaults[0];
	if (userfaults[1] >= 0)
		close(userfaults[1]);
	free(argv);
	close(channel);
	if (!err)
		return p;
failed:
	process_drop(a, p, true);
	return NULL;
}

struct process *local_prepare_fork(struct agent *a, int node_index,
				   int *channel, char *argv_text,
				   uint32_t *argv_size)
{
	const struct node *node = &a->options->nodes.list[node_index];
	struct process *p = process_new(a, node_index, &process_local);
	const char *command[PCN_NODE_ARGV];
	char slice[64];
	uint32_t at = 0;
	int n;

	if (!p)
		return NULL;
	p->forked = true;
	if (slice_path(a, node, slice))
		goto failed;
	*channel = prepare(a, p, PCN_ROLE_RESTORE);
	if (*channel < 0)
		goto failed;
	n = pcn_node_command(node, slice, command);
	for (int i = 0; i < n; i++) {
		uint32_t size = (uint32_t)strlen(command[i]) + 1;

		if (at + size > *argv_size) {
			pcn_fail(&a->error, -ENAMETOOLONG, "command too long");
			close(*channel);
			goto failed;
		}
		memcpy(argv_text + at, command[i], size);
		at += size;
	}
	*argv_size = at;
	return p;
failed:
	process_drop(a, p, false);
	return NULL;
}

/* The program has its own copies: what we keep open, nobody would see it close.
 * stderr stays for messages. */
void local_release_inherited(void)
{
	DIR *d = opendir("/proc/self/fd");
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		int fd = atoi(e->d_name), flags;

		if (e->d_name[0] == '.' || fd <= 2 || fd == null)
			continue;
		flags = fcntl(fd, F_GETFD);
		if (flags >= 0 && !(flags & FD_CLOEXEC)) /* none of ours */
			close(fd);
	}
	if (d)
		closedir(d);
	if (null < 0)
		return;
	dup2(null, 0);
	dup2(null, 1);
	close(null);
}

static void remember_stale(struct agent *a, pid_t pid)
{
	for (int i = 0; i < AGENT_PROCESSES; i++)
		if (!a->stale[i]) {
			a->stale[i] = pid;
			return;
		}
}

static void close_one(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void drop(struct agent *a, struct process *p, bool kill_it)
{
	/* A forked copy is its parent's to reap, and to kill. */
	if (kill_it && p->pid > 0 && !p->forked && !p->reaped) {
		kill(p->pid, SIGKILL);
		remember_stale(a, p->pid);
	}
	close_one(p->channel);
	close_one(p->transfer);
	close_one(p->userfaults.socket);
	close_one(p->userfaults.late);
	close_one(p->userfaults.shared);
	if (a->late.process == p)
		late_end(&a->late);
	if (p->control)
		munmap(p->control, PCN_PAGE_SIZE);
}

/* Has somebody killed it, though its channel may still be open?  A process with
 * much memory takes its time to end. */
static bool is_dying(const struct process *p)
{
	unsigned long long pending, sum = 0;
	unsigned int flags = PF_EXITING;
	char path[32], line[1024], *at;
	FILE *f;

	if (p->pid <= 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)p->pid);
	f = fopen(path, "re");
	if (!f)
		return true;
	/* pid (name) state ppid pgrp session tty tpgid flags */
	at = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	if (at)
		sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %u", &flags);
	fclose(f);
	snprintf(path, sizeof(path), "/proc/%d/status", (int)p->pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "SigPnd: %llx", &pending) == 1 ||
		    sscanf(line, "ShdPnd: %llx", &pending) == 1)
			sum |= pending;
	if (f)
		fclose(f);
	return !f || flags & PF_EXITING || sum >> (SIGKILL - 1) & 1;
}

/*
 * Does the task take the signal?  Not before the run time has its handler (it
 * would kill), nor while one waits there already (they would queue up in
 * threads that block it: an emulator's own).
 */
static bool takes(pid_t pid, const char *task, int signal)
{
	unsigned long long pending = 0, caught = 0;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/status", (int)pid,
		 task);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		sscanf(line, "SigPnd: %llx", &pending);
		if (sscanf(line, "SigCgt: %llx", &caught) == 1)
			break;
	}
	fclose(f);
	return (caught & ~pending) >> (signal - 1) & 1;
}

static void interrupt(struct agent *a, struct process *p)
{
	int signal = pcn_node_signal(&a->options->nodes.list[p->node],
				     PCN_SIGNAL_INTERRUPT);
	struct dirent *e;
	char path[32];
	DIR *tasks;

	if (p->pid <= 0 ||
	    !__atomic_load_n(&p->control->listening, __ATOMIC_ACQUIRE))
		return;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)p->pid);
	tasks = opendir(path);
	if (!tasks)
		return;
	while ((e = readdir(tasks)))
		if (e->d_name[0] != '.' && takes(p->pid, e->d_name, signal))
			syscall(SYS_tgkill, p->pid, atoi(e->d_name), signal);
	closedir(tasks);
}

static int do_send(struct process *p, const struct pcn_message *m,
		   const void *text)
{
	return packet_send(p->channel, m, text, NULL, 0);
}

static bool in_reach(const struct process *p)
{
	return p->channel >= 0;
}

static void request(struct process *p, enum pcn_request request)
{
	__atomic_store_n(&p->control->request, request, __ATOMIC_SEQ_CST);
	if (request == PCN_REQUEST_NONE)
		return;
	__atomic_add_fetch(&p->control->sequence, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&p->control->poll_flag, 1, __ATOMIC_SEQ_CST);
}

/* With all that came with it, as far as the kernel lets us say so. */
static void do_signal(struct agent *a, struct process *p, int signal,
		      const siginfo_t *info)
{
	int native = pcn_node_signal(&a->options->nodes.list[p->node], signal);

	if (p->pid <= 0)
		return;
	if (!info || info->si_code >= 0 || info->si_code == SI_TKILL ||
	    syscall(SYS_rt_sigqueueinfo, p->pid, native, info))
		kill(p->pid, native);
}

static int save(struct agent *a, struct process *p,
		const struct pcn_message *go)
{
	struct pcn_message whole = *go;
	int theirs, err = transit_begin_local(&a->transit, &theirs, &a->error);

	if (err)
		return err;
	whole.value[3] = 1;
	err = packet_send(p->channel, &whole, NULL, &theirs, 1);
	close(theirs);
	return err ? pcn_fail(&a->error, err, "channel: %s", strerror(-err))
		   : 0;
}

/* Not all of its memory has come.  A process of popcornd's ends with us in any
 * case. */
static int serve(struct agent *a, struct process *p)
{
	int err = late_serve(&a->late, &a->transit.saved, p, &a->error);

	if (!err && !a->hosts_guest)
		err = guard_begin(&a->late.guard, p->pid, &a->error);
	return err;
}

static int take(struct agent *a, struct process *p)
{
	int err = late_is_whole(&a->late) ? 0 : serve(a, p);

	if (!err)
		err = transit_hand_over(&a->transit, &a->relay, p->transfer,
					&a->error);
	close(p->transfer);
	p->transfer = -1;
	return err;
}

const struct process_kind process_local = {
	.send = do_send,
	.in_reach = in_reach,
	.request = request,
	.interrupt = interrupt,
	.signal = do_signal,
	.is_dying = is_dying,
	.save = save,
	.take = take,
	.drop = drop,
};
