/*
 * away.c - threads away from home, and the shadows that they leave there.
 *
 * A shadow is the thread's native thread at home, in its base frame.  It makes
 * the calls that the thread sends, so whatever the kernel keeps for a thread
 * stays where it was.  A shadow runs none of the program's code: the
 * handler of a signal that it is told of runs where its thread is.  It has a
 * thread control block of its own, as the real one lies on a page that its
 * thread writes to all the time.
 */
#include "away.h"
#include "channel.h"

#include <asm/unistd.h>
#include <linux/futex.h>
#include <linux/mman.h>

extern char __popcorn_tls_span[];

bool pcn_away;

static struct pcn_mail *mails;
static int doorbell = -1;

int pcn_mail_open(int fd, int bell)
{
	int64_t at = pcn_private_map(PCN_MAIL_SIZE);

	if (!pcn_is_error(at))
		at = pcn_sys(__NR_mmap, at, PCN_MAIL_SIZE,
			     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
			     0);
	pcn_sys(__NR_close, fd);
	if (pcn_is_error(at))
		return (int)at;
	mails = (struct pcn_mail *)at;
	doorbell = bell;
	return pcn_descriptor_keep(&doorbell);
}

void pcn_mail_close(void)
{
	pcn_private_unmap((uint64_t)mails, PCN_MAIL_SIZE);
	mails = NULL;
	pcn_descriptor_drop(&doorbell);
}

static struct pcn_mail *mail_of(const struct pcn_native *native)
{
	return &mails[native->slot];
}

static void ring(const struct pcn_native *native)
{
	while (pcn_sys(__NR_write, doorbell, &native->slot,
		       sizeof(native->slot)) == -EINTR)
		;
}

static void post(const struct pcn_native *native, enum pcn_mail_word word)
{
	__atomic_store_n(&mail_of(native)->word, word, __ATOMIC_SEQ_CST);
	ring(native);
}

static uint32_t word_of(const struct pcn_native *native)
{
	return __atomic_load_n(&mail_of(native)->word, __ATOMIC_SEQ_CST);
}

/* --- What a thread touches first ------------------------------------------ */

static void add_pages(struct pcn_mail *m, uint64_t start, uint64_t size)
{
	uint32_t page = (uint32_t)(start / PCN_PAGE_SIZE);
	uint32_t last = (uint32_t)((start + size - 1) / PCN_PAGE_SIZE);

	for (; page <= last; page++) {
		uint32_t i = 0;

		while (i < m->page_count && m->pages[i] != page)
			i++;
		if (i == PCN_MAIL_PAGES)
			return;
		m->pages[i] = page;
		m->page_count += i == m->page_count;
	}
}

/* Of a captured thread: control block, thread-local variables, the top of its
 * locals, its innermost frames. */
static void list_pages(const struct pcn_thread *thread, struct pcn_mail *m)
{
	const struct pcn_record *r = thread->chain;
	uint64_t end = (uint64_t)(thread + 1);

	m->page_count = 0;
	add_pages(m, (uint64_t)thread, sizeof(*thread));
	add_pages(m, thread->block, end - thread->block);
	add_pages(m, thread->side_sp - 256, 512);
	while (r->inner)
		r = r->inner;
	for (; r && m->page_count < PCN_MAIL_PAGES; r = r->outer)
		add_pages(m, (uint64_t)r,
			  __popcorn_functions[r->function].record_size);
}

/* --- Away ----------------------------------------------------------------- */

long pcn_away_call(struct pcn_native *native, long number,
		   const long argument[7])
{
	struct pcn_mail *m = mail_of(native);

	m->number = number;
	m->fp_state = __popcorn_fp_get();
	for (int i = 0; i < 7; i++)
		m->argument[i] = argument[i];
	post(native, PCN_MAIL_CALL);
	while (word_of(native) == PCN_MAIL_CALL)
		pcn_sys(__NR_futex, &m->word, FUTEX_WAIT, PCN_MAIL_CALL, NULL);
	return m->result;
}

int pcn_away_ask_home(struct pcn_native *native)
{
	native->target = PCN_TARGET_HOME;
	pcn_poll_raise();
	return 0;
}

/* libc polls when it is told so, and makes the call again. */
long pcn_away_go_home(struct pcn_call *call)
{
	pcn_away_ask_home(call->native);
	return -PCN_ERESTART;
}

_Noreturn void pcn_away_end(struct pcn_native *native, uint64_t unmap,
			    uint64_t unmap_size)
{
	struct pcn_mail *m = mail_of(native);

	pcn_signals_block_all();
	m->number = PCN_MAIL_END;
	m->argument[0] = (int64_t)unmap;
	m->argument[1] = (int64_t)unmap_size;
	pcn_slot_leave(native);
	post(native, PCN_MAIL_LAST);
	pcn_native_leave(native);
}

bool pcn_away_wanted(const struct pcn_native *native)
{
	if (native->target != PCN_TARGET_NONE)
		return true;
	return pcn_away &&
	       (__atomic_load_n(&mail_of(native)->recall, __ATOMIC_SEQ_CST) &
		PCN_RECALL_HOME);
}

bool pcn_away_signalled(struct pcn_native *native, bool after_call)
{
	struct pcn_mail *m = mail_of(native);
	uint32_t before;

	if (after_call)
		return m->signals;
	before = __atomic_fetch_and(&m->recall, ~(uint32_t)PCN_RECALL_SIGNAL,
				    __ATOMIC_SEQ_CST);
	if (before == PCN_RECALL_SIGNAL)
		__atomic_fetch_sub(&__popcorn_control.recalls, 1,
				   __ATOMIC_SEQ_CST);
	return before & PCN_RECALL_SIGNAL;
}

/* A thread that goes to and fro does not need a new native one each time. */
#define PARKED_SECONDS 1

static bool swap_word(struct pcn_mail *m, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&m->word, &from, to, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* Waits for the slot's next thread; false: too long. */
static bool arrives(struct pcn_mail *m)
{
	const struct pcn_timespec patience = {PARKED_SECONDS, 0};

	while (__atomic_load_n(&m->word, __ATOMIC_SEQ_CST) == PCN_MAIL_HOME)
		if (pcn_sys(__NR_futex, &m->word, FUTEX_WAIT, PCN_MAIL_HOME,
			    &patience) == -ETIMEDOUT &&
		    swap_word(m, PCN_MAIL_HOME, PCN_MAIL_NONE))
			return false;
	return true;
}

bool pcn_away_hand_over(uint32_t slot, struct pcn_thread *thread,
			uint64_t stack_size)
{
	struct pcn_mail *m = &mails[slot];

	if (!pcn_mail_bring(m, (uint64_t)thread, stack_size))
		return false;
	pcn_sys(__NR_futex, &m->word, FUTEX_WAKE, 1);
	return true;
}

void pcn_away_return(struct pcn_native *native)
{
	struct pcn_mail *m = mail_of(native);

	pcn_signals_block_all();
	m->node = native->target >= 0 ? native->target : PCN_TARGET_HOME;
	m->asked = native->asked;
	list_pages(native->thread, m);
	if (__atomic_exchange_n(&m->recall, 0, __ATOMIC_SEQ_CST))
		__atomic_fetch_sub(&__popcorn_control.recalls, 1,
				   __ATOMIC_SEQ_CST);
	pcn_slot_leave(native); /* it may be back at once */
	post(native, PCN_MAIL_HOME);
	if (!arrives(m))
		pcn_native_leave(native);
	pcn_native_take(native, (struct pcn_thread *)m->thread, m->stack_size);
}

/* --- At home -------------------------------------------------------------- */

/* The shadow's own block: what pcn_self() finds, on a page of its own. */
static struct pcn_thread *own_block(struct pcn_native *native)
{
	uint64_t span = (uint64_t)__popcorn_tls_span;
	uint64_t size = span + sizeof(struct pcn_thread);
	struct pcn_thread *block;

	if (!native->shadow_block) {
		int64_t at = pcn_private_map(size);

		if (pcn_is_error(at))
			return NULL;
		native->shadow_block = (uint64_t)at;
	}
	block = (struct pcn_thread *)(native->shadow_block + span);
	*block = (struct pcn_thread){.self = block,
				     .block = native->shadow_block,
				     .slot = native->slot};
	return block;
}

static void begin(struct pcn_native *native, struct pcn_thread *block)
{
	native->shadow = true;
	pcn_arch_set_thread_pointer(pcn_arch_thread_pointer(block));
}

static void end(struct pcn_native *native)
{
	pcn_arch_set_thread_pointer(pcn_arch_thread_pointer(native->thread));
	native->shadow = false;
}

static long serve(struct pcn_native *native, const struct pcn_mail *m)
{
	const int64_t *a = m->argument;

	if (m->number == PCN_MAIL_CLONE) {
		__popcorn_fp_set(m->fp_state);
		return __popcorn_clone((int (*)(void *))a[0], (void *)a[1],
				       (int)a[2], (void *)a[3], (int32_t *)a[4],
				       (void *)a[5], (int32_t *)a[6]);
	}
	if (m->number == PCN_MAIL_MASK) {
		pcn_signals_apply_mask(native);
		return 0;
	}
	if (m->number == PCN_MAIL_TAKE) {
		native->recalled &= ~PCN_RECALL_SIGNAL;
		return pcn_signals_take(native, (void *)a[0]);
	}
	if (m->number == PCN_MAIL_END) {
		end(native);
		if (!a[1])
			pcn_thread_exit();
		__popcorn_unmap_exit((void *)a[0], (size_t)a[1]);
	}
	return __popcorn_syscall(m->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Tells the thread, once, what it does not know yet. */
static void recall(struct pcn_native *native)
{
	bool home = pcn_world_wanted() || pcn_away_wished(native);
	uint32_t why = (home ? PCN_RECALL_HOME : 0) |
		       (pcn_signals_ready(native) ? PCN_RECALL_SIGNAL : 0);

	why &= ~native->recalled;
	if (!why)
		return;
	native->recalled |= why;
	__atomic_fetch_or(&mail_of(native)->recall, why, __ATOMIC_SEQ_CST);
	ring(native);
}

/* Until the thread is here again: the node that it wants to, or PCN_TARGET_*.
 */
static int shadow(struct pcn_native *native, struct pcn_mail *m)
{
	for (;;) {
		uint32_t word = word_of(native);

		switch (word) {
		case PCN_MAIL_CALL:
			m->result = serve(native, m);
			m->signals = pcn_signals_ready(native) != 0;
			recall(native);
			post(native, PCN_MAIL_RESULT);
			continue;
		case PCN_MAIL_HOME:
			native->asked = m->asked;
			return m->node;
		case PCN_MAIL_REFUSED:
			return PCN_TARGET_NONE;
		default:
			break;
		}
		native->interrupt = 0; /* before looking */
		recall(native);
		pcn_blocking_syscall(__NR_futex, (long)&m->word, FUTEX_WAIT,
				     word, 0, 0, 0, &native->interrupt);
	}
}

/* Nodes whose processes were ready since memory is shared.  One that is no more
 * refuses the thread. */
static uint64_t ready;
_Static_assert(PCN_CHANNEL_NODES_MAX <= 64, "a bit for each node");

static uint64_t bit_of(int node)
{
	return (uint64_t)1 << node;
}

void pcn_away_forget(void)
{
	__atomic_store_n(&ready, 0, __ATOMIC_SEQ_CST);
}

/* Was it known to be ready? */
static bool forget(int node)
{
	return __atomic_fetch_and(&ready, ~bit_of(node), __ATOMIC_SEQ_CST) &
	       bit_of(node);
}

/* Has the agent prepare a node's process: 0 or -errno. */
static int prepare(int node, bool asked)
{
	struct pcn_message m = {.type = PCN_MSG_ASK_THREAD, .value = {node}};
	char why[PCN_CHANNEL_WHY];
	int err;

	if (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) & bit_of(node))
		return 0;
	err = pcn_channel_question(&m, NULL, 0, NULL, NULL, why);
	if (!err && pcn_shared)
		__atomic_fetch_or(&ready, bit_of(node), __ATOMIC_SEQ_CST);
	if (err && why[0])
		pcn_log(asked ? PCN_LOG_WARN : PCN_LOG_INFO, "%s", why);
	return err;
}

void pcn_shadow(struct pcn_native *native)
{
	struct pcn_mail *m = mail_of(native);
	struct pcn_thread *block = own_block(native);
	int node = native->target, there = node;

	native->target = PCN_TARGET_NONE;
	if (!block) {
		if (native->asked)
			native->thread->answer = -ENOMEM;
		return;
	}
	if (native->asked)
		native->thread->answer = 0;
	native->recalled = 0;
	m->recall = 0;
	m->node = node;
	m->thread = (uint64_t)native->thread;
	m->stack_size =
		native->stack + native->stack_size - native->stack_start;
	list_pages(native->thread, m);
	begin(native, block);
	post(native, PCN_MAIL_LEAVE);
	node = shadow(native, m);
	end(native);
	if (node == PCN_TARGET_NONE && native->asked)
		native->thread->answer = m->error;
	if (node == PCN_TARGET_NONE && m->error == -EAGAIN && forget(there))
		node = there;
	m->word = PCN_MAIL_NONE;
	/* For one call's sake: back it goes behind that. */
	native->back = node == PCN_TARGET_HOME && !native->recalled
			       ? there
			       : PCN_TARGET_NONE;
	if (node >= 0 && node != pcn_channel_node_current()) {
		int err = prepare(node, native->asked);

		if (!err)
			native->target = node;
		else if (native->asked)
			native->thread->answer = err;
	}
	if (native->target == PCN_TARGET_NONE)
		native->asked = false;
	if (pcn_away_wished(native))
		pcn_away_take_wish(native);
	/* Somebody may have called while nobody listened. */
	pcn_poll_raise();
}

/* --- Asking --------------------------------------------------------------- */

int pcn_away_aim(struct pcn_native *native, int node)
{
	int err = 0;

	if (__atomic_load_n(&pcn_private_holds, __ATOMIC_SEQ_CST))
		return -EBUSY;
	if (!pcn_away && node != pcn_channel_node_current())
		err = prepare(node, native->asked);
	if (err)
		return err;
	native->target = node;
	if (!pcn_away && !pcn_shared)
		pcn_world_ask_share(native);
	pcn_poll_raise();
	return 0;
}

bool pcn_away_wished(const struct pcn_native *native)
{
	int32_t tid = __atomic_load_n(&__popcorn_control.wished_thread,
				      __ATOMIC_ACQUIRE);

	return tid && !pcn_away && tid == native->thread->tid;
}

void pcn_away_take_wish(struct pcn_native *native)
{
	struct pcn_control *c = &__popcorn_control;
	int node = c->wished_node, err = 0;

	if (node != pcn_channel_node_current())
		err = pcn_away_aim(native, node);
	c->wish_result = err;
	__atomic_store_n(&c->wished_thread, 0, __ATOMIC_SEQ_CST);
}

int __popcorn_ask_thread(int node)
{
	struct pcn_native *native = pcn_self_native();
	int err = 0;

	native->asked = true;
	if (native->delivery)
		err = -EBUSY;
	else if (node < 0 || node >= pcn_channel_node_count())
		err = -EINVAL;
	else if (node != pcn_channel_node_current())
		err = pcn_away_aim(native, node);
	native->asked &= !err;
	native->thread->answer = err;
	return err;
}

int __popcorn_ask_private(void)
{
	struct pcn_native *native = pcn_self_native();

	if (native->stays_shared) { /* the fork will say so */
		native->stays_shared = false;
		return 0;
	}
	if (pcn_away) {
		if (native->delivery) /* no way home; the fork will say so */
			return 0;
		pcn_away_ask_home(native);
		return 1;
	}
	if (!native->holds_private)
		__atomic_fetch_add(&pcn_private_holds, 1, __ATOMIC_SEQ_CST);
	native->holds_private = true;
	if (!pcn_shared)
		return 0;
	if (native->delivery) {
		pcn_world_make_private(native);
		return 0;
	}
	pcn_world_ask_private(native);
	return 1;
}

void pcn_away_back(struct pcn_native *native)
{
	int node = native->back;

	native->back = PCN_TARGET_NONE;
	pcn_away_aim(native, node);
}

void pcn_away_spread(struct pcn_native *native)
{
	uint64_t x = native->spread_random;
	int count = pcn_channel_node_count(), node, err;

	if (native->target != PCN_TARGET_NONE || native->spread_left--)
		return;
	if (!x)
		x = ((uint64_t)native->thread->tid << 32 | 1) *
		    0x9e3779b97f4a7c15ull;
	pcn_random(&x);
	native->spread_random = x;
	native->spread_left = x % (2 * pcn_spread_interval);
	node = (int)((x >> 32) % (uint64_t)count);
	if (node == pcn_channel_node_current())
		return;
	err = pcn_away_aim(native, node);
	if (err && err != -EBUSY)
		pcn_spread_interval = 0; /* it will not be otherwise later */
}
