/*
 * The carrier: bytes between sockets of this machine and connections of
 * libfabric's (FI_EP_MSG).
 *
 * A message is a header and bytes of the stream, or a header alone.  Each side
 * has receives posted for CREDITS messages with bytes, which are given back by
 * the headers that go the other way as the bytes have gone on, and for the few
 * without that can be on their way besides.  So no provider ever has a message
 * and no buffer for it, and who does not read makes the other side wait.
 *
 * After an END there is nothing but headers, and those until the other side's
 * END has come: when both have, nothing is on its way that closing could hurt.
 */
#define _GNU_SOURCE
#include "carrier.h"
#include "clock.h"

#include <dlfcn.h>
#include <endian.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <rdma/fabric.h>
#include <rdma/fi_cm.h>
#include <rdma/fi_domain.h>
#include <rdma/fi_endpoint.h>
#include <rdma/fi_eq.h>
#include <rdma/fi_errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#define API	FI_VERSION(1, 9)
#define MESSAGE (17u << 10) /* a TLS record fits */
#define CREDITS 16u
/* Two that give credits, one END, and one in PING_NS of which SILENT_NS lets
 * three come. */
#define HEADERS	     8u
#define RECEIVES     (CREDITS + HEADERS)
#define SENDS	     (CREDITS + 4u)
#define SENDS_SPARED 2u /* for headers */
#define SLOTS	     (RECEIVES + SENDS)
/* popcornd's places: for programs, strangers, and what is closing. */
#define CONNECTIONS_MAX (256 + 64 + 64)

#define CONNECT_NS  10000000000u
#define PING_NS	    10000000000u
#define SILENT_NS   30000000000u /* as a socket's (address.c) */
#define LINGER_NS   2000000000u
#define FAREWELL_NS 200000000u

#define FLAG_END 1u

struct header {
	uint32_t credits, flags; /* little-endian */
};

/* What fi_connect() says besides: both sides must count alike. */
struct greeting {
	char magic[8];
	uint32_t message, credits;
};

struct slot {
	struct fi_context2 context; /* first: what a completion names */
	struct slot *next;
	uint8_t *bytes;
	size_t at, size;
	bool receives;
};

struct list {
	struct slot *first, *last;
};

struct connection {
	struct fid_domain *domain;
	struct fid_cq *cq;
	struct fid_ep *ep;
	struct fid_mr *mr;
	void *desc;
	uint8_t *memory;
	int cq_fd, sock; /* sock -1: not handed out yet */
	struct pcn_address peer;

	struct slot slots[SLOTS];
	struct list free, unsent, came;
	unsigned int sending;
	unsigned int credits; /* messages that the other side can take */
	unsigned int held;    /* messages that it has sent, less ... */
	unsigned int owed;    /* ... and of these, what can be given back */

	uint64_t start_ns, sent_ns, got_ns, gone_ns, cut_ns, ended_ns;
	bool up, cut;
	bool sock_ended, gone; /* no more comes; nobody is there */
	bool end_sent, end_got, end_passed, ended_first;
	int error;
};

struct carrier {
	struct fid_fabric *fabric;
	struct fid_eq *eq;
	struct fid_pep *pep; /* NULL: this one connects */
	int eq_fd, control;
	struct connection *list[CONNECTIONS_MAX];
	int count;
};

/* libfabric's other providers' libraries measure clocks for a third of a second
 * when they are loaded: only a carrier does that. */
static struct {
	int (*getinfo)(uint32_t, const char *, const char *, uint64_t,
		       const struct fi_info *, struct fi_info **);
	void (*freeinfo)(struct fi_info *);
	struct fi_info *(*dupinfo)(const struct fi_info *);
	int (*fabric)(struct fi_fabric_attr *, struct fid_fabric **, void *);
	const char *(*strerror)(int);
} lib;

int pcn_fabric_load(struct error *error)
{
	void *handle;

	if (lib.strerror)
		return 0;
	handle = dlopen("libfabric.so.1", RTLD_NOW);
	if (!handle)
		return pcn_fail(error, -ENOENT, "%s", dlerror());
	*(void **)&lib.getinfo = dlsym(handle, "fi_getinfo");
	*(void **)&lib.freeinfo = dlsym(handle, "fi_freeinfo");
	*(void **)&lib.dupinfo = dlsym(handle, "fi_dupinfo");
	*(void **)&lib.fabric = dlsym(handle, "fi_fabric");
	*(void **)&lib.strerror = dlsym(handle, "fi_strerror");
	if (!lib.getinfo || !lib.freeinfo || !lib.dupinfo || !lib.fabric ||
	    !lib.strerror)
		return pcn_fail(error, -ENOENT, "libfabric.so.1 is another");
	return 0;
}

static int fail(struct error *error, const char *what, ssize_t err)
{
	return pcn_fail(error, (int)err, "libfabric: %s: %s", what,
			lib.strerror((int)-err));
}

static void append(struct list *l, struct slot *s)
{
	s->next = NULL;
	if (l->first)
		l->last->next = s;
	else
		l->first = s;
	l->last = s;
}

static struct slot *take_first(struct list *l)
{
	struct slot *s = l->first;

	if (s)
		l->first = s->next;
	return s;
}

/* --- Opening ----------------------------------------------------------------
 */

static struct fi_info *find(const struct pcn_address *a, bool listens,
			    struct error *error)
{
	struct fi_info *hints = lib.dupinfo(NULL), *found = NULL;
	char host[NI_MAXHOST], port[NI_MAXSERV];
	int err = -FI_ENOMEM;

	/* Looking at the others may take long, and say things. */
	setenv("FI_PROVIDER", a->fabric, 1);
	if (hints)
		hints->fabric_attr->prov_name = strdup(a->fabric);
	if (hints && hints->fabric_attr->prov_name &&
	    !getnameinfo((const void *)&a->address, a->size, host, sizeof(host),
			 port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV)) {
		hints->caps = FI_MSG;
		hints->mode = FI_CONTEXT | FI_CONTEXT2;
		hints->addr_format = FI_SOCKADDR;
		hints->ep_attr->type = FI_EP_MSG;
		hints->tx_attr->size = SENDS;
		hints->rx_attr->size = RECEIVES;
		hints->domain_attr->threading = FI_THREAD_DOMAIN;
		hints->domain_attr->control_progress = FI_PROGRESS_MANUAL;
		hints->domain_attr->data_progress = FI_PROGRESS_MANUAL;
		hints->domain_attr->mr_mode = FI_MR_LOCAL | FI_MR_ALLOCATED |
					      FI_MR_VIRT_ADDR | FI_MR_PROV_KEY;
		err = lib.getinfo(API, host, port,
				  FI_NUMERICHOST | (listens ? FI_SOURCE : 0),
				  hints, &found);
	}
	if (hints)
		lib.freeinfo(hints);
	if (!err)
		return found;
	pcn_fail(error, err, "libfabric: provider %s: %s", a->fabric,
		 lib.strerror(-err));
	return NULL;
}

static int open_fabric(struct carrier *k, struct fi_info *info,
		       struct error *error)
{
	struct fi_eq_attr attr = {.size = 2 * CONNECTIONS_MAX,
				  .wait_obj = FI_WAIT_FD};
	int err = lib.fabric(info->fabric_attr, &k->fabric, NULL);

	if (!err)
		err = fi_eq_open(k->fabric, &attr, &k->eq, NULL);
	if (!err)
		err = fi_control(&k->eq->fid, FI_GETWAIT, &k->eq_fd);
	return err ? fail(error, "opening", err) : 0;
}

static int post(struct connection *c, struct slot *s)
{
	return (int)fi_recv(c->ep, s->bytes, MESSAGE, c->desc, 0, &s->context);
}

static int open_endpoint(struct carrier *k, struct connection *c,
			 struct fi_info *info)
{
	struct fi_cq_attr attr = {.size = SLOTS,
				  .format = FI_CQ_FORMAT_MSG,
				  .wait_obj = FI_WAIT_FD};
	size_t size = (size_t)MESSAGE * SLOTS;
	int err = fi_domain(k->fabric, info, &c->domain, NULL);

	if (!err)
		err = fi_cq_open(c->domain, &attr, &c->cq, NULL);
	if (!err)
		err = fi_control(&c->cq->fid, FI_GETWAIT, &c->cq_fd);
	if (!err)
		err = fi_endpoint(c->domain, info, &c->ep, NULL);
	if (!err)
		err = fi_ep_bind(c->ep, &k->eq->fid, 0);
	if (!err)
		err = fi_ep_bind(c->ep, &c->cq->fid, FI_TRANSMIT | FI_RECV);
	c->memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c->memory == MAP_FAILED) {
		c->memory = NULL;
		return -FI_ENOMEM;
	}
	if (!err && info->domain_attr->mr_mode & FI_MR_LOCAL) {
		err = fi_mr_reg(c->domain, c->memory, size, FI_SEND | FI_RECV,
				0, 0, 0, &c->mr, NULL);
		c->desc = err ? NULL : fi_mr_desc(c->mr);
	}
	if (!err)
		err = fi_enable(c->ep);
	for (unsigned int i = 0; i < SLOTS; i++) {
		struct slot *s = &c->slots[i];

		s->bytes = c->memory + (size_t)MESSAGE * i;
		s->receives = i < RECEIVES;
		if (!s->receives)
			append(&c->free, s);
		else if (!err)
			err = post(c, s);
	}
	return err;
}

static void drop(struct connection *c)
{
	if (c->sock >= 0)
		close(c->sock);
	if (c->ep && c->up && !c->cut)
		fi_shutdown(c->ep, 0); /* what is sent need not be out yet */
	if (c->ep)
		fi_close(&c->ep->fid);
	if (c->cq)
		fi_close(&c->cq->fid);
	if (c->mr)
		fi_close(&c->mr->fid);
	if (c->domain)
		fi_close(&c->domain->fid);
	if (c->memory)
		munmap(c->memory, (size_t)MESSAGE * SLOTS);
	free(c);
}

static struct connection *add(struct carrier *k, const struct pcn_address *peer)
{
	struct connection *c;

	if (k->count == CONNECTIONS_MAX)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->sock = -1;
	c->peer = *peer;
	c->credits = CREDITS;
	c->start_ns = pcn_now_ns();
	k->list[k->count++] = c;
	return c;
}

static struct connection *connection_of(struct carrier *k, const struct fid *f)
{
	for (int i = 0; i < k->count; i++)
		if (k->list[i]->ep && &k->list[i]->ep->fid == f)
			return k->list[i];
	return NULL;
}

static void cut(struct connection *c, int err)
{
	if (c->cut)
		return;
	c->cut = true;
	c->cut_ns = pcn_now_ns();
	c->error = err;
}

/* --- To the other side ------------------------------------------------------
 */

static void send_slot(struct connection *c, struct slot *s, size_t size,
		      uint32_t flags)
{
	struct header h = {htole32(c->owed), htole32(flags)};

	memcpy(s->bytes, &h, sizeof(h));
	s->size = sizeof(h) + size;
	c->held -= c->owed;
	c->owed = 0;
	c->sent_ns = pcn_now_ns();
	append(&c->unsent, s);
}

static void send_header(struct connection *c, uint32_t flags)
{
	send_slot(c, take_first(&c->free), 0, flags);
}

/* The provider may have no room just now. */
static void push(struct connection *c)
{
	while (c->unsent.first && !c->cut) {
		struct slot *s = c->unsent.first;
		ssize_t err = fi_send(c->ep, s->bytes, s->size, c->desc, 0,
				      &s->context);

		if (err == -FI_EAGAIN)
			return;
		if (err) {
			cut(c, (int)err);
			return;
		}
		take_first(&c->unsent);
		c->sending++;
	}
}

static bool can_take(const struct connection *c)
{
	return c->up && !c->cut && !c->sock_ended && c->credits &&
	       c->sending + SENDS_SPARED < SENDS && !c->unsent.first;
}

static void take_from_socket(struct connection *c)
{
	while (c->sock >= 0 && can_take(c)) {
		struct slot *s = c->free.first;
		ssize_t n = recv(c->sock, s->bytes + sizeof(struct header),
				 MESSAGE - sizeof(struct header), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			c->sock_ended = true;
			return;
		}
		take_first(&c->free);
		c->credits--;
		send_slot(c, s, (size_t)n, 0);
		push(c);
	}
}

static void say_what_is_due(struct connection *c)
{
	if (!c->up || c->cut || !c->free.first)
		return;
	if (!c->end_got &&
	    (c->owed >= CREDITS / 2 || pcn_now_ns() - c->sent_ns >= PING_NS))
		send_header(c, 0);
	if (c->sock_ended && !c->end_sent && c->free.first) {
		send_header(c, FLAG_END);
		c->end_sent = true;
		c->ended_first = !c->end_got;
	}
	push(c);
}

/* --- From the other side ----------------------------------------------------
 */

static void give_back(struct connection *c, struct slot *s)
{
	int err = c->cut ? 0 : post(c, s);

	if (err)
		cut(c, err);
}

/* Whatever comes is checked: the other side may be anybody. */
static void take_message(struct connection *c, struct slot *s, size_t size)
{
	struct header h;
	uint32_t credits, flags;

	if (size < sizeof(h) || size > MESSAGE) {
		cut(c, -FI_EIO);
		return;
	}
	memcpy(&h, s->bytes, sizeof(h));
	credits = le32toh(h.credits);
	flags = le32toh(h.flags);
	if (credits > CREDITS - c->credits || flags & ~FLAG_END ||
	    (flags && (size > sizeof(h) || c->end_got)) ||
	    (size > sizeof(h) && (c->end_got || c->held == CREDITS))) {
		cut(c, -FI_EIO);
		return;
	}
	c->got_ns = pcn_now_ns();
	c->credits += credits;
	c->end_got |= flags & FLAG_END;
	if (size == sizeof(h)) {
		give_back(c, s);
		return;
	}
	c->held++;
	s->at = sizeof(h);
	s->size = size;
	append(&c->came, s);
}

static void read_completions(struct connection *c)
{
	struct fi_cq_msg_entry list[8];
	struct fi_cq_err_entry failed = {0};
	ssize_t n;

	while (!c->cut && (n = fi_cq_read(c->cq, list, 8)) != -FI_EAGAIN) {
		/* Why it does not come about at all is an event. */
		if (n == -FI_EAVAIL && fi_cq_readerr(c->cq, &failed, 0) > 0 &&
		    !c->up)
			continue;
		if (n < 0) {
			cut(c, failed.err ? -failed.err : -FI_EIO);
			return;
		}
		for (ssize_t i = 0; i < n; i++) {
			struct slot *s = list[i].op_context;

			if (s->receives) {
				take_message(c, s, list[i].len);
				continue;
			}
			c->sending--;
			append(&c->free, s);
		}
	}
}

static void note_gone(struct connection *c)
{
	if (!c->gone)
		c->gone_ns = pcn_now_ns();
	c->gone = true;
}

static void give_to_socket(struct connection *c)
{
	if (c->sock < 0)
		return;
	while (c->came.first) {
		struct slot *s = c->came.first;
		ssize_t n = c->gone ? (ssize_t)(s->size - s->at)
				    : send(c->sock, s->bytes + s->at,
					   s->size - s->at,
					   MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			note_gone(c);
			continue;
		}
		s->at += (size_t)n;
		if (s->at < s->size)
			return;
		take_first(&c->came);
		c->owed++;
		give_back(c, s);
	}
	if (c->end_got && !c->end_passed && !c->came.first) {
		shutdown(c->sock, SHUT_WR);
		c->end_passed = true;
	}
}

/* --- Connections come and go ------------------------------------------------
 */

static void tell(int sock, int err, const char *why)
{
	struct pcn_verdict v = {.error = err};

	snprintf(v.text, sizeof(v.text), "%s", why);
	if (send(sock, &v, sizeof(v), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		_exit(1);
}

static void stand(struct carrier *k, struct connection *c)
{
	if (c->up)
		return;
	c->up = true;
	c->sent_ns = c->got_ns = pcn_now_ns();
	if (!k->pep) {
		tell(c->sock, 0, "");
		return;
	}
	c->sock = pcn_carrier_offer(k->control, &c->peer);
	if (c->sock < 0)
		cut(c, -FI_EIO);
}

static const struct greeting *own_greeting(void)
{
	static struct greeting g = {
		.magic = {'p', 'o', 'p', 'c', 'o', 'r', 'n', '1'}};

	g.message = htole32(MESSAGE);
	g.credits = htole32(CREDITS);
	return &g;
}

static bool is_greeting(const void *bytes, size_t size)
{
	return size >= sizeof(struct greeting) &&
	       !memcmp(bytes, own_greeting(), sizeof(struct greeting));
}

static void accept_one(struct carrier *k, struct fi_info *info, bool welcome)
{
	struct pcn_address from = {.size = 0};
	struct connection *c = NULL;

	if (info->dest_addr && info->dest_addrlen <= sizeof(from.address)) {
		memcpy(&from.address, info->dest_addr, info->dest_addrlen);
		from.size = (socklen_t)info->dest_addrlen;
	}
	snprintf(from.fabric, sizeof(from.fabric), "%s",
		 info->fabric_attr->prov_name);
	if (welcome)
		c = add(k, &from);
	if (!c)
		fi_reject(k->pep, info->handle, NULL, 0);
	else if (open_endpoint(k, c, info) || fi_accept(c->ep, NULL, 0)) {
		if (!c->ep)
			fi_reject(k->pep, info->handle, NULL, 0);
		cut(c, -FI_EIO);
	}
	lib.freeinfo(info);
}

static void read_events(struct carrier *k)
{
	union {
		struct fi_eq_cm_entry cm;
		uint8_t bytes[1024]; /* with what providers let others say */
	} e;
	struct fi_eq_err_entry failed;
	struct connection *c;
	uint32_t event;
	ssize_t n;

	while ((n = fi_eq_read(k->eq, &event, &e, sizeof(e), 0)) !=
	       -FI_EAGAIN) {
		if (n < 0) {
			memset(&failed, 0, sizeof(failed));
			if (n != -FI_EAVAIL ||
			    fi_eq_readerr(k->eq, &failed, 0) < 0)
				_exit(1); /* it would be said for ever */
			c = connection_of(k, failed.fid);
			if (c)
				cut(c, failed.err ? -failed.err : -FI_EIO);
			continue;
		}
		if (event == FI_CONNREQ) {
			if (k->control >= 0)
				accept_one(
					k, e.cm.info,
					is_greeting(e.bytes + sizeof(e.cm),
						    (size_t)n - sizeof(e.cm)));
			continue;
		}
		c = connection_of(k, e.cm.fid);
		if (c && event == FI_CONNECTED) {
			stand(k, c);
		} else if (c && event == FI_SHUTDOWN) {
			read_completions(c); /* what came before */
			cut(c, -FI_ECONNRESET);
		}
	}
}

static bool has_ended(struct connection *c)
{
	uint64_t now = pcn_now_ns();
	bool said = !c->unsent.first && !c->sending;

	if (!c->up && now - c->start_ns > CONNECT_NS)
		cut(c, -FI_ETIMEDOUT);
	if (c->up && !c->end_got && now - c->got_ns > SILENT_NS)
		cut(c, -FI_ETIMEDOUT);
	if (c->cut)
		return !c->came.first || c->sock < 0 ||
		       now - c->cut_ns > LINGER_NS;
	if (c->gone &&
	    (!c->up ||
	     now - c->gone_ns > (c->end_sent && said ? LINGER_NS : SILENT_NS)))
		return true;
	if (!c->end_sent || !c->end_got || c->came.first || !said)
		return false;
	if (!c->ended_ns)
		c->ended_ns = now;
	/* Whose END was the second lets the other side close first. */
	return c->ended_first || now - c->ended_ns > FAREWELL_NS;
}

static void work(struct connection *c)
{
	read_completions(c);
	if (!c->up)
		return;
	give_to_socket(c);
	push(c);
	take_from_socket(c);
	say_what_is_due(c);
}

static void work_all(struct carrier *k)
{
	read_events(k);
	for (int i = 0; i < k->count; i++) {
		struct connection *c = k->list[i];

		if (c->ep)
			work(c);
		if (!has_ended(c))
			continue;
		if (!k->pep && !c->up)
			tell(c->sock, c->error,
			     lib.strerror(c->error ? -c->error : FI_ECANCELED));
		drop(c);
		k->list[i--] = k->list[--k->count];
	}
}

static struct pollfd socket_of(const struct connection *c)
{
	struct pollfd p = {.fd = c->sock};

	if (can_take(c))
		p.events |= POLLIN;
	if (c->came.first)
		p.events |= POLLOUT;
	if (c->gone && !p.events)
		p.fd = -1; /* it would say so for ever */
	return p;
}

/* Who listens has gone: nobody new comes in, and who is here may stay. */
static void read_control(struct carrier *k)
{
	char byte;

	if (k->control < 0 ||
	    (recv(k->control, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN))
		return;
	fi_close(&k->pep->fid);
	close(k->control);
	k->control = -1;
}

static int timeout_ms(const struct carrier *k)
{
	int ms = k->count ? 1000 : -1;

	for (int i = 0; i < k->count; i++) {
		const struct connection *c = k->list[i];

		if (c->unsent.first)
			return 1;
		if (c->cut || c->gone || c->ended_ns)
			ms = 50;
	}
	return ms;
}

_Noreturn static void carry(struct carrier *k)
{
	static struct pollfd list[2 + 2 * CONNECTIONS_MAX];
	static struct fid *waited[1 + CONNECTIONS_MAX];

	for (;;) {
		int n = 0, fids = 0, ms;

		work_all(k);
		if (!k->count && k->control < 0)
			_exit(0);
		list[n++] = (struct pollfd){k->control, POLLIN, 0};
		list[n++] = (struct pollfd){k->eq_fd, POLLIN, 0};
		waited[fids++] = &k->eq->fid;
		for (int i = 0; i < k->count; i++) {
			struct connection *c = k->list[i];
			bool hears = c->cq && !c->cut;

			list[n++] = socket_of(c);
			list[n++] = (struct pollfd){hears ? c->cq_fd : -1,
						    POLLIN, 0};
			if (hears)
				waited[fids++] = &c->cq->fid;
		}
		ms = timeout_ms(k);
		if (fi_trywait(k->fabric, waited, fids))
			ms = 0;
		poll(list, (nfds_t)n, ms);
		for (int i = 0; i < k->count; i++)
			if (list[2 + 2 * i].revents & (POLLHUP | POLLERR))
				note_gone(k->list[i]);
		if (list[0].revents)
			read_control(k);
	}
}

/* Each connection has several descriptors. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

_Noreturn void pcn_fabric_connect(const struct pcn_address *a, int sock)
{
	static struct carrier k = {.control = -1};
	struct error error = {""};
	struct connection *c = add(&k, a);
	struct fi_info *info = NULL;
	int err = c ? pcn_fabric_load(&error) : -ENOMEM;

	if (!err)
		info = find(a, false, &error);
	if (!err && info)
		err = open_fabric(&k, info, &error);
	if (!err && info) {
		err = open_endpoint(&k, c, info);
		if (!err)
			err = fi_connect(c->ep, info->dest_addr, own_greeting(),
					 sizeof(struct greeting));
		if (err)
			fail(&error, "connecting", err);
	}
	if (err || !info) {
		tell(sock, err ? err : -ENOENT, error.text);
		_exit(1);
	}
	c->sock = sock;
	carry(&k);
}

/* Provider tcp reads who comes with a recv() that waits for the whole request,
 * from a socket that has all this of the one that listens. */
static void bound_requests(void)
{
	const struct timeval limit = {.tv_usec = 10000};

	for (int fd = 3; fd < 1024; fd++) {
		int listens = 0;
		socklen_t size = sizeof(listens);

		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens,
			       &size) ||
		    !listens)
			continue;
		pcn_socket_prepare(fd);
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	}
}

static int open_listener(struct carrier *k, struct pcn_address *a,
			 struct error *error)
{
	size_t size = sizeof(a->address);
	struct fi_info *info;
	int err = pcn_fabric_load(error);

	if (err)
		return err;
	info = find(a, true, error);
	if (!info)
		return -ENOENT;
	err = open_fabric(k, info, error);
	if (err)
		return err;
	err = fi_passive_ep(k->fabric, info, &k->pep, NULL);
	if (!err)
		err = fi_pep_bind(k->pep, &k->eq->fid, 0);
	if (!err)
		err = fi_listen(k->pep);
	if (!err)
		err = fi_getname(&k->pep->fid, &a->address, &size);
	bound_requests();
	a->size = (socklen_t)size;
	return err ? fail(error, "listening", err) : 0;
}

_Noreturn void pcn_fabric_listen(const struct pcn_address *a, int control)
{
	static struct carrier k;
	struct pcn_arrival where = {.address = *a};
	struct error error = {""};

	allow_descriptors();
	k.control = control;
	where.verdict.error = open_listener(&k, &where.address, &error);
	snprintf(where.verdict.text, sizeof(where.verdict.text), "%.*s",
		 (int)sizeof(where.verdict.text) - 1, error.text);
	if (send(control, &where, sizeof(where), MSG_NOSIGNAL) < 0 ||
	    where.verdict.error)
		_exit(1);
	carry(&k);
}
