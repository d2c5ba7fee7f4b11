/* Nodes on this machine: see cluster.h. */
#define _GNU_SOURCE
#include "cluster.h"
#include "userfault.h"

#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct outside *outside;

#define FIRST ((uint32_t)(CLUSTER_BASE / DSM_PAGE_SIZE))

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	_exit(2);
}

uint64_t cluster_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 16;
}

void cluster_pause(unsigned turn)
{
	if (turn >= 1000)
		usleep(20);
}

void cluster_barrier(unsigned count)
{
	uint32_t generation =
		__atomic_load_n(&outside->barrier[1], __ATOMIC_SEQ_CST);

	if (__atomic_add_fetch(&outside->barrier[0], 1, __ATOMIC_SEQ_CST) ==
	    count) {
		__atomic_store_n(&outside->barrier[0], 0, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&outside->barrier[1], 1, __ATOMIC_SEQ_CST);
		return;
	}
	for (unsigned i = 0; __atomic_load_n(&outside->barrier[1],
					     __ATOMIC_SEQ_CST) == generation;
	     i++)
		cluster_pause(i);
}

static void wish(unsigned node)
{
	uint32_t next = outside->wish[node].sequence + 1;

	__atomic_store_n(&outside->wish[node].sequence, next, __ATOMIC_RELEASE);
	for (unsigned i = 0; __atomic_load_n(&outside->wish[node].done,
					     __ATOMIC_ACQUIRE) != next;
	     i++)
		cluster_pause(i);
}

void cluster_push(unsigned node, unsigned target, uint32_t page, uint32_t count)
{
	outside->wish[node].remove = false;
	outside->wish[node].target = target;
	outside->wish[node].page = page;
	outside->wish[node].count = count;
	wish(node);
}

void cluster_remove(unsigned node, uint32_t page, uint32_t count)
{
	outside->wish[node].remove = true;
	outside->wish[node].page = page;
	outside->wish[node].count = count;
	wish(node);
}

/* --- Descriptors between agent and program -------------------------------- */

static void send_fd(int socket, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS,
				.cmsg_len = CMSG_LEN(sizeof(int))}};
	char byte = 0;
	struct iovec part = {&byte, 1};
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = &control,
				.msg_controllen = sizeof(control)};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (sendmsg(socket, &header, 0) < 0)
		die("sendmsg");
}

static int receive_fd(int socket)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec part = {&byte, 1};
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = &control,
				.msg_controllen = sizeof(control)};
	int fd;

	if (recvmsg(socket, &header, MSG_CMSG_CLOEXEC) <= 0)
		die("no userfaultfd came");
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

/* --- One node ------------------------------------------------------------- */

__attribute__((noreturn)) static void
program(const struct cluster *c, unsigned node, int memfd, int channel)
{
	size_t size = (size_t)c->pages * DSM_PAGE_SIZE;
	void *wanted = (void *)CLUSTER_BASE;
	char byte;
	int uffd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (mmap(wanted, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		 memfd, 0) != wanted)
		die("mmap");
	madvise(wanted, size, MADV_NOHUGEPAGE);
	uffd = pcn_userfaultfd(NULL);
	if (uffd < 0) {
		errno = -uffd;
		die("userfaultfd");
	}
	send_fd(channel, uffd);
	close(uffd);
	if (read(channel, &byte, 1) != 1)
		die("read");
	_exit(c->program(node, c->argument));
}

static void note_lost(void *context, uint32_t page)
{
	(void)context, (void)page;
	/* When all end, some do so before the origin: no loss. */
	if (!__atomic_load_n(&outside->stop, __ATOMIC_ACQUIRE))
		outside->lost_pages++;
}

static void note_refused(void *context, uint32_t page, bool is_lost)
{
	(void)context, (void)page;
	/* Who needs it cannot go on; the test knows. */
	if (is_lost)
		__atomic_store_n(&outside->stop, 2, __ATOMIC_RELEASE);
}

static unsigned self; /* in an agent */

/* The cookie is the wish's sequence; 0 is the range of the start. */
static void note_done(void *context, uint64_t cookie, int result)
{
	(void)context;
	if (result)
		_exit(3);
	if (cookie)
		__atomic_store_n(&outside->wish[self].done, (uint32_t)cookie,
				 __ATOMIC_RELEASE);
}

static void serve_wish(struct engine *e, unsigned node, uint32_t *served)
{
	uint32_t wanted = __atomic_load_n(&outside->wish[node].sequence,
					  __ATOMIC_ACQUIRE);
	uint32_t list[1024], count = outside->wish[node].count;
	uint32_t page = FIRST + outside->wish[node].page;

	if (wanted == *served)
		return;
	*served = wanted;
	if (outside->wish[node].remove) {
		pcn_dsm_remove(&e->dsm, page, count, true, wanted);
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		list[i] = page + i;
	pcn_dsm_push(&e->dsm, outside->wish[node].target, list, count);
	note_done(NULL, wanted, 0);
}

static void check(int err, struct error *error)
{
	if (!err)
		return;
	fprintf(stderr, "%s\n", error->text);
	_exit(2);
}

static volatile sig_atomic_t child_ended;

static void note_child(int signal)
{
	(void)signal;
	child_ended = 1;
}

__attribute__((noreturn)) static void agent(const struct cluster *c,
					    unsigned node, const int *links)
{
	struct engine_callbacks callbacks = {
		.lost = note_lost, .refused = note_refused, .done = note_done};
	struct engine *e = aligned_alloc(_Alignof(struct engine), sizeof(*e));
	struct error error = {""};
	int channel[2], status, err;
	uint32_t served = 0;
	cpu_set_t set;
	pid_t child;

	self = node;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!e)
		die("malloc");
	if (c->pinned == 2) {
		CPU_ZERO(&set);
		CPU_SET(node % 2, &set);
		sched_setaffinity(0, sizeof(set), &set);
	}
	check(pcn_engine_create(e, node, c->nodes, FIRST, c->pages, &callbacks,
				NULL, &error),
	      &error);
	if (c->spin_us >= 0)
		e->spin_ns = (uint32_t)c->spin_us * 1000;
	e->dsm.no_ahead = c->no_ahead;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel))
		die("socketpair");
	signal(SIGCHLD, note_child);
	child = fork();
	if (child < 0)
		die("fork");
	if (!child)
		program(c, node, e->window.memfd, channel[1]);
	close(channel[1]);
	check(pcn_engine_attach(e, receive_fd(channel[0]), &error), &error);
	check(pcn_engine_register(e, FIRST, c->pages, &error), &error);
	for (unsigned i = 0; i < c->nodes; i++)
		if (links[i] >= 0)
			check(pcn_engine_link(e, i, links[i], &error), &error);
	if (!node)
		pcn_dsm_add(&e->dsm, FIRST, c->pages, c->held, 0);
	__atomic_add_fetch(&outside->ready, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&outside->ready, __ATOMIC_SEQ_CST) < c->nodes)
		sched_yield();
	if (write(channel[0], "", 1) != 1)
		die("write");
	while (!__atomic_load_n(&outside->stop, __ATOMIC_ACQUIRE)) {
		err = pcn_engine_run(e, 1);
		check(err, &e->error);
		serve_wish(e, node, &served);
		if ((int)node == c->lost_node && outside->kill) {
			kill(child, SIGKILL);
			waitpid(child, &status, 0);
			outside->killed = 1;
			_exit(0);
		}
		if (child_ended && waitpid(child, &status, WNOHANG) == child) {
			child = 0;
			child_ended = 0;
			if (status) {
				fprintf(stderr, "node %u: status 0x%x\n", node,
					(unsigned)status);
				_exit(1);
			}
			/* Others may still want its pages. */
			__atomic_add_fetch(&outside->ended, 1,
					   __ATOMIC_SEQ_CST);
		}
	}
	outside->counters[node].dsm = e->dsm.counters;
	outside->counters[node].window = e->window.counters;
	if (child)
		kill(child, SIGKILL);
	pcn_engine_close(e);
	_exit(0);
}

/* --- All nodes ------------------------------------------------------------ */

static void tcp_pair(int ends[2])
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr =
					      htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || ends[0] < 0 ||
	    bind(listener, (void *)&address, sizeof(address)) ||
	    listen(listener, 1) ||
	    getsockname(listener, (void *)&address, &size) ||
	    connect(ends[0], (void *)&address, sizeof(address)))
		die("tcp");
	ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (ends[1] < 0)
		die("accept");
	close(listener);
}

static void look_for_userfaultfd(void)
{
	struct error error = {""};
	struct window w;
	int uffd = pcn_userfaultfd(NULL), err;

	if (uffd < 0) {
		printf("SKIP: userfaultfd: %s\n", strerror(-uffd));
		exit(CLUSTER_SKIP);
	}
	check(pcn_window_create(&w, FIRST, 1, &error), &error);
	err = pcn_window_attach(&w, uffd, &error);
	pcn_window_close(&w);
	if (err) {
		printf("SKIP: %s\n", error.text);
		exit(CLUSTER_SKIP);
	}
}

/* Programs end, then agents; anyone's failure is ours. */
static int wait_for_all(const struct cluster *c, const pid_t *agents)
{
	unsigned left = c->nodes;
	int result = 0, status;

	while (left) {
		pid_t pid = waitpid(-1, &status, WNOHANG);

		for (unsigned i = 0; pid > 0 && i < c->nodes; i++)
			left -= agents[i] == pid;
		if (pid > 0 && status) {
			result = 1;
			__atomic_store_n(&outside->stop, 1, __ATOMIC_RELEASE);
		}
		if (__atomic_load_n(&outside->ended, __ATOMIC_SEQ_CST) +
			    __atomic_load_n(&outside->killed,
					    __ATOMIC_SEQ_CST) ==
		    c->nodes)
			__atomic_store_n(&outside->stop, 1, __ATOMIC_RELEASE);
		usleep(1000);
	}
	return result;
}

int cluster_run(const struct cluster *c)
{
	int links[CLUSTER_NODES][CLUSTER_NODES];
	pid_t agents[CLUSTER_NODES];
	uint64_t start;
	int result;

	look_for_userfaultfd();
	if (!outside)
		outside = mmap(NULL, sizeof(*outside), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outside == MAP_FAILED)
		die("mmap");
	memset(outside, 0, offsetof(struct outside, results));
	memset(links, -1, sizeof(links));
	for (unsigned i = 1; i < c->nodes; i++) {
		int ends[2];

		if (c->tcp)
			tcp_pair(ends);
		else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				    ends))
			die("socketpair");
		links[0][i] = ends[0];
		links[i][0] = ends[1];
	}
	fflush(stdout);
	start = pcn_now_ns();
	outside->end_ns = start + (uint64_t)(c->seconds * 1e9);
	for (unsigned i = 0; i < c->nodes; i++) {
		agents[i] = fork();
		if (agents[i] < 0)
			die("fork");
		if (agents[i])
			continue;
		for (unsigned k = 0; k < c->nodes; k++)
			for (unsigned l = 0; l < c->nodes; l++)
				if (k != i && links[k][l] >= 0)
					close(links[k][l]);
		agent(c, i, links[i]);
	}
	for (unsigned k = 0; k < c->nodes; k++)
		for (unsigned l = 0; l < c->nodes; l++)
			if (links[k][l] >= 0)
				close(links[k][l]);
	result = wait_for_all(c, agents);
	outside->elapsed_ns = pcn_now_ns() - start;
	return result;
}
