/*
 * poll.c - the slow path of a poll.
 *
 * poll_flag is non-zero while there is a reason to come here: signals that
 * nobody has looked at, a request that wants the world, self-migration. Whoever
 * makes a reason stores it first and raises the flag after; pcn_poll_settle
 * lowers the flag first and looks for reasons after.
 */
#include "away.h"
#include "channel.h"

void pcn_poll_raise(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&__popcorn_control.poll_flag, 1, __ATOMIC_SEQ_CST);
}

static bool each_poll_counts(void)
{
	return pcn_self_interval || pcn_spread_interval || pcn_roam_interval;
}

void pcn_poll_settle(void)
{
	__atomic_store_n(&__popcorn_control.poll_flag, each_poll_counts(),
			 __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (pcn_world_wanted() ||
	    __atomic_load_n(&pcn_signals_attention, __ATOMIC_SEQ_CST) ||
	    __atomic_load_n(&__popcorn_control.recalls, __ATOMIC_SEQ_CST) ||
	    __atomic_load_n(&__popcorn_control.wished_thread, __ATOMIC_SEQ_CST))
		pcn_poll_raise();
}

/* Self-migration: is it this poll's turn? */
static bool self_turn(struct pcn_native *native)
{
	if (!pcn_self_interval)
		return false;
	if (native->self_left && --native->self_left)
		return false;
	native->self_left = pcn_self_interval;
	/* Makes a short program last long enough to be moved by others too. */
	if (pcn_self_pause_us)
		pcn_sleep_ns(pcn_self_pause_us * 1000);
	if (pcn_self_seed) {
		uint64_t x =
			native->self_random
				? native->self_random
				: pcn_self_seed * 0x9e3779b97f4a7c15ull + 1;

		pcn_random(&x);
		native->self_random = x;
		native->self_left = 1 + x % (2 * pcn_self_interval - 1);
	}
	return true;
}

/*
 * POPCORN_ROAM: the whole program goes to its next node after about so many
 * polls of a thread, and ever more rarely, so that long programs end.  At which
 * ones depends on POPCORN_SELF_SEED and the moves made, not on time.
 */
static void roam(struct pcn_native *native)
{
	int count = pcn_channel_node_count(), err;
	uint64_t next = 1 + pcn_process->moves, x;

	if (!native->roam_left) {
		x = (pcn_self_seed << 32 | next) * 0x9e3779b97f4a7c15ull;
		pcn_random(&x);
		x %= 2 * pcn_roam_interval * next * next - 1;
		native->roam_left = 1 + x;
	}
	if (--native->roam_left)
		return;
	err = count > 1 ? __popcorn_ask_move((pcn_channel_node_current() + 1) %
					     count)
			: -ENOSYS;
	if (err && err != -EBUSY)
		pcn_roam_interval = 0; /* it will not be otherwise later */
}

/* frame: who polls, as __popcorn_poll (arch/<isa>/walk.S) found it. */
void pcn_poll(struct pcn_frame *frame)
{
	struct pcn_native *native = pcn_self_native();
	bool unused, wanted;

	pcn_stack_probe();
	pcn_signals_look(native);
	if (native->marked || (pcn_away && pcn_away_signalled(native, false)))
		pcn_signals_deliver(native, &unused);
	if (pcn_away_wished(native) && !native->delivery)
		pcn_away_take_wish(native);
	if (pcn_spread_interval && !native->delivery)
		pcn_away_spread(native);
	if (pcn_roam_interval && !native->delivery && !pcn_away)
		roam(native);
	wanted = pcn_world_wanted();
	if (!native->delivery &&
	    (wanted || pcn_away_wanted(native) || self_turn(native))) {
		if (pcn_trace)
			native->capture_start = pcn_time_ns();
		pcn_capture_stack(native, frame);
	}
	if (!each_poll_counts() && !wanted)
		pcn_poll_settle();
}
