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

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The end of a process is seen sooner. */
#define CHANNEL_GONE_NS 200000000u

/* What a program says went wrong. */
static int error_of(int64_t value)
{
	return value < 0 && value > -4096 ? (int)value : -EIO;
}

/* Why, behind what a node's process says it cannot do; it may have said both.
 */
static void set_reason(struct agent *a, const struct process *target)
{
	int err = error_of(a->packet.m.value[0]);
	bool said = err == -EINVAL || err == -EPROTO;

	pcn_fail(&a->error, err, "node %s: %.800s%s%s",
		 a->options->nodes.list[target->node].name, a->packet.text,
		 said ? "" : ": ", said ? "" : strerror(-err));
}

/* p: NULL if that process has ended. */
static int tell(struct process *p, enum pcn_message_type type, int64_t value)
{
	struct pcn_message m = {.type = type, .value = {value}};

	if (!p || p->channel < 0)
		return -EPIPE;
	return packet_send(p->channel, &m, NULL, NULL, 0);
}

static void answer(struct agent *a, struct process *p, int result)
{
	struct pcn_message m = {.type = PCN_MSG_ANSWER, .value = {result}};

	if (result < 0)
		m.text_size = (uint32_t)strlen(a->error.text);
	packet_send(p->channel, &m, a->error.text, NULL, 0);
}

static void set_deadline(struct agent *a)
{
	a->op.deadline_ns = now_ns() + a->options->timeout_ns;
}

static void raise_request(struct process *p, enum pcn_request request)
{
	__atomic_store_n(&p->control->request, request, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&p->control->sequence, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&p->control->poll_flag, 1, __ATOMIC_SEQ_CST);
}

static void clear_request(struct process *p)
{
	__atomic_store_n(&p->control->request, PCN_REQUEST_NONE,
			 __ATOMIC_SEQ_CST);
}

static void begin(struct agent *a, enum pcn_request kind, int node, int client)
{
	memset(&a->op, 0, sizeof(a->op));
	a->op.kind = kind;
	a->op.node = node;
	a->op.client = client;
	a->op.file = a->op.fork_channel = -1;
	a->op.started_ns = now_ns();
	a->error.text[0] = 0;
	set_deadline(a);
}

/* Releases what the operation holds; hops go on from here. */
static void finish(struct agent *a)
{
	if (a->op.file >= 0)
		close(a->op.file);
	if (a->op.fork_channel >= 0)
		close(a->op.fork_channel);
	memset(&a->op, 0, sizeof(a->op));
	a->op.client = a->op.file = a->op.fork_channel = -1;
	a->hops.next_ns = 0;
	signals_release_held(a);
}

static void close_transfer(struct process *p)
{
	if (p->transfer >= 0)
		close(p->transfer);
	p->transfer = -1;
}

/*
 * Gives up, with the reason in a->error.  What the program is told depends on
 * where it stands: an asker that waits gets its ANSWER, a saver its ABORT at
 * SAVED or now, one that has not stopped yet is not disturbed any more.
 */
static void fail(struct agent *a, int err)
{
	struct operation *op = &a->op;
	struct process *source = a->current;

	if (op->target) {
		process_drop(a, op->target, true);
		op->target = NULL;
	}
	if (op->asker && !op->answered)
		answer(a, op->asker, err);
	if (source && op->phase == PHASE_STOPPING)
		clear_request(source);
	if (source && op->phase == PHASE_SAVING && op->saved)
		tell(source, PCN_MSG_ABORT, err);
	if (op->client >= 0)
		socket_reply(a, op->client, "error %s", a->error.text);
	else if (!op->asker && !a->options->quiet && err != -ESRCH)
		fprintf(stderr, "popcorn-run: %s\n", a->error.text);
	a->moves_failed += op->kind == PCN_REQUEST_MOVE;
	trace_event(a, "failed", source ? source->node : -1, op->node,
		    "reason=\"%s\"", a->error.text);
	/* A program that is still saving must hear ABORT when it is done. */
	if (source && op->phase == PHASE_SAVING && !op->saved) {
		if (op->client >= 0)
			op->client = -1;
		op->asker = NULL;
		op->target = NULL;
		op->restored = false;
		op->kind = PCN_REQUEST_NONE;
		close_transfer(source);
		return;
	}
	if (op->restoring) {
		a->restore_failed = a->ended = true;
		op->client = -1;
	}
	finish(a);
}

/* A program that executes another one closes its channel; so does one that
 * ends, just before that is seen. */
static int out_of_control(struct agent *a)
{
	return pcn_fail(&a->error, -ENOTCONN,
			"the program has become another one, which is not "
			"under control");
}

static int busy(struct agent *a)
{
	if (a->op.phase != PHASE_NONE)
		return pcn_fail(&a->error, -EBUSY,
				"another operation is under way");
	if (!a->current)
		return pcn_fail(&a->error, -ESRCH, "the program has ended");
	if (a->current->channel < 0)
		return out_of_control(a);
	return 0;
}

static int start_target(struct agent *a, int node)
{
	a->op.target = process_start(a, node, PCN_ROLE_RESTORE);
	if (!a->op.target) {
		fail(a, -ENOEXEC);
		return -ENOEXEC;
	}
	a->op.target->moves = a->current ? a->current->moves + 1 : 0;
	a->op.phase = PHASE_STARTING;
	return 0;
}

int operation_move(struct agent *a, int node, int client)
{
	int err = busy(a);

	if (err)
		return err;
	begin(a, PCN_REQUEST_MOVE, node, client);
	start_target(a, node); /* if not, fail() has told the client */
	return 0;
}

int operation_checkpoint(struct agent *a, int file, bool leave_running,
			 int client)
{
	int err = busy(a);

	if (err)
		return err;
	begin(a, PCN_REQUEST_CHECKPOINT, a->current->node, client);
	a->op.file = file;
	a->op.leave_running = leave_running;
	a->op.phase = PHASE_STOPPING;
	raise_request(a->current, PCN_REQUEST_CHECKPOINT);
	process_interrupt(a, a->current);
	return 0;
}

int operation_restore(struct agent *a)
{
	begin(a, PCN_REQUEST_MOVE, a->options->start_node, -1);
	a->op.restoring = true;
	return start_target(a, a->options->start_node);
}

/* --- What processes say
 * -------------------------------------------------------- */

static void asked(struct agent *a, struct process *p, enum pcn_request kind)
{
	int64_t wish = a->packet.m.value[0];
	int count = a->options->nodes.count;
	int node = wish == -1 ? (p->node + 1) % count : (int)wish;
	int err = busy(a);

	if (!err && (wish < -1 || wish >= count))
		err = pcn_fail(&a->error, -EINVAL, "no node %lld",
			       (long long)wish);
	if (!err && p != a->current)
		err = pcn_fail(&a->error, -ENOTSUP,
			       "a forked copy stays on its node");
	if (err) {
		answer(a, p, err);
		return;
	}
	begin(a, kind, node, -1);
	a->op.asker = p;
	if (kind == PCN_REQUEST_MOVE) {
		start_target(a, node);
		return;
	}
	a->op.phase = PHASE_STOPPING;
	a->op.answered = true;
	answer(a, p, 0);
}

static void target_ready(struct agent *a)
{
	struct operation *op = &a->op;

	set_deadline(a);
	if (!a->current) { /* restored from a file: there is no source */
		op->phase = PHASE_SAVING;
		op->stopped_ns = now_ns();
		if (saved_send(a->options->saved, op->target->transfer,
			       &a->error)) {
			fail(a, -EIO);
			return;
		}
		close_transfer(op->target);
		op->saved = true;
		progress_begin(&op->progress, "restoring",
			       a->options->saved->stream.info->memory_bytes);
		op->bytes = a->options->saved->stream.info->memory_bytes;
		op->threads = a->options->saved->stream.info->threads;
		op->frames = a->options->saved->stream.info->frames;
		return;
	}
	op->phase = PHASE_STOPPING;
	if (op->asker) {
		op->answered = true;
		answer(a, op->asker, 0);
		return;
	}
	raise_request(a->current, PCN_REQUEST_MOVE);
	process_interrupt(a, a->current);
}

/* GO, with the descriptors that the kind needs. */
static int send_go(struct agent *a, struct process *source)
{
	struct operation *op = &a->op;
	struct pcn_message m = {
		.type = PCN_MSG_GO,
		.value = {op->kind, op->node, op->leave_running},
	};
	char argv[PCN_CHANNEL_TEXT_MAX];
	uint32_t count = 1;
	int fds[2] = {op->file, -1}, err;

	if (op->kind == PCN_REQUEST_FORK) {
		m.text_size = 4000;
		op->target = process_prepare_fork(
			a, op->node, &op->fork_channel, argv, &m.text_size);
		if (!op->target)
			return -ENOEXEC;
		fds[count++] = op->fork_channel;
	}
	if (op->target)
		fds[0] = op->target->transfer;
	err = packet_send(source->channel, &m, argv, fds, count);
	/* From here the program alone holds the sender's end: when either side
	 * dies, the other one sees it. */
	if (op->target)
		close_transfer(op->target);
	if (op->fork_channel >= 0)
		close(op->fork_channel);
	op->fork_channel = -1;
	if (err)
		return pcn_fail(&a->error, err, "channel: %s", strerror(-err));
	return 0;
}

static void source_stopped(struct agent *a, struct process *p)
{
	struct operation *op = &a->op;

	if (p != a->current || op->phase != PHASE_STOPPING) {
		/* Given up meanwhile. */
		tell(p, PCN_MSG_ABORT, -ETIMEDOUT);
		return;
	}
	clear_request(p);
	op->stopped_ns = now_ns();
	op->threads = (uint32_t)a->packet.m.value[0];
	op->frames = (uint32_t)a->packet.m.value[1];
	op->stop_ns = (uint64_t)a->packet.m.value[2];
	if (send_go(a, p)) {
		op->saved = true;
		op->phase = PHASE_SAVING;
		fail(a, -EIO);
		return;
	}
	op->phase = PHASE_SAVING;
	set_deadline(a);
}

static void lost_target(struct agent *a)
{
	pcn_fail(&a->error, -EPIPE,
		 "node %s: its process ended before it was ready",
		 a->options->nodes.list[a->op.node].name);
	fail(a, -EPIPE);
}

static double pause_ms(const struct operation *op, uint64_t end)
{
	return (double)(end - op->stopped_ns + op->stop_ns) / 1e6;
}

static void commit_move(struct agent *a)
{
	struct operation *op = &a->op;
	struct process *source = a->current, *target = op->target;
	int from = source ? source->node : -1;
	uint64_t end;

	/* It may have died since it said that it stands. */
	if (process_is_dying(a, target) || tell(target, PCN_MSG_COMMIT, 0)) {
		lost_target(a);
		return;
	}
	end = now_ns();
	progress_end(&op->progress);
	a->current = target;
	if (source) {
		tell(source, PCN_MSG_COMMIT, 0);
		source->leaving = true; /* until it says LEFT */
		a->moves++;
	}
	trace_event(a, from < 0 ? "restore" : "move", from, target->node,
		    "threads=%u frames=%u bytes=%llu pause_ms=%.3f",
		    op->threads, op->frames, (unsigned long long)op->bytes,
		    pause_ms(op, end));
	if (op->client >= 0)
		socket_reply(a, op->client,
			     "ok\tnode=%s\tbytes=%llu\tpause_ms=%.3f",
			     a->options->nodes.list[target->node].name,
			     (unsigned long long)op->bytes, pause_ms(op, end));
	finish(a);
	if (!source)
		process_release_inherited();
}

static void commit_fork(struct agent *a)
{
	struct operation *op = &a->op;

	if (tell(op->target, PCN_MSG_COMMIT, 0)) {
		lost_target(a);
		return;
	}
	op->target->pid = op->child;
	tell(a->current, PCN_MSG_COMMIT, 0);
	trace_event(a, "fork", a->current->node, op->node,
		    "threads=1 frames=%u bytes=%llu pause_ms=%.3f pid=%d",
		    op->frames, (unsigned long long)op->bytes,
		    pause_ms(op, now_ns()), (int)op->child);
	op->target = NULL;
	finish(a);
}

static void commit_checkpoint(struct agent *a)
{
	struct operation *op = &a->op;

	tell(a->current, PCN_MSG_COMMIT, 0);
	trace_event(a, "checkpoint", a->current->node, -1,
		    "threads=%u frames=%u bytes=%llu pause_ms=%.3f",
		    op->threads, op->frames, (unsigned long long)op->bytes,
		    pause_ms(op, now_ns()));
	if (!op->leave_running) {
		process_drop(a, a->current, true);
		a->current = NULL;
		a->ended = true;
		a->exit_status = EXIT_SAVED;
	}
	socket_reply(a, op->client, "ok\tbytes=%llu\tpause_ms=%.3f",
		     (unsigned long long)op->bytes, pause_ms(op, now_ns()));
	finish(a);
}

static void source_saved(struct agent *a, struct process *p)
{
	struct operation *op = &a->op;
	const struct pcn_message *m = &a->packet.m;

	if (p != a->current || op->phase != PHASE_SAVING || op->saved)
		return;
	op->saved = true;
	op->bytes = (uint64_t)m->value[1];
	op->threads = (uint32_t)m->value[2];
	op->frames = (uint32_t)m->value[3];
	op->save_ns = m->value[4];
	op->child = (pid_t)m->value[5];
	if (op->kind == PCN_REQUEST_NONE) { /* given up while it was saving */
		tell(p, PCN_MSG_ABORT, -EIO);
		finish(a);
	} else if (m->value[0]) {
		int err = error_of(m->value[0]);

		if (err == -EPIPE && op->target) {
			lost_target(a);
			return;
		}
		fail(a,
		     pcn_fail(&a->error, err, "cannot save: %.900s",
			      m->text_size ? a->packet.text : strerror(-err)));
	} else if (op->kind == PCN_REQUEST_CHECKPOINT) {
		if (op->leave_running)
			commit_checkpoint(a);
		else /* it ends only when the file is safe */
			socket_reply(a, op->client, "saved\tbytes=%llu",
				     (unsigned long long)op->bytes);
	} else if (op->restored) {
		op->kind == PCN_REQUEST_FORK ? commit_fork(a) : commit_move(a);
	}
}

static void target_restored(struct agent *a)
{
	struct operation *op = &a->op;

	op->restored = true;
	if (op->saved)
		op->kind == PCN_REQUEST_FORK ? commit_fork(a) : commit_move(a);
}

void operation_message(struct agent *a, struct process *p)
{
	bool from_target = p == a->op.target;

	switch (a->packet.m.type) {
	case PCN_MSG_READY:
		if (from_target && a->op.phase == PHASE_STARTING)
			target_ready(a);
		break;
	case PCN_MSG_RESTORED:
		if (from_target && a->op.phase == PHASE_SAVING)
			target_restored(a);
		break;
	case PCN_MSG_FAILED:
		if (from_target) {
			set_reason(a, p);
			fail(a, error_of(a->packet.m.value[0]));
		} else if (p == a->current && a->op.phase == PHASE_STOPPING) {
			fail(a,
			     pcn_fail(&a->error, error_of(a->packet.m.value[0]),
				      "%.900s", a->packet.text));
		}
		break;
	case PCN_MSG_ASK_MOVE:
		asked(a, p, PCN_REQUEST_MOVE);
		break;
	case PCN_MSG_ASK_FORK:
		asked(a, p, PCN_REQUEST_FORK);
		break;
	case PCN_MSG_STOPPED:
		source_stopped(a, p);
		break;
	case PCN_MSG_SAVED:
		source_saved(a, p);
		break;
	case PCN_MSG_SIGNAL:
		signals_send_on(a);
		break;
	case PCN_MSG_LEFT:
		if (p->leaving)
			process_drop(a, p, true);
		break;
	case PCN_MSG_WAIT:
		orphans_wait(a, p);
		break;
	default:
		break;
	}
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
		fail(a, -EPIPE);
	} else if (p == a->current && op->phase != PHASE_NONE) {
		pcn_fail(&a->error, -ESRCH, "the program ended");
		a->current = NULL;
		op->asker = NULL;
		fail(a, -ESRCH);
		a->current = p;
	}
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
	if (a->current && a->current->channel < 0 &&
	    now_ns() > a->current->channel_gone_ns + CHANNEL_GONE_NS) {
		op->asker = NULL;
		op->saved = true; /* or never */
		fail(a, out_of_control(a));
		return;
	}
	if (op->phase == PHASE_STOPPING && a->current)
		process_interrupt(a, a->current);
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
	fail(a, -ETIMEDOUT);
}

void operation_client_says(struct agent *a, int client, bool commit)
{
	struct operation *op = &a->op;

	if (op->client != client || op->kind != PCN_REQUEST_CHECKPOINT ||
	    !op->saved)
		return;
	if (commit) {
		commit_checkpoint(a);
		return;
	}
	pcn_fail(&a->error, -EIO, "the file could not be kept");
	fail(a, -EIO);
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
		fail(a, -EIO);
	}
}
