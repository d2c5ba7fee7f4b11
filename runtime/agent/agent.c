/* The event loop: one program, its processes, its signals, its clients. */
#define _GNU_SOURCE
#include "agent.h"
#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ns(void)
{
	return pcn_now_ns();
}

/* --- Planned moves ----------------------------------------------------------
 */

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Plans the next hop, or says when it is due: ns from now, 0: now, -1: none. */
static int64_t hop_due(struct agent *a)
{
	struct hops *h = &a->hops;
	uint64_t now = now_ns();

	if (!h->left || a->op.phase != PHASE_NONE || !a->current)
		return -1;
	if (!h->next_ns)
		h->next_ns =
			now + h->min_ns +
			random_next(&h->random) % (h->max_ns - h->min_ns + 1);
	return h->next_ns > now ? (int64_t)(h->next_ns - now) : 0;
}

static int64_t plan_due(const struct agent *a)
{
	uint64_t at, now = now_ns();

	if (a->next_plan == a->options->plan_count ||
	    a->op.phase != PHASE_NONE || !a->current)
		return -1;
	at = a->start_ns + a->options->plans[a->next_plan].at_ns;
	return at > now ? (int64_t)(at - now) : 0;
}

static void run_plans(struct agent *a)
{
	if (plan_due(a) == 0)
		operation_move(a, a->options->plans[a->next_plan++].node, -1);
	if (hop_due(a) == 0) {
		a->hops.left--;
		operation_move(a,
			       (a->current->node + 1) % a->options->nodes.count,
			       -1);
	}
}

/* --- Ends of processes
 * --------------------------------------------------------- */

static struct process *process_of(struct agent *a, pid_t pid)
{
	for (int i = 0; i < AGENT_PROCESSES; i++)
		if (a->processes[i].used && a->processes[i].pid == pid &&
		    !a->processes[i].forked && !a->processes[i].remote)
			return &a->processes[i];
	return NULL;
}

static bool is_stale(struct agent *a, pid_t pid)
{
	for (int i = 0; i < AGENT_PROCESSES; i++)
		if (a->stale[i] == pid) {
			a->stale[i] = 0;
			return true;
		}
	return false;
}

static void read_channel(struct agent *a, struct process *p);

static void reap(struct agent *a)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct process *p = process_of(a, pid);

		if (!p) {
			if (pid == a->late.guard.pid)
				a->late.guard.pid = 0;
			else if (!is_stale(a, pid))
				orphans_keep(a, pid, status);
			continue;
		}
		p->reaped = true;
		/* Its last words come first: they may say why. */
		while (p->used && p->pid == pid && p->channel >= 0)
			read_channel(a, p);
		if (!p->used || p->pid != pid)
			continue;
		operation_process_gone(a, p);
		spread_process_gone(a, p, status);
		if (p == a->current) {
			a->current = NULL;
			a->ended = true;
			a->exit_status = a->spread.died_of
						 ? 128 + a->spread.died_of
						 : signals_exit_status(status);
		}
		if (p->used && p->pid == pid)
			process_drop(a, p, false);
	}
}

static void read_channel(struct agent *a, struct process *p)
{
	int err = packet_receive(p->channel, &a->packet);

	if (err == -EAGAIN) {
		if (kill(p->pid, 0) == 0 || errno != ESRCH)
			return;
		err = -EPIPE;
	}
	if (err == 0) {
		operation_message(a, p);
		packet_drop(&a->packet);
		return;
	}
	close(p->channel);
	p->channel = -1;
	p->channel_gone_ns = now_ns();
	spread_home_gone(a, p);
	if (p->forked) {
		operation_process_gone(a, p);
		if (p->used)
			process_drop(a, p, false);
	}
}

/* --- Loop
 * ------------------------------------------------------------------------ */

enum {
	POLL_MAX = 4 + AGENT_PROCESSES + AGENT_CLIENTS + WIRE_STREAMS + 1 +
		   2 * SPREAD_NODES
};

struct sources {
	struct pollfd list[POLL_MAX];
	struct process *process[POLL_MAX];
	int client[POLL_MAX];
	int count;
};

static void watch(struct sources *s, int fd, short events, struct process *p,
		  int client)
{
	s->list[s->count].fd = fd;
	s->list[s->count].events = events;
	s->process[s->count] = p;
	s->client[s->count++] = client;
}

static void watch_process(struct sources *s, struct process *p)
{
	if (p->remote)
		watch(s, pcn_link_fd(remote_link(p)),
		      pcn_link_events(remote_link(p), true), p, -1);
	else if (p->channel >= 0)
		watch(s, p->channel, POLLIN, p, -1);
}

static void collect(struct agent *a, struct sources *s)
{
	struct pollfd streams[WIRE_STREAMS + 1], places[2 * SPREAD_NODES];

	s->count = 0;
	watch(s, a->signals, POLLIN, NULL, -1);
	watch(s, a->listener, POLLIN, NULL, -1);
	for (int i = 0; i < AGENT_PROCESSES; i++)
		if (a->processes[i].used)
			watch_process(s, &a->processes[i]);
	for (int i = 0; i < AGENT_CLIENTS; i++)
		if (a->clients[i].used)
			watch(s, a->clients[i].fd, POLLIN, NULL, i);
	/* These only wake the loop; who they are for looks by itself. */
	watch(s, a->transit.socket, POLLIN, NULL, -1);
	watch(s, late_fd(&a->late), POLLIN, NULL, -1);
	for (int n = relay_poll(&a->relay, streams); n > 0; n--)
		watch(s, streams[n - 1].fd, streams[n - 1].events, NULL, -1);
	for (int n = spread_poll(&a->spread, places); n > 0; n--)
		watch(s, places[n - 1].fd, places[n - 1].events, NULL, -1);
}

static bool has_work(const struct agent *a)
{
	for (int i = 0; i < AGENT_PROCESSES; i++)
		if (a->processes[i].used && a->processes[i].remote &&
		    remote_has_work(&a->processes[i]))
			return true;
	return spread_has_work(&a->spread);
}

static struct timespec *timeout(struct agent *a, struct timespec *t)
{
	int64_t ns = -1, hop = hop_due(a), plan = plan_due(a);

	if (a->op.phase == PHASE_STOPPING || a->spread.wisher >= 0)
		ns = 1000000; /* blocked threads are interrupted again */
	else if (a->op.phase != PHASE_NONE || a->relay.retry_ns)
		ns = 100000000;
	if (hop >= 0 && (ns < 0 || hop < ns))
		ns = hop;
	if (plan >= 0 && (ns < 0 || plan < ns))
		ns = plan;
	if (has_work(a))
		ns = 0;
	if (ns < 0)
		return NULL;
	t->tv_sec = ns / 1000000000;
	t->tv_nsec = ns % 1000000000;
	return t;
}

static void work_channel(struct agent *a, struct process *p, int fd)
{
	if (!p->used)
		return;
	if (p->remote && pcn_link_fd(remote_link(p)) == fd)
		remote_work(a, p);
	else if (!p->remote && p->channel == fd)
		read_channel(a, p);
}

/* Words that wait in links, bytes in streams: whatever woke us. */
static void work(struct agent *a)
{
	relay_work(&a->relay);
	for (int i = 0; i < AGENT_PROCESSES; i++)
		if (a->processes[i].used && a->processes[i].remote)
			remote_work(a, &a->processes[i]);
	operation_state(a);
	spread_work(a);
}

static void loop(struct agent *a)
{
	struct sources s;
	struct timespec t;

	/* What the program wrote elsewhere is written before we end. */
	while (!a->ended || !relay_is_idle(&a->relay)) {
		collect(a, &s);
		if (ppoll(s.list, (nfds_t)s.count, timeout(a, &t), NULL) < 0 &&
		    errno != EINTR)
			break;
		for (int i = 2; i < s.count; i++) {
			if (!s.list[i].revents)
				continue;
			if (s.client[i] >= 0) {
				if (a->clients[s.client[i]].used)
					socket_request(a, s.client[i]);
			} else if (s.process[i]) {
				work_channel(a, s.process[i], s.list[i].fd);
			}
		}
		work(a);
		if (s.list[0].revents)
			signals_read(a);
		reap(a);
		if (s.list[1].revents)
			socket_accept(a);
		operation_tick(a);
		if (!a->ended)
			run_plans(a);
	}
}

static int start(struct agent *a)
{
	int err;

	if (a->options->saved) {
		a->first_pid = a->options->saved->stream.info->pid;
		err = operation_restore(a);
		if (err)
			return err;
	} else {
		a->current = process_start(a, a->options->start_node,
					   PCN_ROLE_START);
		if (!a->current)
			return -ENOEXEC;
		a->first_pid = a->current->pid;
		local_release_inherited();
		trace_event(a, "start", -1, a->options->start_node, "pid=%d",
			    (int)a->current->pid);
	}
	return 0;
}

/* Whatever still runs is not the program: targets that never began. */
static void clean_up(struct agent *a)
{
	for (int i = 0; i < AGENT_PROCESSES; i++)
		if (a->processes[i].used)
			process_drop(a, &a->processes[i], true);
	transit_end(&a->transit);
	late_end(&a->late);
	relay_end(&a->relay);
	spread_end(&a->spread);
	pcn_tls_free(a->tls);
	socket_close(a);
	if (a->signals >= 0)
		close(a->signals);
	trace_close(a);
	reserve_give(a);
	pcn_executable_close(&a->executable);
}

int agent_run(struct options *options, const char *program, struct error *error)
{
	static struct agent a;
	int err;

	a.options = options;
	a.signals = a.listener = -1;
	a.op.client = a.op.file = a.op.fork_channel = -1;
	late_init(&a.late);
	transit_init(&a.transit, &a.late);
	relay_init(&a.relay, false);
	spread_init(&a.spread);
	a.hops = options->hops;
	a.start_ns = now_ns();
	err = pcn_executable_open(&a.executable, program, &a.error);
	if (!err && options->saved &&
	    (!a.executable.has_build_id ||
	     memcmp(a.executable.build_id,
		    options->saved->stream.info->build_id, 32)))
		err = pcn_fail(&a.error, -EINVAL,
			       "%s is not the executable that was saved",
			       a.executable.path);
	if (!err)
		err = remote_prepare(&a);
	if (!err)
		err = trace_open(&a);
	if (!err)
		err = signals_start(&a);
	if (!err)
		err = socket_listen(&a);
	if (!err && !reserve_take(&a))
		err = pcn_fail(&a.error, -errno, "%s: %s", a.executable.path,
			       strerror(errno));
	/* Children of a process that moved on become ours, not init's. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (!err)
		err = start(&a);
	if (!err) {
		loop(&a);
		if (a.restore_failed || a.lost)
			err = -EIO;
		if (a.lost)
			a.error = a.why_lost;
	}
	if (!err)
		trace_event(&a, "exit", -1, -1,
			    "status=%d moves=%u failed=%u threads_left=%llu",
			    a.exit_status, a.moves, a.moves_failed,
			    (unsigned long long)a.spread.left);
	clean_up(&a);
	sigprocmask(SIG_SETMASK, &a.old_mask, NULL);
	if (!err)
		return a.exit_status;
	*error = a.error;
	return err;
}
