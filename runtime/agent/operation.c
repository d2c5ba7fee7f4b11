/*
 * One operation at a time: a move, a fork, a checkpoint, the first restore.
 *
 * A move:     agent starts the target; target READY; agent raises the request;
 *             program STOPPED, agent GO; program sends its state to the target,
 *             then SAVED; target RESTORED; agent COMMITs both.
 * Until the COMMIT any failure ends the target only: the source gets an ABORT
 * and goes on.  Nothing runs twice: the target waits for the COMMIT, and it is
 * killed before the source hears ABORT.
 */
#define _GNU_SOURCE
#include "agent.h"
#include "operation.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The end of a process is seen sooner. */
#define CHANNEL_GONE_NS 200000000u

void operation_answer(struct agent *a, struct process *p, int result)
{
	struct pcn_message m = {.type = PCN_MSG_ANSWER, .value = {result}};

	if (result < 0)
		m.text_size = (uint32_t)strlen(a->error.text);
	process_send(p, &m, a->error.text);
}

void operation_set_deadline(struct agent *a)
{
	a->op.deadline_ns = now_ns() + a->options->timeout_ns;
}

/* Threads that wait for memory cannot stop: not before it has come. */
void operation_raise(struct agent *a)
{
	struct operation *op = &a->op;

	if (late_is_serving(&a->late))
		return;
	if (!op->raised && !op->asker)
		process_request(a->current, op->kind);
	op->raised = true;
	process_interrupt(a, a->current);
}

void operation_begin(struct agent *a, enum pcn_request kind, int node,
		     int client)
{
	memset(&a->op, 0, sizeof(a->op));
	a->op.kind = kind;
	a->op.node = node;
	a->op.client = client;
	a->op.file = a->op.fork_channel = -1;
	a->op.started_ns = now_ns();
	a->error.text[0] = 0;
	operation_set_deadline(a);
}

void operation_finish(struct agent *a)
{
	if (a->op.file >= 0)
		close(a->op.file);
	if (a->op.fork_channel >= 0)
		close(a->op.fork_channel);
	transit_end(&a->transit);
	relay_resume(&a->relay);
	memset(&a->op, 0, sizeof(a->op));
	a->op.client = a->op.file = a->op.fork_channel = -1;
	a->hops.next_ns = 0;
	signals_release_held(a);
}

void operation_close_transfer(struct process *p)
{
	if (p->transfer >= 0)
		close(p->transfer);
	p->transfer = -1;
}

void operation_fail(struct agent *a, int err)
{
	struct operation *op = &a->op;
	struct process *source = a->current;

	if (op->target) {
		process_drop(a, op->target, true);
		op->target = NULL;
	}
	transit_end(&a->transit);
	relay_resume(&a->relay);
	if (op->asker && !op->answered)
		operation_answer(a, op->asker, err);
	if (source && op->phase == PHASE_STOPPING)
		process_request(source, PCN_REQUEST_NONE);
	if (op->client >= 0)
		socket_reply(a, op->client, "error %s", a->error.text);
	else if ((!op->asker || op->answered) && !a->options->quiet &&
		 err != -ESRCH) /* a program is told why by its answer only */
		fprintf(stderr, "popcorn-run: %s\n", a->error.text);
	if (source && op->phase == PHASE_SAVING && op->saved)
		process_tell(source, PCN_MSG_ABORT, err);
	a->moves_failed += op->kind == PCN_REQUEST_MOVE;
	trace_event(a, "failed", source ? source->node : -1, op->node,
		    "reason=\"%s\"", a->error.text);
	/* A program that is still saving must hear ABORT when it is done. */
	if (source && op->phase == PHASE_SAVING && !op->saved) {
		if (op->client >= 0)
			op->client = -1;
		op->asker = NULL;
		op->target = NULL;
		op->restored = op->through = false;
		op->kind = PCN_REQUEST_NONE;
		operation_close_transfer(source);
		return;
	}
	if (op->restoring) {
		a->restore_failed = a->ended = true;
		op->client = -1;
	}
	operation_finish(a);
}

/* A program that executes another one closes its channel; so does one that
 * ends, just before that is seen. */
static int out_of_control(struct agent *a)
{
	return pcn_fail(&a->error, -ENOTCONN,
			"the program has become another one, which is not "
			"under control");
}

int operation_busy(struct agent *a)
{
	if (a->op.phase != PHASE_NONE)
		return pcn_fail(&a->error, -EBUSY,
				"another operation is under way");
	if (!a->current)
		return pcn_fail(&a->error, -ESRCH, "the program has ended");
	if (!process_in_reach(a->current))
		return out_of_control(a);
	return 0;
}

int operation_start_target(struct agent *a, int node)
{
	const struct options *o = a->options;

	a->op.late = a->current && a->current->remote && !o->eager &&
		     !o->nodes.list[node].remote;
	a->op.target = process_start(a, node, PCN_ROLE_RESTORE);
	if (!a->op.target) {
		operation_fail(a, -ENOEXEC);
		return -ENOEXEC;
	}
	a->op.target->moves = a->current ? a->current->moves + 1 : 0;
	a->op.phase = PHASE_STARTING;
	return 0;
}

int operation_move(struct agent *a, int node, int client)
{
	int err = operation_busy(a);

	if (err)
		return err;
	operation_begin(a, PCN_REQUEST_MOVE, node, client);
	operation_start_target(
		a, node); /* if not, operation_fail() has told the client */
	return 0;
}

int operation_checkpoint(struct agent *a, int file, bool leave_running,
			 int client)
{
	int err = operation_busy(a);

	if (err)
		return err;
	operation_begin(a, PCN_REQUEST_CHECKPOINT, a->current->node, client);
	a->op.file = file;
	a->op.leave_running = leave_running;
	a->op.phase = PHASE_STOPPING;
	operation_raise(a);
	return 0;
}

int operation_restore(struct agent *a)
{
	operation_begin(a, PCN_REQUEST_MOVE, a->options->start_node, -1);
	a->op.restoring = true;
	return operation_start_target(a, a->options->start_node);
}
void operation_process_gone(struct agent *a, struct process *p)
{
	struct operation *op = &a->op;

	if (p == op->target && op->phase != PHASE_NONE) {
		if (!a->error.text[0])
			pcn_fail(&a->error, -EPIPE,
				 "node %s: its process ended before it was "
				 "ready",
				 a->options->nodes.list[p->node].name);
		operation_fail(a, -EPIPE);
	} else if (p == a->current && op->phase != PHASE_NONE) {
		pcn_fail(&a->error, -ESRCH, "the program ended");
		a->current = NULL;
		op->asker = NULL;
		operation_fail(a, -ESRCH);
		a->current = p;
	}
}

void operation_process_left(struct agent *a, struct process *p)
{
	p->leaving = false;
	p->left = true;
	if (!p->remote || !late_comes_over(&a->late, remote_link(p)))
		process_drop(a, p, true);
}

/* How much of a file's memory the target has read, for who looks on. */
static void show_restore(struct agent *a)
{
	unsigned long long pages = 0;
	char path[32];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)a->op.target->pid);
	f = fopen(path, "re");
	if (!f)
		return;
	if (fscanf(f, "%*u %llu", &pages) == 1)
		progress_show(&a->op.progress, pages * PCN_PAGE_SIZE);
	fclose(f);
}

void operation_tick(struct agent *a)
{
	struct operation *op = &a->op;

	if (op->phase == PHASE_NONE)
		return;
	if (!a->current && op->phase == PHASE_SAVING && op->target)
		show_restore(a);
	if (op->through && !op->handed)
		operation_state(a);
	if (op->phase == PHASE_NONE)
		return;
	if (a->current && !process_in_reach(a->current) &&
	    now_ns() > a->current->channel_gone_ns + CHANNEL_GONE_NS) {
		op->asker = NULL;
		op->saved = true; /* or never */
		operation_fail(a, out_of_control(a));
		return;
	}
	if (op->phase == PHASE_STOPPING && a->current)
		operation_raise(a);
	if (now_ns() < op->deadline_ns || op->kind == PCN_REQUEST_NONE)
		return;
	/* Writing takes as long as there is memory; what hangs is killed by
	 * hand. */
	if (op->phase == PHASE_SAVING && !op->saved)
		return;
	pcn_fail(&a->error, -ETIMEDOUT,
		 op->phase == PHASE_STARTING
			 ? "the node's process did not come up in time"
		 : op->phase == PHASE_STOPPING
			 ? "the program did not stop in time"
			 : "the node did not take the process over in time");
	operation_fail(a, -ETIMEDOUT);
}

void operation_client_says(struct agent *a, int client, bool commit)
{
	struct operation *op = &a->op;

	if (op->client != client || op->kind != PCN_REQUEST_CHECKPOINT ||
	    !op->saved)
		return;
	if (commit) {
		operation_commit_checkpoint(a);
		return;
	}
	pcn_fail(&a->error, -EIO, "the file could not be kept");
	operation_fail(a, -EIO);
}

void operation_client_gone(struct agent *a, int client)
{
	struct operation *op = &a->op;

	if (op->phase == PHASE_NONE || op->client != client)
		return;
	op->client = -1;
	/* A move goes on without its asker; a checkpoint has nobody to keep it.
	 */
	if (op->kind == PCN_REQUEST_CHECKPOINT) {
		pcn_fail(&a->error, -EPIPE,
			 "popcorn checkpoint was interrupted");
		operation_fail(a, -EIO);
	}
}