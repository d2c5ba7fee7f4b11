/*
 * children.c - waiting for children after a move.
 *
 * Children that the process had on an earlier node are not its new process's:
 * the kernel has given them to the agent (PR_SET_CHILD_SUBREAPER), who is asked
 * about them.  Those that it made since are the kernel's business as ever.
 */
#include "channel.h"
#include "native.h"

#include <linux/wait.h>

#define ROUND_NS    5000000l
#define RUSAGE_SIZE 144

/* What wait4 and waitid do each in their own way.  own: among the kernel's, at
 * once: the call's result, NONE_YET or -ECHILD.  take: the agent's answer. */
#define NONE_YET -4096l /* no errno */

struct way {
	int pid, options;
	long (*own)(const struct pcn_call *call);
	long (*take)(const struct pcn_call *call, int pid, int status);
};

static long wait_for(struct pcn_call *call, const struct way *way, long native)
{
	const long *a = call->a;
	struct pcn_timespec round = {0, ROUND_NS};
	long own, slept;
	int agents, status;

	for (;;) {
		if (pcn_channel_fd() < 0 || !pcn_process->moves)
			break;
		own = way->own(call);
		if (own != NONE_YET && own != -ECHILD)
			return own;
		agents = pcn_channel_wait(way->pid, way->options, &status);
		if (agents > 0)
			return way->take(call, agents, status);
		if (agents == -ECHILD && own == -ECHILD)
			return -ECHILD;
		if (way->options & WNOHANG)
			return 0;
		if (agents == -ECHILD)
			break;
		slept = pcn_call_blocking(
			call, PCN_CALL_BLOCK, __NR_clock_nanosleep,
			1 /* CLOCK_MONOTONIC */, 0, (long)&round, 0, 0, 0);
		if (slept)
			return slept;
	}
	return pcn_call_blocking(call, PCN_CALL_BLOCK, native, a[0], a[1], a[2],
				 a[3], a[4], 0);
}

static long own_wait4(const struct pcn_call *call)
{
	const long *a = call->a;
	long pid = pcn_sys(__NR_wait4, a[0], a[1], a[2] | WNOHANG, a[3]);

	return pid ? pid : NONE_YET;
}

/* What the child used is not known. */
static long take_wait4(const struct pcn_call *call, int pid, int status)
{
	if (call->a[1])
		*(int *)call->a[1] = status;
	if (call->a[3])
		memset((void *)call->a[3], 0, RUSAGE_SIZE);
	return pid;
}

long pcn_call_wait4(struct pcn_call *call)
{
	const struct way way = {(int)call->a[0], (int)call->a[2], own_wait4,
				take_wait4};

	return wait_for(call, &way, __NR_wait4);
}

static long own_waitid(const struct pcn_call *call)
{
	const long *a = call->a;
	siginfo_t info = {0};
	long result = pcn_sys(__NR_waitid, a[0], a[1], (long)&info,
			      a[3] | WNOHANG, a[4]);

	if (!result && !info.si_pid)
		return NONE_YET;
	if (!result && a[2])
		*(siginfo_t *)a[2] = info;
	return result;
}

static long take_waitid(const struct pcn_call *call, int pid, int status)
{
	siginfo_t *info = (siginfo_t *)call->a[2];
	int signal = status & 0x7f;

	if (info) {
		memset(info, 0, sizeof *info);
		info->si_signo = SIGCHLD;
		info->si_code = !signal		? CLD_EXITED
				: status & 0x80 ? CLD_DUMPED
						: CLD_KILLED;
		info->si_pid = pid;
		info->si_status = signal ? signal : status >> 8 & 0xff;
	}
	if (call->a[4])
		memset((void *)call->a[4], 0, RUSAGE_SIZE);
	return 0;
}

/* The agent knows ended children, by their pids. */
long pcn_call_waitid(struct pcn_call *call)
{
	const long *a = call->a;
	const struct way way = {a[0] == P_PID ? (int)a[1] : -1, (int)a[3],
				own_waitid, take_waitid};

	if ((a[0] != P_PID && a[0] != P_ALL) || !(a[3] & WEXITED))
		return pcn_call_blocking(call, PCN_CALL_BLOCK, __NR_waitid,
					 a[0], a[1], a[2], a[3], a[4], 0);
	if ((a[3] & WNOHANG) && a[2])
		((siginfo_t *)a[2])->si_pid = 0;
	return wait_for(call, &way, __NR_waitid);
}
