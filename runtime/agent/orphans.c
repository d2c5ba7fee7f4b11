/*
 * Children of the program that outlived the process that made them: when it
 * moves on, the kernel gives them to us (PR_SET_CHILD_SUBREAPER), and the
 * program asks us about them (runtime/program/children.c).
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The program's own children come to us when it moves; it may ask for them. */
void orphans_keep(struct agent *a, pid_t pid, int status)
{
	if (a->orphan_count ==
	    AGENT_ORPHANS) /* never asked for: forget the oldest */
		memmove(a->orphans, a->orphans + 1,
			sizeof(*a->orphans) * --a->orphan_count);
	a->orphans[a->orphan_count++] = (struct orphan){pid, status};
	if (a->current)
		process_signal(a, a->current, SIGCHLD, NULL);
}

/* Does somebody who is not a process of ours count as our child? */
static bool find_orphan(struct agent *a, int pid)
{
	char path[64];
	bool found = false;
	int child;
	FILE *f;

	/* The process it moved from may not have let go of its children yet. */
	for (int i = 0; i < AGENT_PROCESSES; i++)
		if (a->stale[i] || a->processes[i].leaving)
			return true;
	snprintf(path, sizeof(path), "/proc/self/task/%d/children",
		 (int)getpid());
	f = fopen(path, "re");
	if (!f)
		return false;
	while (!found && fscanf(f, "%d", &child) == 1) {
		found = pid <= 0 || child == pid;
		for (int i = 0; i < AGENT_PROCESSES; i++)
			if (a->processes[i].used &&
			    a->processes[i].pid == child)
				found = false;
		if (child == a->late.guard.pid)
			found = false;
	}
	fclose(f);
	return found;
}

static bool has_orphan(struct agent *a, int pid)
{
	bool found;

	reserve_give(a);
	found = find_orphan(a, pid);
	reserve_take(a);
	return found;
}

void orphans_wait(struct agent *a, struct process *p)
{
	struct pcn_message m = {.type = PCN_MSG_ANSWER, .value = {-ECHILD}};
	int pid = (int)a->packet.m.value[0];

	for (int i = 0; i < a->orphan_count; i++) {
		if (pid > 0 && a->orphans[i].pid != pid)
			continue;
		m.value[0] = a->orphans[i].pid;
		m.value[1] = a->orphans[i].status;
		if (!(a->packet.m.value[1] & WNOWAIT))
			a->orphans[i] = a->orphans[--a->orphan_count];
		break;
	}
	if (m.value[0] < 0 && has_orphan(a, pid))
		m.value[0] = 0;
	process_send(p, &m, NULL);
}
