/*
 * simulate [-n SEEDS] [-s SEED] [-b FAULT] - the protocol under random
 * schedules.
 *
 * Two to four nodes with simulated memory and threads; what happens next (an
 * access, a fault taken, a message of some link delivered, pages pushed, ranges
 * added and removed, a node lost) is drawn from a seed.  After every step:
 * one writer or many readers; every copy that can be read holds what was
 * written last, anywhere, which is stronger than sequential consistency; rights
 * and memory agree.  At the end everybody has got what he waited for, and
 * nothing is left over.  -b breaks the memory or the order on purpose: a run
 * that must fail.
 */
#include "protocol.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NODES	4
#define PAGES	96
#define FIRST	1000u
#define THREADS 3
#define EVENTS	1024
#define LOST	(~(uint64_t)0)

enum breakage {
	BREAK_NOTHING,
	BREAK_PROTECT, /* a downgraded page stays writable */
	BREAK_TAKE,    /* an invalidated page stays readable */
	BREAK_ACK,     /* the origin does not wait for acknowledgements */
	BREAK_WAKE,    /* a wake-up is lost now and then */
	BREAK_COPY,    /* contents are copied before writes have stopped */
};
static const char *const breakages[] = {"nothing", "protect", "take",
					"ack",	   "wake",    "copy"};

struct memory {
	bool present, mapped, writable;
	unsigned char data[DSM_PAGE_SIZE];
};

struct thread {
	bool waits, retries, write;
	uint32_t page;
	uint32_t scan; /* pages left that it goes through in order */
	enum { SCAN_READS, SCAN_WRITES, SCAN_BOTH } how;
};

struct message {
	struct message *next;
	size_t size;
	unsigned char bytes[] __attribute__((aligned(8)));
};

struct link {
	struct message *head, *tail;
};

struct node {
	struct dsm dsm;
	struct memory memory[PAGES];
	struct thread threads[THREADS];
	struct {
		uint32_t page;
		bool write;
	} events[EVENTS];
	unsigned event_count;
	struct link out, in; /* to and from the origin */
	bool dead, noticed;
	unsigned number;
	unsigned outstanding; /* adds and removes without an answer */
};

static struct node nodes[NODES];
static unsigned node_count, page_count;
static uint64_t truth[PAGES], written;
static struct dsm_removal removals[DSM_REMOVALS_MAX]; /* before this step */
static struct {
	uint32_t page, count;
} removed[256]; /* by cookie; count 0: an add */
static bool ever_lost[PAGES];
static uint64_t state, seed;
static enum breakage breakage;
static jmp_buf failed;
static bool quiet;
static struct {
	uint64_t steps, accesses, messages, losses, pushes, removals;
	uint64_t ahead, ahead_to_write;
} totals;

__attribute__((noreturn, format(printf, 1, 2))) static void
fail(const char *format, ...)
{
	va_list list;

	if (!quiet) {
		fprintf(stderr, "seed %llu: ", (unsigned long long)seed);
		va_start(list, format);
		vfprintf(stderr, format, list);
		va_end(list);
		fputc('\n', stderr);
	}
	longjmp(failed, 1);
}

static uint32_t draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 24) % below;
}

static uint64_t value_of(const unsigned char *data)
{
	uint64_t first, last;

	memcpy(&first, data, 8);
	memcpy(&last, data + DSM_PAGE_SIZE - 8, 8);
	if (first != last)
		fail("a page in two halves: %llu, %llu",
		     (unsigned long long)first, (unsigned long long)last);
	return first;
}

/* --- Operations ----------------------------------------------------------- */

static void wake_threads(struct node *n, uint32_t page)
{
	if (breakage == BREAK_WAKE && !draw(50))
		return;
	for (unsigned i = 0; i < THREADS; i++)
		if (n->threads[i].waits && n->threads[i].page == page) {
			n->threads[i].waits = false;
			n->threads[i].retries = true;
		}
}

static struct memory *memory_of(struct node *n, uint32_t page)
{
	if (page < FIRST || page >= FIRST + page_count)
		fail("page %u", page);
	return &n->memory[page - FIRST];
}

static void op_install(void *context, uint32_t page, uint32_t count,
		       const unsigned char *data, enum dsm_right right,
		       bool map)
{
	struct node *n = context;

	for (uint32_t i = 0; i < count; i++) {
		struct memory *m = memory_of(n, page + i);

		if (m->present && breakage != BREAK_TAKE)
			fail("installed over a page");
		m->present = true;
		m->mapped = map;
		m->writable = right == DSM_WRITABLE;
		if (data)
			memcpy(m->data, data + (size_t)i * DSM_PAGE_SIZE,
			       DSM_PAGE_SIZE);
		else
			memset(m->data, 0, DSM_PAGE_SIZE);
		if (map)
			wake_threads(n, page + i);
	}
}

/* It becomes writable, if it is, when it is written. */
static bool is_marker(struct node *n, uint32_t page)
{
	return dsm_page_of(&n->dsm, page)->flags & DSM_MARKER;
}

static void op_wake(void *context, uint32_t page, enum dsm_right right)
{
	struct node *n = context;
	struct memory *m = memory_of(n, page);

	if (right && !m->present)
		fail("woken without the page");
	/* As the kernel: what is mapped stays as it is. */
	if (right && !m->mapped) {
		m->mapped = true;
		m->writable = right == DSM_WRITABLE;
	}
	wake_threads(n, page);
}

static void op_protect(void *context, uint32_t page, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct memory *m = memory_of(context, page + i);

		if (!m->present ||
		    (!m->writable && !is_marker(context, page + i)))
			fail("protected what was not writable");
		m->writable = breakage == BREAK_PROTECT;
	}
}

static void op_upgrade(void *context, uint32_t page, uint32_t count)
{
	struct node *n = context;

	for (uint32_t i = 0; i < count; i++) {
		struct memory *m = memory_of(n, page + i);

		if (!m->present || (m->writable && !is_marker(n, page + i) &&
				    breakage != BREAK_PROTECT))
			fail("upgraded what was not readable");
		m->writable = true;
		wake_threads(n, page + i);
	}
}

static void write_page(struct memory *m, uint32_t i)
{
	written++;
	memcpy(m->data, &written, 8);
	memcpy(m->data + DSM_PAGE_SIZE - 8, &written, 8);
	truth[i] = written;
}

static void op_take(void *context, uint32_t page, uint32_t count,
		    unsigned char *data, enum dsm_right right)
{
	for (uint32_t i = 0; i < count; i++) {
		struct memory *m = memory_of(context, page + i);

		if (data && !m->present)
			fail("took an absent page");
		if (data && right == DSM_WRITABLE && !m->writable &&
		    !is_marker(context, page + i))
			fail("took a page with another right");
		if (data)
			memcpy(data + (size_t)i * DSM_PAGE_SIZE, m->data,
			       DSM_PAGE_SIZE);
		if (data && breakage == BREAK_COPY && m->writable)
			write_page(m, page + i - FIRST);
		m->writable = false;
		m->present = m->present && breakage == BREAK_TAKE;
	}
}

static void op_copy_out(void *context, uint32_t page, uint32_t count,
			unsigned char *data)
{
	for (uint32_t i = 0; i < count; i++) {
		struct memory *m = memory_of(context, page + i);

		if (!m->present)
			fail("copied an absent page");
		memcpy(data + (size_t)i * DSM_PAGE_SIZE, m->data,
		       DSM_PAGE_SIZE);
	}
}

static void put(struct link *l, const struct dsm_message *m,
		const unsigned char *data)
{
	uint32_t size = dsm_message_size(m), head;
	struct message *message = malloc(sizeof(*message) + size);

	if (!message)
		abort();
	message->next = NULL;
	message->size = size;
	head = dsm_message_encode(m, message->bytes);
	if (data)
		memcpy(message->bytes + head, data, size - head);
	if (l->tail)
		l->tail->next = message;
	else
		l->head = message;
	l->tail = message;
}

/* Whoever gets these pages next sees zeroes. */
static void forget(uint32_t page, uint32_t count)
{
	memset(&truth[page - FIRST], 0, count * sizeof(*truth));
}

static void op_send(void *context, unsigned to, const struct dsm_message *m,
		    const unsigned char *data)
{
	struct node *n = context;
	struct link *l = n->number ? &n->out : &nodes[to].in;

	totals.messages++;
	if (n->number ? to != 0 : to >= node_count || !to)
		fail("node %u sends to %u", n->number, to);
	if (nodes[n->number ? n->number : to].noticed)
		fail("sends to a lost node");
	if (m->type == DSM_DONE && !m->count && removed[m->cookie].count)
		forget(removed[m->cookie].page, removed[m->cookie].count);
	if (breakage == BREAK_ACK && m->type == DSM_INVALIDATE &&
	    !(m->flags & DSM_WITH_DATA))
		put(&nodes[to].out,
		    &(struct dsm_message){
			    .type = DSM_ACK, .page = m->page, .mask = 1},
		    NULL);
	if (breakage == BREAK_ACK && m->type == DSM_ACK &&
	    !(m->flags & DSM_WITH_DATA))
		return;
	put(l, m, data);
}

static void op_refused(void *context, uint32_t page, bool is_lost)
{
	struct node *n = context;

	/* It may be there anew by now. */
	if (is_lost && !ever_lost[page - FIRST])
		fail("refused as lost, but it is not");
	for (unsigned i = 0; i < THREADS; i++)
		if (n->threads[i].page == page) {
			n->threads[i].waits = false;
			n->threads[i].retries = false;
		}
}

static void op_lost(void *context, uint32_t page)
{
	(void)context;
	for (unsigned i = 0; i < node_count; i++)
		if (!nodes[i].dead && nodes[i].memory[page - FIRST].present)
			fail("lost page %u, but node %u has it", page, i);
	truth[page - FIRST] = LOST;
	ever_lost[page - FIRST] = true;
}

static void op_done(void *context, uint64_t cookie, int result)
{
	struct node *n = context;

	if (!n->number && !result && removed[cookie].count)
		forget(removed[cookie].page, removed[cookie].count);
	if (result && result != -EEXIST && result != -EAGAIN)
		fail("done: %d", result);
	n->outstanding--;
}

static const struct dsm_ops ops = {
	op_install,  op_wake, op_protect, op_upgrade, op_take,
	op_copy_out, op_send, op_refused, op_lost,    op_done,
};

/* --- Steps ---------------------------------------------------------------- */

static void post(struct node *n, uint32_t page, bool write)
{
	if (n->event_count == EVENTS)
		return; /* duplicates only, there are few threads */
	n->events[n->event_count].page = page;
	n->events[n->event_count++].write = write;
}

static void access_page(struct node *n, struct thread *t)
{
	uint32_t i = t->page - FIRST;
	struct memory *m = &n->memory[i];

	t->retries = false;
	if (!m->present || !m->mapped || (t->write && !m->writable)) {
		t->waits = true;
		post(n, t->page, t->write);
		return;
	}
	totals.accesses++;
	if (value_of(m->data) != truth[i])
		fail("node %u reads %llu in page %u, not %llu", n->number,
		     (unsigned long long)value_of(m->data), i,
		     (unsigned long long)truth[i]);
	if (t->write)
		write_page(m, i);
}

static void step_thread(struct node *n)
{
	struct thread *t = &n->threads[draw(THREADS)];

	if (t->waits)
		return;
	if (t->retries) {
		access_page(n, t);
		return;
	}
	if (t->scan && t->how == SCAN_BOTH && !t->write) {
		t->write = true;
	} else if (t->scan && t->page + 1 < FIRST + page_count) {
		t->scan--;
		t->page++;
		t->write = t->how == SCAN_WRITES;
	} else {
		t->page = FIRST + draw(page_count);
		t->write = draw(5) < 2;
		t->scan = page_count > 8 && !draw(8) ? draw(60) : 0;
		t->how = draw(3);
	}
	access_page(n, t);
}

/* Faults are taken in any order. */
static void step_fault(struct node *n)
{
	unsigned i;
	uint32_t page;
	bool write;

	if (!n->event_count || !pcn_dsm_room(&n->dsm))
		return;
	i = draw(n->event_count);
	page = n->events[i].page;
	write = n->events[i].write;
	if (draw(10)) /* else it is seen twice */
		n->events[i] = n->events[--n->event_count];
	pcn_dsm_fault(&n->dsm, page, write);
}

static bool deliver(struct link *l, struct node *to, unsigned from)
{
	struct message *message = l->head;
	struct dsm_message m;
	const unsigned char *data = NULL;
	int size, err;

	if (!message)
		return false;
	l->head = message->next;
	if (!l->head)
		l->tail = NULL;
	size = dsm_message_decode(message->bytes, message->size, &m, &data);
	if (size != (int)message->size)
		fail("type %u decodes to %d", message->bytes[4], size);
	err = pcn_dsm_receive(&to->dsm, from, &m, data);
	if (err)
		fail("node %u refuses type %u of node %u", to->number, m.type,
		     from);
	free(message);
	return true;
}

static void clear(struct link *l)
{
	while (l->head) {
		struct message *next = l->head->next;

		free(l->head);
		l->head = next;
	}
	l->tail = NULL;
}

static bool step_link(struct node *n)
{
	if (!n->number || n->noticed)
		return false;
	if (draw(2))
		return deliver(&n->out, &nodes[0], n->number);
	return !n->dead && deliver(&n->in, n, 0);
}

static void step_push(struct node *n)
{
	uint32_t list[100], count = 1 + draw(page_count > 8 ? 90 : 4);
	unsigned to = draw(node_count);

	if (to == n->number)
		return;
	for (uint32_t i = 0; i < count; i++)
		list[i] = FIRST + draw(page_count);
	totals.pushes += pcn_dsm_push(&n->dsm, to, list, count);
}

static void step_range(struct node *n)
{
	static uint8_t next_cookie;
	uint32_t page = draw(page_count), count = 1 + draw(page_count - page);
	uint8_t cookie = next_cookie++;

	if (n->outstanding > 20)
		return;
	n->outstanding++;
	totals.removals++;
	removed[cookie].page = FIRST + page;
	removed[cookie].count = 0;
	if (draw(2)) {
		pcn_dsm_add(&n->dsm, FIRST + page, count, false, cookie);
		return;
	}
	removed[cookie].count = count;
	pcn_dsm_remove(&n->dsm, FIRST + page, count, draw(2), cookie);
}

static void notice(struct node *n)
{
	n->noticed = true;
	clear(&n->in);
	clear(&n->out);
	pcn_dsm_node_lost(&nodes[0].dsm, n->number);
}

static void step_loss(struct node *n)
{
	if (!n->number)
		return;
	if (n->dead) {
		if (!n->noticed)
			notice(n);
		return;
	}
	totals.losses++;
	n->dead = true;
	memset(n->memory, 0, sizeof(n->memory));
	memset(n->threads, 0, sizeof(n->threads));
	n->event_count = 0;
}

/* --- Invariants ----------------------------------------------------------- */

static void check_page(uint32_t i)
{
	unsigned writers = 0, copies = 0;

	for (unsigned k = 0; k < node_count; k++) {
		struct memory *m = &nodes[k].memory[i];
		unsigned right = dsm_page_of(&nodes[k].dsm, FIRST + i)->right;

		if (nodes[k].dead)
			continue;
		if (m->present && right == DSM_WRITABLE && !m->writable &&
		    is_marker(&nodes[k], FIRST + i))
			continue;
		if (!breakage && (m->present != (right != DSM_ABSENT) ||
				  m->writable != (right == DSM_WRITABLE)))
			fail("page %u, node %u: right and memory differ", i, k);
		copies += m->present;
		writers += m->writable;
		if (m->present && truth[i] != LOST &&
		    value_of(m->data) != truth[i])
			fail("page %u, node %u: stale", i, k);
	}
	if (!breakage && (writers > 1 || (writers && copies > 1)))
		fail("page %u: %u writers, %u copies", i, writers, copies);
}

/* Those whose asker is dead: nobody is told that they are done. */
static void check_removals(void)
{
	struct dsm_removal *now = nodes[0].dsm.removals;

	for (unsigned i = 0; i < DSM_REMOVALS_MAX; i++) {
		bool ended = !now[i].phase || now[i].order != removals[i].order;

		if (removals[i].phase && ended)
			forget(removals[i].page, removals[i].count);
	}
	memcpy(removals, now, sizeof(removals));
}

static void check_all(void)
{
	check_removals();
	for (uint32_t i = 0; i < page_count; i++)
		check_page(i);
}

static void check_nothing_left(void)
{
	struct dsm *o = &nodes[0].dsm;
	uint32_t free_works = 0, free_requests = 0, i;

	for (unsigned k = 0; k < node_count; k++) {
		if (nodes[k].dead)
			continue;
		for (i = 0; i < THREADS; i++)
			if (nodes[k].threads[i].waits)
				fail("a thread of node %u waits for page %u "
				     "for ever",
				     k, nodes[k].threads[i].page - FIRST);
		if (nodes[k].outstanding)
			fail("%u adds and removes not done",
			     nodes[k].outstanding);
		if (nodes[k].dsm.faults)
			fail("node %u: %u faults left", k, nodes[k].dsm.faults);
		if (o->requested[k] || o->recalled[k])
			fail("requests of node %u left", k);
		for (i = 0; i < page_count; i++)
			if (nodes[k].dsm.pages[i].flags & ~DSM_MARKER)
				fail("page %u, node %u: flags %x left", i, k,
				     nodes[k].dsm.pages[i].flags);
	}
	for (i = o->free_work; i; i = o->works[i].next_free)
		free_works++;
	for (i = o->free_request; i; i = o->requests[i].next)
		free_requests++;
	if (free_works != o->work_count - 1 ||
	    free_requests != node_count * DSM_FAULTS_MAX)
		fail("transactions or requests left");
}

/* --- One run -------------------------------------------------------------- */

static void start(void)
{
	node_count = 2 + draw(NODES - 1);
	page_count = draw(3) ? 1 + draw(8) : PAGES;
	memset(truth, 0, sizeof(truth));
	memset(ever_lost, 0, sizeof(ever_lost));
	memset(removals, 0, sizeof(removals));
	memset(removed, 0, sizeof(removed));
	written = 0;
	for (unsigned k = 0; k < node_count; k++) {
		struct node *n = &nodes[k];
		struct dsm_config config = {.node = k,
					    .nodes = node_count,
					    .first_page = FIRST,
					    .page_count = page_count,
					    .ops = &ops,
					    .context = n};

		memset(n->memory, 0, sizeof(n->memory));
		memset(n->threads, 0, sizeof(n->threads));
		n->event_count = 0;
		n->dead = n->noticed = false;
		n->number = k;
		n->outstanding = !k;
		if (pcn_dsm_init(&n->dsm, &config))
			abort();
		n->dsm.no_ahead = !draw(4);
	}
	if (draw(2)) {
		for (uint32_t i = 0; i < page_count; i++) {
			nodes[0].memory[i].present = true;
			nodes[0].memory[i].mapped = draw(2);
			nodes[0].memory[i].writable = true;
		}
		pcn_dsm_add(&nodes[0].dsm, FIRST, page_count, true, 0);
	} else {
		pcn_dsm_add(&nodes[0].dsm, FIRST, page_count, false, 0);
	}
}

static void step(bool ranges, bool losses)
{
	struct node *n = &nodes[draw(node_count)];
	uint32_t what = draw(1000);

	totals.steps++;
	if (what < 480) {
		step_link(n);
	} else if (losses && what > 996 && (n->dead || !draw(4))) {
		step_loss(n);
	} else if (n->dead) {
		return;
	} else if (what < 700) {
		step_thread(n);
	} else if (what < 960) {
		step_fault(n);
	} else if (what < 980) {
		step_push(n);
	} else if (ranges && what < 990) {
		step_range(n);
	}
}

/* No new accesses: what is under way must come to its end. */
static void drain(void)
{
	bool busy = true;

	for (unsigned k = 1; k < node_count; k++)
		if (nodes[k].dead && !nodes[k].noticed)
			notice(&nodes[k]);
	check_all();
	for (unsigned k = 0; k < node_count; k++)
		for (unsigned i = 0; i < THREADS; i++)
			nodes[k].threads[i].scan = 0;
	for (int round = 0; busy; round++) {
		if (round > 100000)
			fail("does not come to rest");
		busy = false;
		for (unsigned k = 0; k < node_count; k++) {
			struct node *n = &nodes[k];

			if (n->dead)
				continue;
			for (unsigned i = 0; i < THREADS; i++)
				if (n->threads[i].retries) {
					access_page(n, &n->threads[i]);
					check_all();
					busy = true;
				}
			while (n->event_count) {
				step_fault(n);
				check_all();
				busy = true;
			}
			if (n->number && n->out.head && draw(2))
				deliver(&n->out, &nodes[0], n->number);
			check_all();
			if (n->number && n->in.head && draw(2))
				deliver(&n->in, n, 0);
			check_all();
		}
		for (unsigned k = 0; k < node_count; k++)
			busy |= nodes[k].event_count || nodes[k].in.head ||
				nodes[k].out.head;
	}
}

static int run(void)
{
	bool ranges, losses;
	int steps, result;

	state = (seed + 1) * 0x9e3779b97f4a7c15u;
	for (int i = 0; i < 4; i++)
		draw(2);
	result = setjmp(failed);
	if (!result) {
		start();
		ranges = draw(2);
		losses = !draw(3);
		steps = 500 + (int)draw(3000);
		for (int i = 0; i < steps; i++) {
			step(ranges, losses);
			check_all();
		}
		drain();
		check_nothing_left();
	}
	for (unsigned k = 0; k < node_count; k++) {
		totals.ahead += nodes[k].dsm.counters.ahead_asked;
		totals.ahead_to_write += nodes[k].dsm.counters.ahead_to_write;
		clear(&nodes[k].in);
		clear(&nodes[k].out);
		pcn_dsm_deinit(&nodes[k].dsm);
	}
	return result;
}

int main(int argc, char **argv)
{
	uint64_t first = 1, count = 3000, failures = 0;
	int option;

	while ((option = getopt(argc, argv, "n:s:b:")) != -1) {
		if (option == 'n')
			count = strtoull(optarg, NULL, 10);
		else if (option == 's')
			first = strtoull(optarg, NULL, 10);
		else if (option == 'b')
			for (unsigned i = 0;
			     i < sizeof(breakages) / sizeof(*breakages); i++)
				if (!strcmp(optarg, breakages[i]))
					breakage = (enum breakage)i;
	}
	quiet = breakage != BREAK_NOTHING;
	for (seed = first; seed < first + count; seed++) {
		failures += (uint64_t)run();
		if (failures > 5 && !quiet)
			break;
	}
	printf("%llu seeds, %llu failed: %llu steps, %llu accesses, %llu "
	       "messages, %llu pages ahead (%llu came to be written), %llu "
	       "pushed, %llu adds and "
	       "removes, %llu nodes lost\n",
	       (unsigned long long)(seed - first), (unsigned long long)failures,
	       (unsigned long long)totals.steps,
	       (unsigned long long)totals.accesses,
	       (unsigned long long)totals.messages,
	       (unsigned long long)totals.ahead,
	       (unsigned long long)totals.ahead_to_write,
	       (unsigned long long)totals.pushes,
	       (unsigned long long)totals.removals,
	       (unsigned long long)totals.losses);
	if (breakage) {
		printf("broken on purpose (%s): %s\n", breakages[breakage],
		       failures ? "found" : "NOT FOUND");
		return failures ? 0 : 1;
	}
	return failures ? 1 : 0;
}
