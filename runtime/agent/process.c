/* A node's process, wherever it runs: local.c and remote.c say how. */
#include "agent.h"

#include <errno.h>
#include <string.h>

struct process *process_new(struct agent *a, int node,
			    const struct process_kind *kind)
{
	for (int i = 0; i < AGENT_PROCESSES; i++) {
		struct process *p = &a->processes[i];

		if (p->used)
			continue;
		memset(p, 0, sizeof(*p));
		p->kind = kind;
		p->used = true;
		p->channel = p->transfer = -1;
		p->userfaults = (struct userfaults){
			.socket = -1, .late = -ENOSYS, .shared = -ENOSYS};
		p->node = node;
		return p;
	}
	pcn_fail(&a->error, -EAGAIN, "too many processes");
	return NULL;
}

struct process *process_start(struct agent *a, int node,
			      enum pcn_channel_role role)
{
	return a->options->nodes.list[node].remote ? remote_start(a, node, role)
						   : local_start(a, node, role);
}

int process_send(struct process *p, const struct pcn_message *m,
		 const void *text)
{
	return process_in_reach(p) ? p->kind->send(p, m, text) : -EPIPE;
}

int process_tell(struct process *p, enum pcn_message_type type, int64_t value)
{
	const struct pcn_message m = {.type = type, .value = {value}};

	return p ? process_send(p, &m, NULL) : -EPIPE;
}

bool process_in_reach(const struct process *p)
{
	return p->kind->in_reach(p);
}

void process_request(struct process *p, enum pcn_request request)
{
	p->kind->request(p, request);
}

void process_interrupt(struct agent *a, struct process *p)
{
	reserve_give(a);
	p->kind->interrupt(a, p);
	reserve_take(a);
}

void process_signal(struct agent *a, struct process *p, int signal,
		    const siginfo_t *info)
{
	p->kind->signal(a, p, signal, info);
}

bool process_is_dying(struct agent *a, const struct process *p)
{
	bool dying;

	reserve_give(a);
	dying = p->kind->is_dying(p);
	reserve_take(a);
	return dying;
}

int process_save(struct agent *a, struct process *p,
		 const struct pcn_message *go)
{
	return p->kind->save(a, p, go);
}

int process_take(struct agent *a, struct process *p)
{
	return p->kind->take(a, p);
}

void process_drop(struct agent *a, struct process *p, bool kill_it)
{
	p->kind->drop(a, p, kill_it);
	memset(p, 0, sizeof(*p));
}
