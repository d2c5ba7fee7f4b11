/*
 * process.c - who the program is: pids and tids that stay what they were, fork,
 * the end.
 */
#include "away.h"
#include "movable.h"

#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <linux/utsname.h>

/*
 * The kernel's number for one the program knows.  When the parent, or this
 * process itself, has moved, the kernel's parent is the process in which the
 * parent is now, or the agent, which passes on what it gets.
 */
static int32_t real_pid(int32_t pid)
{
	int32_t parent;

	if (pid == pcn_process->pid)
		return pcn_real_pid();
	if (!pcn_process->moves || pid != pcn_process->ppid)
		return pid;
	parent = pcn_sys(__NR_getppid);
	return parent > 1 ? parent : pid;
}

int32_t pcn_program_pid(int32_t pid)
{
	if (pid == pcn_real_pid())
		return pcn_process->pid;
	if (pid > 1 && pcn_process->moves && pid == pcn_sys(__NR_getppid))
		return pcn_process->ppid;
	return pid;
}

int32_t pcn_real_tid(int32_t tid)
{
	struct pcn_native *native;
	int32_t real = tid;

	pcn_lock(&pcn_process->lock);
	native = pcn_thread_by_tid(tid);
	if (native)
		real = native->tid;
	pcn_unlock(&pcn_process->lock);
	return real;
}

void pcn_name_sender(uint8_t *info)
{
	siginfo_t *sent = (siginfo_t *)info;

	switch (sent->si_code) {
	case SI_USER:
	case SI_QUEUE:
	case SI_TKILL:
	case SI_MESGQ:
		sent->si_pid = pcn_program_pid(sent->si_pid);
	}
}

long pcn_real_clock(int32_t clock)
{
	int32_t kind = clock & 7, id = ~((clock - kind) / 8);

	if (clock >= 0 || !id || kind == 3) /* of a descriptor */
		return clock;
	id = kind & 4 ? pcn_real_tid(id) : real_pid(id);
	return ~id * 8 | kind;
}

long pcn_call_clock(struct pcn_call *call)
{
	call->a[0] = pcn_real_clock(call->a[0]);
	return pcn_call_native(call);
}

long pcn_call_getpid(struct pcn_call *call)
{
	(void)call;
	return pcn_process->pid;
}

/* As long as the process has not moved, the kernel knows better. */
long pcn_call_getppid(struct pcn_call *call)
{
	(void)call;
	return pcn_process->moves ? pcn_process->ppid : pcn_sys(__NR_getppid);
}

long pcn_call_gettid(struct pcn_call *call)
{
	return call->native->thread->tid;
}

/* Kept for the end of the thread, which is done here and not by the kernel. */
long pcn_call_set_tid_address(struct pcn_call *call)
{
	call->native->thread->clear_child_tid = call->a[0];
	return call->native->thread->tid;
}

long pcn_call_kill(struct pcn_call *call)
{
	call->a[0] = real_pid(call->a[0]);
	return pcn_call_native(call);
}

long pcn_call_tkill(struct pcn_call *call)
{
	call->a[0] = pcn_real_tid(call->a[0]);
	return pcn_call_native(call);
}

long pcn_call_tgkill(struct pcn_call *call)
{
	if ((int32_t)call->a[0] == pcn_process->pid)
		call->a[1] = pcn_real_tid(call->a[1]);
	call->a[0] = real_pid(call->a[0]);
	return pcn_call_native(call);
}

long pcn_call_sigqueueinfo(struct pcn_call *call)
{
	call->a[0] = real_pid(call->a[0]);
	return pcn_call_native(call);
}

long pcn_call_tgsigqueueinfo(struct pcn_call *call)
{
	return pcn_call_tgkill(call);
}

/* A pid or tid first, and nothing else to translate. */
long pcn_call_pid_first(struct pcn_call *call)
{
	if (call->a[0])
		call->a[0] = real_pid(pcn_real_tid(call->a[0]));
	return pcn_call_native(call);
}

long pcn_call_setpgid(struct pcn_call *call)
{
	call->a[0] = real_pid(call->a[0]);
	call->a[1] = real_pid(call->a[1]);
	return pcn_call_native(call);
}

long pcn_call_priority(struct pcn_call *call)
{
	if (call->a[0] == 0 && call->a[1]) /* PRIO_PROCESS */
		call->a[1] = real_pid(pcn_real_tid(call->a[1]));
	return pcn_call_native(call);
}

long pcn_call_umask(struct pcn_call *call)
{
	pcn_process->umask = call->a[0] & 0777;
	return pcn_call_native(call);
}

/* The machine is the portable one: a program that remembers it stays right. */
long pcn_call_uname(struct pcn_call *call)
{
	struct new_utsname *name = (void *)call->a[0];
	long result = pcn_call_native(call);

	if (!result)
		pcn_strcopy(name->machine, "popcorn64", sizeof name->machine);
	return result;
}

static void release_private(struct pcn_native *native)
{
	if (native->holds_private)
		__atomic_fetch_sub(&pcn_private_holds, 1, __ATOMIC_SEQ_CST);
	native->holds_private = false;
}

/*
 * fork, and vfork as fork: the child gets a copy of everything.  It is a
 * process of its own and not under the agent's control.
 */
long pcn_call_fork(struct pcn_call *call)
{
	struct pcn_native *native = call->native;
	unsigned long kept =
		CLONE_CHILD_SETTID | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	unsigned long flags =
		call->a[0] & ~(0xfful | CLONE_VM | CLONE_VFORK | kept);
	long pid;

	if (flags)
		return -EINVAL;
	release_private(native);
	if (pcn_shared)
		return -EAGAIN;
	pcn_lock(&pcn_process->lock);
	pcn_movable_lend_locked();
	pid = pcn_sys(__NR_clone, call->a[0] & 0xff, 0, 0, 0, 0);
	if (!pid) {
		pcn_private_holds = 0;
		pcn_process->lock = 0;
		pcn_world_forked();
		pcn_pending_forked();
		pcn_threads_forked(native);
		pcn_signals_forked(native);
		pcn_timers_forked();
		pcn_signals_apply_mask(native);
		pcn_channel_forked();
		pcn_poll_settle();
		if (call->a[0] & CLONE_CHILD_SETTID)
			*(int32_t *)call->a[4] = native->thread->tid;
		native->thread->clear_child_tid =
			call->a[0] & CLONE_CHILD_CLEARTID ? (uint64_t)call->a[4]
							  : 0;
		return 0;
	}
	pcn_unlock(&pcn_process->lock);
	if (pid > 0 && (call->a[0] & CLONE_PARENT_SETTID))
		*(int32_t *)call->a[2] = pid;
	return pid;
}

/*
 * A signal that comes before the new program does is the old one's; one that
 * the old one has blocked goes to the new one, and so does the mask as it was
 * set.  An interrupt of the agent's, sent while there was a handler, may come
 * when there is none any more: ignored, it does not kill the new one.
 */
static long execute(struct pcn_call *call)
{
	struct pcn_native *native = call->native;
	const long *a = call->a;
	long number = call->number == 221 ? __NR_execve : __NR_execveat, result;

	do {
		bool unused;

		native->interrupt = 0;
		pcn_signals_deliver(native, &unused);
		pcn_pending_give_back(native);
		pcn_signals_hear_interrupts(false);
		result = pcn_blocking_syscall(number, a[0], a[1], a[2], a[3],
					      a[4], a[5], &native->interrupt);
		pcn_signals_hear_interrupts(true);
	} while (result == -EINTR || result == -PCN_ERESTART);
	return result;
}

/* The program's own executable is for several ISAs and begins with one: if this
 * kernel's is another one, the slice that runs will do. */
long pcn_call_execve(struct pcn_call *call)
{
	long *path = &call->a[call->number == 221 ? 0 : 1], asked = *path;
	const char *exe = pcn_executable_instead(
		(const char *)asked,
		pcn_sys(__NR_faccessat, AT_FDCWD, asked, 0 /* F_OK */));
	long result;

	if (exe) {
		*path = (long)exe;
		result = execute(call);
		if (result != -ENOEXEC && result != -ENOENT)
			return result;
		*path = asked;
	}
	return execute(call);
}

long pcn_call_exit(struct pcn_call *call)
{
	if (pcn_process->thread_count == 1)
		pcn_exit_group(call->a[0]);
	pcn_thread_exit();
}

long pcn_call_exit_group(struct pcn_call *call)
{
	pcn_exit_group(call->a[0]);
}
