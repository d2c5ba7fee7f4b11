/* One thread, one event loop: faults and messages in, their consequences out.
 */
#define _GNU_SOURCE
#include "engine.h"
#include "clock.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENT_FAULTS DSM_NODES_MAX /* other events are a link's number */

/* --- Operations ----------------------------------------------------------- */

static void install(void *context, uint32_t page, uint32_t count,
		    const unsigned char *data, enum dsm_right right, bool map)
{
	struct engine *e = context;

	pcn_window_install(&e->window, page, count, data, right, map);
}

static void wake(void *context, uint32_t page, enum dsm_right right)
{
	struct engine *e = context;

	pcn_window_wake(&e->window, page, right);
}

static void protect(void *context, uint32_t page, uint32_t count)
{
	struct engine *e = context;

	pcn_window_protect(&e->window, page, count);
}

static void upgrade(void *context, uint32_t page, uint32_t count)
{
	struct engine *e = context;

	pcn_window_upgrade(&e->window, page, count);
}

static void take(void *context, uint32_t page, uint32_t count,
		 unsigned char *data, enum dsm_right right)
{
	struct engine *e = context;

	pcn_window_take(&e->window, page, count, data, right);
}

static void copy_out(void *context, uint32_t page, uint32_t count,
		     unsigned char *data)
{
	struct engine *e = context;

	pcn_window_copy_out(&e->window, page, count, data);
}

static void watch(struct engine *e, unsigned node, bool out)
{
	struct epoll_event event = {.events = EPOLLIN | (out ? EPOLLOUT : 0),
				    .data.u32 = node};

	epoll_ctl(e->epoll, EPOLL_CTL_MOD, e->peers[node].fd, &event);
	if (out)
		e->watching |= dsm_bit(node);
	else
		e->watching &= ~dsm_bit(node);
}

static void send_message(void *context, unsigned node,
			 const struct dsm_message *m, const unsigned char *data)
{
	struct engine *e = context;
	struct peer *peer = &e->peers[node];

	if (!pcn_peer_is_open(peer) || (e->broken & dsm_bit(node)))
		return; /* the protocol will hear of it */
	if (pcn_peer_send(peer, m, data))
		e->broken |= dsm_bit(node);
	else if (pcn_peer_is_waiting(peer) && peer->fd >= 0 &&
		 !(e->watching & dsm_bit(node)))
		watch(e, node, true);
}

static void refused(void *context, uint32_t page, bool is_lost)
{
	struct engine *e = context;

	/* Without the contents nobody can go on. */
	if (!is_lost)
		pcn_window_wake(&e->window, page, DSM_ABSENT);
	if (e->callbacks.refused)
		e->callbacks.refused(e->context, page, is_lost);
}

static void lost(void *context, uint32_t page)
{
	struct engine *e = context;

	if (e->callbacks.lost)
		e->callbacks.lost(e->context, page);
}

static void done(void *context, uint64_t cookie, int result)
{
	struct engine *e = context;

	if (e->callbacks.done)
		e->callbacks.done(e->context, cookie, result);
}

static const struct dsm_ops ops = {
	install,  wake,		protect, upgrade, take,
	copy_out, send_message, refused, lost,	  done,
};

/* --- Life ----------------------------------------------------------------- */

/* With few processors, looking keeps those we wait for from working: on two,
 * with two nodes, it makes a fault 2.5 times slower. */
static uint32_t default_spin_ns(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) || CPU_COUNT(&set) < 4)
		return 0;
	return 20000;
}

int pcn_engine_create(struct engine *e, unsigned node, unsigned nodes,
		      uint32_t first_page, uint32_t page_count,
		      const struct engine_callbacks *callbacks, void *context,
		      struct error *error)
{
	struct dsm_config config = {.node = node,
				    .nodes = nodes,
				    .first_page = first_page,
				    .page_count = page_count,
				    .ops = &ops,
				    .context = e,
				    .alone = callbacks && callbacks->alone};
	int err;

	memset(e, 0, sizeof(*e));
	for (unsigned i = 0; i < DSM_NODES_MAX; i++)
		e->peers[i].fd = -1;
	if (callbacks)
		e->callbacks = *callbacks;
	e->context = context;
	e->spin_ns = default_spin_ns();
	e->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (e->epoll < 0)
		return pcn_fail(error, -errno, "epoll: %s", strerror(errno));
	err = pcn_window_create(&e->window, first_page, page_count, error);
	if (!err && pcn_dsm_init(&e->dsm, &config)) {
		pcn_window_close(&e->window);
		err = pcn_fail(error, -ENOMEM,
			       "no room for a table of %zu MiB of "
			       "addresses (ulimit -v?)",
			       (size_t)page_count * sizeof(*e->dsm.pages) >>
				       20);
	}
	if (err)
		close(e->epoll);
	return err;
}

void pcn_engine_close(struct engine *e)
{
	for (unsigned i = 0; i < DSM_NODES_MAX; i++)
		if (pcn_peer_is_open(&e->peers[i]))
			pcn_peer_close(&e->peers[i]);
	pcn_window_close(&e->window);
	pcn_dsm_deinit(&e->dsm);
	close(e->epoll);
}

static int add(struct engine *e, int fd, uint32_t number, struct error *error)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};

	if (epoll_ctl(e->epoll, EPOLL_CTL_ADD, fd, &event))
		return pcn_fail(error, -errno, "epoll: %s", strerror(errno));
	return 0;
}

static int linked(struct engine *e, unsigned node, int err, struct error *error)
{
	if (err)
		return pcn_fail(error, err, "link to node %u: %s", node,
				strerror(-err));
	if (e->callbacks.alone)
		pcn_dsm_node_joined(&e->dsm, node);
	return 0;
}

int pcn_engine_link(struct engine *e, unsigned node, int socket,
		    struct error *error)
{
	int err =
		linked(e, node, pcn_peer_init(&e->peers[node], socket), error);

	return err ? err : add(e, socket, node, error);
}

int pcn_engine_link_way(struct engine *e, unsigned node,
			const struct peer_way *way, struct error *error)
{
	return linked(e, node, pcn_peer_init_way(&e->peers[node], way), error);
}

static ssize_t end_send(void *context, const struct iovec *parts, int count)
{
	const struct engine_end *end = context;
	struct peer *there = &end->to->peers[end->from];
	size_t sent;

	if (!pcn_peer_is_open(there))
		return -EPIPE;
	sent = pcn_peer_put(there, parts, count);
	end->to->arrived |= dsm_bit(end->from);
	return sent ? (ssize_t)sent : -EAGAIN;
}

static int link_end(struct engine *e, struct engine *to, struct error *error)
{
	unsigned node = to->dsm.config.node;
	const struct peer_way way = {end_send, &e->ends[node]};

	e->ends[node] = (struct engine_end){to, e->dsm.config.node};
	return pcn_engine_link_way(e, node, &way, error);
}

int pcn_engine_link_pair(struct engine *origin, struct engine *node,
			 struct error *error)
{
	int err = link_end(node, origin, error);

	return err ? err : link_end(origin, node, error);
}

void pcn_engine_unlink(struct engine *e, unsigned node)
{
	if (pcn_peer_is_open(&e->peers[node]))
		pcn_peer_close(&e->peers[node]);
	e->broken &= ~dsm_bit(node);
	e->watching &= ~dsm_bit(node);
	e->arrived &= ~dsm_bit(node);
	pcn_dsm_node_lost(&e->dsm, node);
}

int pcn_engine_attach(struct engine *e, int uffd, struct error *error)
{
	int err = pcn_window_attach(&e->window, uffd, error);

	return err ? err : add(e, uffd, EVENT_FAULTS, error);
}

int pcn_engine_register(struct engine *e, uint32_t page, uint32_t count,
			struct error *error)
{
	return pcn_window_register(&e->window, page, count, error);
}

int pcn_engine_fd(const struct engine *e)
{
	return e->epoll;
}

/* --- The loop ------------------------------------------------------------- */

static void give_up_links(struct engine *e)
{
	while (e->broken) {
		unsigned node = (unsigned)__builtin_ctzll(e->broken);

		if (e->dsm.config.node) {
			pcn_peer_close(&e->peers[node]);
			e->broken = 0;
		} else {
			pcn_engine_unlink(e, node);
		}
		if (e->callbacks.node_lost)
			e->callbacks.node_lost(e->context, node);
	}
}

/* As many faults as there is room for; the kernel keeps the others. */
static void take_faults(struct engine *e)
{
	struct window_fault faults[16];
	uint32_t room = DSM_FAULTS_MAX - e->dsm.faults;
	struct epoll_event event = {.events = 0, .data.u32 = EVENT_FAULTS};
	int n;

	if (!room) {
		e->faults_paused = true;
		epoll_ctl(e->epoll, EPOLL_CTL_MOD, e->window.uffd, &event);
		return;
	}
	n = pcn_window_faults(&e->window, faults, room < 16 ? room : 16);
	if (n < 0) { /* the program is gone; its memory stays */
		epoll_ctl(e->epoll, EPOLL_CTL_DEL, e->window.uffd, NULL);
		close(e->window.uffd);
		e->window.uffd = -1;
		return;
	}
	for (int i = 0; i < n; i++)
		pcn_dsm_fault(&e->dsm, faults[i].page, faults[i].write);
}

static void resume_faults(struct engine *e)
{
	struct epoll_event event = {.events = EPOLLIN,
				    .data.u32 = EVENT_FAULTS};

	if (!e->faults_paused || !pcn_dsm_room(&e->dsm))
		return;
	e->faults_paused = false;
	if (e->window.uffd >= 0)
		epoll_ctl(e->epoll, EPOLL_CTL_MOD, e->window.uffd, &event);
}

static int take_messages(struct engine *e, unsigned node)
{
	struct peer *peer = &e->peers[node];
	const unsigned char *data;
	struct dsm_message m;
	int n, err = 0;

	while (!err && (n = pcn_peer_next(peer, &m, &data)) == 1)
		err = pcn_dsm_receive(&e->dsm, node, &m, data);
	return err ? err : n;
}

static void fill(struct engine *e, unsigned node)
{
	int n = pcn_peer_fill(&e->peers[node]);

	if (n < 0 || take_messages(e, node))
		e->broken |= dsm_bit(node);
}

int pcn_engine_take(struct engine *e, unsigned node, const void *bytes,
		    size_t size)
{
	struct peer *peer = &e->peers[node];
	int err = -EPIPE;

	if (pcn_peer_is_open(peer) && !(e->broken & dsm_bit(node)))
		err = pcn_peer_take(peer, bytes, size);
	if (!err)
		err = take_messages(e, node);
	return err;
}

void pcn_engine_flush(struct engine *e, unsigned node)
{
	struct peer *peer = &e->peers[node];

	if (pcn_peer_is_open(peer) && pcn_peer_flush(peer))
		e->broken |= dsm_bit(node);
}

static void serve(struct engine *e, const struct epoll_event *event)
{
	unsigned node = event->data.u32;
	struct peer *peer = &e->peers[node % DSM_NODES_MAX];

	if (node == EVENT_FAULTS) {
		take_faults(e);
		return;
	}
	if (!pcn_peer_is_open(peer) || (e->broken & dsm_bit(node)))
		return;
	if (event->events & EPOLLOUT) {
		if (pcn_peer_flush(peer))
			e->broken |= dsm_bit(node);
		else if (!pcn_peer_is_waiting(peer))
			watch(e, node, false);
	}
	if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		fill(e, node);
}

/* Sleeping and being woken costs more than most answers take to come. */
static int wait_for(struct engine *e, struct epoll_event *events, int count,
		    int timeout_ms)
{
	if (timeout_ms && e->spin_ns) {
		uint64_t end = pcn_now_ns() + e->spin_ns;
		int n;

		do {
			n = epoll_wait(e->epoll, events, count, 0);
		} while (!n && pcn_now_ns() < end);
		if (n)
			return n;
	}
	return epoll_wait(e->epoll, events, count, timeout_ms);
}

/* What other engines of this loop have said; then they have room again. */
static bool take_arrived(struct engine *e)
{
	uint64_t nodes = e->arrived & ~e->broken;

	e->arrived = 0;
	for (uint64_t left = nodes; left; left &= left - 1) {
		unsigned node = (unsigned)__builtin_ctzll(left);
		struct engine_end *end = &e->ends[node];

		if (take_messages(e, node))
			e->broken |= dsm_bit(node);
		else
			pcn_engine_flush(end->to, end->from);
	}
	return nodes;
}

int pcn_engine_run(struct engine *e, int timeout_ms)
{
	struct epoll_event events[16];
	bool arrived;
	int n;

	give_up_links(e); /* of what was called since */
	arrived = take_arrived(e);
	if (arrived)
		timeout_ms = 0;
	n = wait_for(e, events, 16, timeout_ms);
	if (n < 0 && errno != EINTR)
		return pcn_fail(&e->error, -errno, "epoll: %s",
				strerror(errno));
	e->worked = n > 0 || arrived;
	for (int i = 0; i < n; i++)
		serve(e, &events[i]);
	give_up_links(e);
	resume_faults(e);
	if (e->window.failed) {
		e->error = e->window.error;
		return e->window.failed;
	}
	return 0;
}
