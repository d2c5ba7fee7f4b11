/*
 * The steps of an operation: what processes say, and what follows from it.
 */
#define _GNU_SOURCE
#include "agent.h"
#include "operation.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool is_remote(const struct agent *a, int node)
{
	return a->options->nodes.list[node].remote;
}

static void asked(struct agent *a, struct process *p, enum pcn_request kind)
{
	int64_t wish = a->packet.m.value[0];
	int count = a->options->nodes.count;
	int node = wish == -1 ? (p->node + 1) % count : (int)wish;
	int err = operation_busy(a);

	if (!err && (wish < -1 || wish >= count))
		err = pcn_fail(&a->error, -EINVAL, "no node %lld",
			       (long long)wish);
	if (!err && p != a->current)
		err = pcn_fail(&a->error, -ENOTSUP,
			       "a forked copy stays on its node");
	if (!err && kind == PCN_REQUEST_FORK &&
	    (p->remote || is_remote(a, node)))
		err = pcn_fail(&a->error, -ENOTSUP,
			       "a fork does not leave its machine");
	if (err) {
		operation_answer(a, p, err);
		return;
	}
	operation_begin(a, kind, node, -1);
	a->op.asker = p;
	if (kind == PCN_REQUEST_MOVE) {
		operation_start_target(a, node);
		return;
	}
	a->op.phase = PHASE_STOPPING;
	a->op.answered = true;
	operation_answer(a, p, 0);
}

static void target_ready(struct agent *a)
{
	struct operation *op = &a->op;

	operation_set_deadline(a);
	if (!a->current) { /* restored from a file: there is no source */
		op->phase = PHASE_SAVING;
		op->stopped_ns = now_ns();
		if (saved_send(a->options->saved, op->target->transfer,
			       &a->error)) {
			operation_fail(a, -EIO);
			return;
		}
		operation_close_transfer(op->target);
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
		operation_answer(a, op->asker, 0);
		return;
	}
	operation_raise(a);
}

/* The state goes through our hands when it comes from, or goes to, another
 * machine. */
static int send_go_through(struct agent *a, struct process *source)
{
	const struct pcn_message m = {
		.type = PCN_MSG_GO,
		.value = {a->op.kind, a->op.node, a->op.leave_running, 0,
			  a->op.late},
	};

	a->op.through = true;
	relay_pause(&a->relay);
	return process_save(a, source, &m);
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

	if (source->remote || (op->target && op->target->remote))
		return send_go_through(a, source);
	if (op->kind == PCN_REQUEST_FORK) {
		m.text_size = 4000;
		op->target = local_prepare_fork(a, op->node, &op->fork_channel,
						argv, &m.text_size);
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
		operation_close_transfer(op->target);
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
		process_tell(p, PCN_MSG_ABORT, -ETIMEDOUT);
		return;
	}
	process_request(p, PCN_REQUEST_NONE);
	op->stopped_ns = now_ns();
	op->threads = (uint32_t)a->packet.m.value[0];
	op->frames = (uint32_t)a->packet.m.value[1];
	op->stop_ns = (uint64_t)a->packet.m.value[2];
	if (send_go(a, p)) {
		op->saved = true;
		op->phase = PHASE_SAVING;
		operation_fail(a, -EIO);
		return;
	}
	op->phase = PHASE_SAVING;
	operation_set_deadline(a);
}

static void lost_target(struct agent *a)
{
	pcn_fail(&a->error, -EPIPE,
		 "node %s: its process ended before it was ready",
		 a->options->nodes.list[a->op.node].name);
	operation_fail(a, -EPIPE);
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

	if (target && !target->remote)
		relay_rewind(&a->relay);
	/* It may have died since it said that it stands. */
	if (!target || process_is_dying(a, target) ||
	    process_tell(target, PCN_MSG_COMMIT, 0)) {
		lost_target(a);
		return;
	}
	end = now_ns();
	progress_end(&op->progress);
	a->current = target;
	if (target->remote && source && !source->remote)
		relay_leave(&a->relay, &a->transit, remote_link(target));
	else if (op->through)
		relay_go_on(&a->relay,
			    target->remote ? remote_link(target) : NULL);
	if (source) {
		process_tell(source, PCN_MSG_COMMIT, 0);
		source->leaving = true;	     /* until it says LEFT */
		spread_home_gone(a, source); /* it was about to share */
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
	operation_finish(a);
	if (target->remote)
		remote_runs(target);
	else if (late_is_serving(&a->late))
		a->late.runs_ns = end;
	if (!source)
		local_release_inherited();
}

static void commit_fork(struct agent *a)
{
	struct operation *op = &a->op;

	if (process_tell(op->target, PCN_MSG_COMMIT, 0)) {
		lost_target(a);
		return;
	}
	op->target->pid = op->child;
	process_tell(a->current, PCN_MSG_COMMIT, 0);
	trace_event(a, "fork", a->current->node, op->node,
		    "threads=1 frames=%u bytes=%llu pause_ms=%.3f pid=%d",
		    op->frames, (unsigned long long)op->bytes,
		    pause_ms(op, now_ns()), (int)op->child);
	op->target = NULL;
	operation_finish(a);
}

void operation_commit_checkpoint(struct agent *a)
{
	struct operation *op = &a->op;

	process_tell(a->current, PCN_MSG_COMMIT, 0);
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
	operation_finish(a);
}

/* A checkpoint of a program that is elsewhere. */
static int copy_to_file(struct agent *a)
{
	const struct saved *s = &a->transit.saved;
	uint64_t done = 0;

	while (done < s->size) {
		ssize_t n = write(a->op.file, (const char *)s->map + done,
				  s->size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return pcn_fail(&a->error, n ? -errno : -EIO,
					"cannot save: %s",
					strerror(n ? errno : EIO));
		done += (uint64_t)n;
	}
	return 0;
}

/* The whole state is here, and the source says so too: it goes on. */
static int hand_over(struct agent *a)
{
	struct operation *op = &a->op;
	int err;

	if (op->kind == PCN_REQUEST_CHECKPOINT)
		return copy_to_file(a);
	if (!a->current->remote) {
		err = transit_describe(&a->transit, &a->relay, &a->error);
		if (err)
			return err;
	}
	return process_take(a, op->target);
}

static void checkpoint_saved(struct agent *a)
{
	struct operation *op = &a->op;

	if (op->leave_running)
		operation_commit_checkpoint(a);
	else /* it ends only when the file is safe */
		socket_reply(a, op->client, "saved\tbytes=%llu",
			     (unsigned long long)op->bytes);
}

void operation_state(struct agent *a)
{
	struct operation *op = &a->op;
	int err = 0;

	if (!op->through || op->handed || op->kind == PCN_REQUEST_NONE)
		return;
	if (a->transit.socket >= 0 && !a->transit.complete)
		err = transit_read(&a->transit, &a->error);
	if (!err &&
	    (!op->saved || !a->transit.complete || !relay_is_idle(&a->relay)))
		return;
	if (!err) {
		op->handed = true;
		operation_set_deadline(a);
		err = hand_over(a);
	}
	if (err)
		operation_fail(a, err);
	else if (op->kind == PCN_REQUEST_CHECKPOINT)
		checkpoint_saved(a);
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
		process_tell(p, PCN_MSG_ABORT, -EIO);
		operation_finish(a);
	} else if (m->value[0]) {
		int err = packet_error_of(m->value[0]);

		if (err == -EPIPE && op->target) {
			lost_target(a);
			return;
		}
		operation_fail(a,
			       pcn_fail(&a->error, err, "cannot save: %.900s",
					m->text_size ? a->packet.text
						     : strerror(-err)));
	} else if (op->through) {
		operation_set_deadline(a);
		operation_state(a);
	} else if (op->kind == PCN_REQUEST_CHECKPOINT) {
		checkpoint_saved(a);
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

/* Why, behind what a node's process says it cannot do; it may have said both.
 */
static void set_reason(struct agent *a, const struct process *target)
{
	int err = packet_error_of(a->packet.m.value[0]);
	bool said = err == -EINVAL || err == -EPROTO;

	pcn_fail(&a->error, err, "node %s: %.800s%s%s",
		 a->options->nodes.list[target->node].name, a->packet.text,
		 said ? "" : ": ", said ? "" : strerror(-err));
}

void operation_message(struct agent *a, struct process *p)
{
	bool from_target = p == a->op.target;

	if (spread_message(a, p))
		return;
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
			operation_fail(a,
				       packet_error_of(a->packet.m.value[0]));
		} else if (p == a->current && a->op.phase == PHASE_STOPPING) {
			operation_fail(
				a,
				pcn_fail(&a->error,
					 packet_error_of(a->packet.m.value[0]),
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
			operation_process_left(a, p);
		break;
	case PCN_MSG_LATE:
		if (from_target && late_attach(&a->late, &a->packet, &a->error))
			operation_fail(a, -EIO);
		break;
	case PCN_MSG_WAIT:
		orphans_wait(a, p);
		break;
	default:
		break;
	}
}
