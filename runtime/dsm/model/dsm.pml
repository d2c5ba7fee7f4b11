/*
 * One page of shared memory on three nodes: node 0 is the origin.
 *
 * Names of states, rights and messages are those of protocol.h; what an agent
 * does with one message or fault is one step, as agents have one thread.  Links
 * keep order, each for itself.  Checked: at every access the page holds what was
 * written last anywhere; one writer or many readers; no message comes where it
 * makes no sense; and, as every node has a bounded number of wishes, that all
 * runs end with all wishes granted (the end state is asserted, and a state
 * without a way out that is no end is an error).
 *
 * Pages do not know of one another, and each behaves as if its accesses
 * happened one by one at some moment within the access, so memory of many pages
 * does, too (linearizability is local: Herlihy and Wing, 1990); with program
 * order within a node this is sequential consistency.
 *
 * -DPUSHES=n    pages may be pushed, n times in all
 * -DAHEADS=n    nodes ask for it before they want to write, n times in all
 * -DREMOVALS=n  the origin removes the page (it is zero afterwards)
 * -DLOSS        node 2 may die at any moment
 * -DFAIR        wishes without end, for the properties at the end of the file
 * -DMUTATE_...  a fault that must be found
 */
#ifndef WISHES
#define WISHES 2 /* of each node */
#endif
#ifndef PUSHES
#define PUSHES 0
#endif
#ifndef AHEADS
#define AHEADS 0
#endif
#ifndef REMOVALS
#define REMOVALS 0
#endif

#define N      3
#define BIT(n) (1 << (n))
#ifdef FAIR
#define VALUES 1 /* not what is looked at */
#else
#define VALUES 3 /* so a copy may be two writes behind and be noticed */
#endif

mtype = { READ, WRITE, ACK, PUSH, DROPPED,
	  GRANT_READ, GRANT_WRITE, REFUSED, DOWNGRADE, INVALIDATE, GIVE, DROP,
	  AHEAD, GRANT_AHEAD, LEFT /* GRANT_WRITE, GRANT_READ, unasked */ }
/* What comes with a message: contents, zero, nothing because the node has the
 * page, nothing because it has it no more, nothing because it was a reader. */
mtype = { DATA, ZEROES, HAVE, GIVEN_UP, NOTHING }

/* enum dsm_right, dsm_state */
#define ABSENT	  0
#define READABLE  1
#define WRITABLE  2
#define ZERO	  0
#define SHARED	  1
#define EXCLUSIVE 2
#define GONE	  3

chan up[N] = [6] of { mtype, mtype, byte, byte };   /* type, contents, value, node */
chan down[N] = [5] of { mtype, mtype, byte };
chan queue = [6] of { byte, bool };		    /* requests that wait */

/* What a node knows. */
byte right[N], value[N];
bool read_asked[N], write_asked[N], ahead_asked[N];
byte wishes[N];
/* What the directory knows. */
byte state, owner, readers;
bool busy, work_write, work_ahead, home, removing, dropping, again;
byte requester, waiting;
bool alive[N], dead;
byte pushes = PUSHES, removals = REMOVALS, aheads = AHEADS;
/* What is true. */
byte truth;

/* --- At a node ------------------------------------------------------------ */

inline granted(n, write, contents, v)
{
	if
	:: contents == DATA || contents == ZEROES ->
		assert(right[n] == ABSENT);
		right[n] = (write -> WRITABLE : READABLE);
		value[n] = (contents == DATA -> v : 0)
	:: contents == HAVE && write && right[n] == READABLE ->
		right[n] = WRITABLE
	:: else /* it has the page, or has given it up since */
	fi;
	if
	:: write -> write_asked[n] = false
	:: else -> read_asked[n] = false
	fi
}

inline refused_here(n, write)
{
	if
	:: write -> write_asked[n] = false
	:: else -> read_asked[n] = false
	fi
}

inline access(n)
{
	if
	:: right[n] == WRITABLE ->
		assert(value[n] == truth);
		truth = (truth + 1) % VALUES;
		value[n] = truth
	:: right[n] == READABLE -> assert(value[n] == truth)
	fi
}

/* Absent, and as an absent page its contents are no matter. */
inline make_absent(n)
{
	right[n] = ABSENT;
	value[n] = 0
}

/* --- At the origin -------------------------------------------------------- */

inline grant(n, write, contents, v)
{
	if
	:: n == 0 -> granted(0, write, contents, v)
	:: else ->
		assert(nfull(down[n]));
		down[n]!(write -> GRANT_WRITE : GRANT_READ), contents, v
	fi
}

inline await(n, write, nodes)
{
	busy = true;
	home = false;
	requester = n;
	work_write = write;
	waiting = nodes
}

inline serve_read(n)
{
	if
	:: state == EXCLUSIVE && owner != 0 && owner != n ->
		await(n, false, BIT(owner));
		down[owner]!DOWNGRADE, NOTHING, 0
	:: (state == EXCLUSIVE && owner == n) ||
	   (state != EXCLUSIVE && (readers & BIT(n))) ->
		grant(n, false, HAVE, 0)
	:: state == ZERO && !(readers & BIT(n)) ->
		readers = readers | BIT(n);
		grant(n, false, ZEROES, 0)
	:: state == EXCLUSIVE && owner == 0 && n != 0 ->
		right[0] = READABLE;
		state = SHARED;
		readers = BIT(0) | BIT(n);
		grant(n, false, DATA, value[0])
	:: state == SHARED && !(readers & BIT(n)) ->
		readers = readers | BIT(n);
		grant(n, false, DATA, value[0])
	fi
}

/* Every other copy but the origin's own is gone. */
inline finish_write(n)
{
	was = value[0];
	if
	:: n != 0 && (readers & BIT(0)) ->
		assert(right[0] == READABLE);
		make_absent(0)
	:: else
	fi;
	if
	:: readers & BIT(n) -> grant(n, true, HAVE, 0)
	:: !(readers & BIT(n)) && state == ZERO -> grant(n, true, ZEROES, 0)
	:: !(readers & BIT(n)) && state != ZERO -> grant(n, true, DATA, was)
	fi;
	state = EXCLUSIVE;
	owner = n;
	readers = 0
}

inline serve_write(n)
{
	others = readers & ~(BIT(n) | BIT(0));
	if
	:: state == EXCLUSIVE && owner == n -> grant(n, true, HAVE, 0)
	:: state == EXCLUSIVE && owner != n && owner != 0 ->
		await(n, true, BIT(owner));
		down[owner]!INVALIDATE, DATA, 0
	:: state == EXCLUSIVE && owner != n && owner == 0 ->
		was = value[0];
		make_absent(0);
		owner = n;
		grant(n, true, DATA, was)
	:: state != EXCLUSIVE && others == 0 -> finish_write(n)
	:: state != EXCLUSIVE && others != 0 ->
		await(n, true, others);
		i = 1;
		do
		:: i < N && (others & BIT(i)) ->
			down[i]!INVALIDATE, NOTHING, 0;
			i++
		:: i < N && !(others & BIT(i)) -> i++
		:: i == N -> break
		od;
#ifdef MUTATE_NO_WAIT
		busy = false;
		finish_write(n)
#endif
	fi
}

inline serve(n, write)
{
	if
	:: !alive[n]
	:: alive[n] && state == GONE ->
		if
		:: n == 0 -> refused_here(0, write)
		:: else -> down[n]!REFUSED, (write -> DATA : NOTHING), 0
		fi
	:: alive[n] && state != GONE && write -> serve_write(n)
	:: alive[n] && state != GONE && !write -> serve_read(n)
	fi
}

inline request(n, write)
{
	assert(nfull(queue));
	queue!n, write
}

/* The transaction is over; its request is served as if it came now, unless it
 * was one ahead. */
inline serve_again()
{
	busy = false;
	if
	:: !work_ahead ->
		again = true;
		who = requester;
		wants_write = work_write
	:: work_ahead && alive[requester] -> down[requester]!LEFT, NOTHING, 0
	:: work_ahead && !alive[requester]
	fi;
	requester = 0;
	work_write = false;
	work_ahead = false;
	home = false
}

/* Every other copy but the origin's own is gone. */
inline give_ahead(n)
{
	was = value[0];
#ifndef MUTATE_AHEAD
	if
	:: (state == EXCLUSIVE && owner == 0) || (readers & BIT(0)) -> make_absent(0)
	:: else
	fi;
#endif
	if
	:: readers & BIT(n) -> down[n]!GRANT_AHEAD, HAVE, 0
	:: !(readers & BIT(n)) && state == ZERO -> down[n]!GRANT_AHEAD, ZEROES, 0
	:: !(readers & BIT(n)) && state != ZERO -> down[n]!GRANT_AHEAD, DATA, was
	fi;
	state = EXCLUSIVE;
	owner = n;
	readers = 0
}

/* For a node that will write. */
inline request_ahead(n)
{
	others = readers & ~(BIT(n) | BIT(0));
	if
	:: busy || removing || len(queue) > 0 || state == GONE ||
	   (state == EXCLUSIVE && owner == n) ->
		down[n]!LEFT, NOTHING, 0
	:: else ->
		if
		:: state == EXCLUSIVE && owner != 0 ->
			await(n, true, BIT(owner));
			work_ahead = true;
			down[owner]!INVALIDATE, DATA, 0
		:: !(state == EXCLUSIVE && owner != 0) && others == 0 ->
			give_ahead(n)
		:: !(state == EXCLUSIVE && owner != 0) && others != 0 ->
			await(n, true, others);
			work_ahead = true;
			down[(others == BIT(1) -> 1 : 2)]!INVALIDATE, NOTHING, 0
		fi
	fi
}

inline end_removal()
{
	removing = false;
	dropping = false;
	state = ZERO;
	owner = 0;
	readers = 0;
	truth = 0
}

/* No transaction is left: whoever holds the page drops it. */
inline drop()
{
	waiting = (state == EXCLUSIVE -> BIT(owner) : readers);
	dropping = true;
	if
	:: waiting & BIT(0) -> make_absent(0)
	:: else
	fi;
	state = ZERO;
	owner = 0;
	readers = 0;
	waiting = waiting & ~BIT(0);
	i = 1;
	do
	:: i < N ->
		if
		:: (waiting & BIT(i)) && alive[i] -> down[i]!DROP, NOTHING, 0
		:: (waiting & BIT(i)) && !alive[i] -> waiting = waiting & ~BIT(i)
		:: else
		fi;
		i++
	:: else -> break
	od;
	if
	:: waiting == 0 -> end_removal()
	:: else
	fi
}

/* What waits is served as long as nobody has to answer first. */
inline settle()
{
	do
	:: !busy && (again || (!removing && len(queue) > 0)) ->
		if
		:: again -> again = false
		:: !again -> queue?who, wants_write
		fi;
		serve(who, wants_write)
	:: !busy && !again && removing && !dropping -> drop()
	:: else -> break
	od;
	others = 0;
	was = 0;
	i = 0;
	who = 0;
	v = 0;
	target = 0;
	wants_write = false;
	contents = 0
}

inline answered_empty(from)
{
	waiting = waiting & ~BIT(from);
	readers = readers & ~BIT(from);
	if
	:: waiting == 0 && work_ahead && !home && state != GONE && alive[requester] ->
		give_ahead(requester);
		busy = false;
		work_ahead = false;
		work_write = false;
		requester = 0
	:: waiting == 0 && !(work_ahead && !home && state != GONE && alive[requester]) ->
		serve_again()
	:: else
	fi
}

inline acknowledged(from, contents, v)
{
#ifdef MUTATE_NO_WAIT
	if
	:: busy && (waiting & BIT(from)) && contents == DATA ->
#else
	assert(busy && (waiting & BIT(from)));
	if
	:: contents == DATA ->
#endif
		assert(state == EXCLUSIVE && owner == from && !home);
		waiting = 0;
		if
		:: work_write && alive[requester] ->
			owner = requester;
			if
			:: work_ahead -> down[requester]!GRANT_AHEAD, DATA, v
			:: else -> grant(requester, true, DATA, v)
			fi;
			work_ahead = false;
			busy = false
		:: work_write && !alive[requester] ->
			owner = 0;
			right[0] = WRITABLE;
			value[0] = v;
			work_ahead = false;
			busy = false
		:: else ->
			state = SHARED;
			readers = BIT(0) | BIT(from);
			right[0] = READABLE;
			value[0] = v;
			serve_again()
		fi
	:: contents == GIVEN_UP ->
		assert(home);
		answered_empty(from)
#ifdef MUTATE_NO_WAIT
	:: else
#else
	:: contents == NOTHING ->
		assert(!home && state != EXCLUSIVE);
		answered_empty(from)
#endif
	fi
}

inline pushed(from, v, target)
{
	assert((state == EXCLUSIVE && owner == from) || (removing && state == ZERO));
	if
	:: busy ->
#ifndef MUTATE_PUSH
		home = true;
#endif
		owner = 0;
		right[0] = WRITABLE;
		value[0] = v
	:: !busy && removing ->
		state = ZERO;
		owner = 0
	:: !busy && !removing && target != 0 && alive[target] ->
		owner = target;
		assert(nfull(down[target]));
		down[target]!GIVE, DATA, v
	:: else ->
		owner = 0;
		right[0] = WRITABLE;
		value[0] = v
	fi
}

inline dropped(from)
{
	assert(dropping && (waiting & BIT(from)));
	waiting = waiting & ~BIT(from);
	if
	:: waiting == 0 -> end_removal()
	:: else
	fi
}

inline node_lost(n)
{
	alive[n] = false;
	do
	:: len(up[n]) > 0 -> up[n]?_, _, _, _
	:: len(up[n]) == 0 && len(down[n]) > 0 -> down[n]?_, _, _
	:: else -> break
	od;
	readers = readers & ~BIT(n);
	if
	:: state == EXCLUSIVE && owner == n && removing && !busy ->
		state = ZERO;
		owner = 0
	:: state == EXCLUSIVE && owner == n && !(removing && !busy) ->
		state = GONE;
		owner = 0
	:: else
	fi;
	if
	:: busy && (waiting & BIT(n)) && state == GONE ->
		waiting = 0;
		serve_again()
	:: busy && (waiting & BIT(n)) && state != GONE -> answered_empty(n)
	:: dropping && (waiting & BIT(n)) -> dropped(n)
	:: else
	fi
}

/* --- Processes ------------------------------------------------------------ */

#ifdef FAIR
#define WISH(n) true
#define USE_WISH(n) skip
#else
#define WISH(n) (wishes[n] > 0)
#define USE_WISH(n) wishes[n]--
#endif

/*
 * An agent is one thread, but here a process for each of the things it listens
 * to: their steps are whole all the same, and that a process which can go on
 * will go on (weak fairness) then says that no link is passed over for ever.
 * A process may rest wherever nothing happens; the monitor judges the end.
 */

#define LOCALS                                                                 \
	byte others, was, i, who, v, target;                                   \
	bool wants_write;                                                      \
	mtype contents

proctype origin_program()
{
	LOCALS;

end:	do
	:: d_step { right[0] != ABSENT && WISH(0) -> access(0); USE_WISH(0) }
	:: d_step { right[0] == ABSENT && !read_asked[0] && !write_asked[0] && WISH(0) ->
		USE_WISH(0); read_asked[0] = true; request(0, false); settle() }
	:: d_step { right[0] != WRITABLE && !write_asked[0] && WISH(0) ->
		USE_WISH(0); write_asked[0] = true; request(0, true); settle() }
#if PUSHES
	:: d_step { pushes > 0 && right[0] == WRITABLE && !busy && !removing ->
		pushes--;
		v = value[0];
		make_absent(0);
		owner = 1;
		down[1]!GIVE, DATA, v;
		v = 0 }
#endif
#if REMOVALS
	:: d_step { removals > 0 && !removing ->
		removals--;
		removing = true;
		settle() }
#endif
	od
}

proctype origin_link(byte n)
{
	LOCALS;

end:	do
	:: d_step { up[n]?READ(_, _, _) -> request(n, false); settle() }
	:: d_step { up[n]?WRITE(_, _, _) -> request(n, true); settle() }
#if AHEADS
	:: d_step { up[n]?AHEAD(_, _, _) -> request_ahead(n); settle() }
#endif
	:: d_step { up[n]?ACK(contents, v, _) -> acknowledged(n, contents, v); settle() }
	:: d_step { up[n]?PUSH(_, v, target) -> pushed(n, v, target); settle() }
	:: d_step { up[n]?DROPPED(_, _, _) -> dropped(n); settle() }
#ifdef LOSS
	:: d_step { n == 2 && dead && alive[2] -> node_lost(2); settle() }
#endif
	od
}

#ifdef LOSS
proctype death()
{
	d_step { dead = true;
		make_absent(2);
		read_asked[2] = false;
		write_asked[2] = false;
		ahead_asked[2] = false;
		wishes[2] = 0 }
}
#endif

#define LIVES(n) !(dead && n == 2)

proctype node_program(byte n)
{
end:	do
	:: d_step { right[n] != ABSENT && WISH(n) -> access(n); USE_WISH(n) }
	:: d_step { right[n] == ABSENT && !read_asked[n] && !write_asked[n] &&
		!ahead_asked[n] && WISH(n) && LIVES(n) ->
		USE_WISH(n); read_asked[n] = true; up[n]!READ, NOTHING, 0, 0 }
#if AHEADS
	:: d_step { right[n] != WRITABLE && !read_asked[n] && !write_asked[n] &&
		!ahead_asked[n] && aheads > 0 && LIVES(n) ->
		aheads--; ahead_asked[n] = true; up[n]!AHEAD, NOTHING, 0, 0 }
#endif
	:: d_step { right[n] != WRITABLE && !write_asked[n] && WISH(n) && LIVES(n) ->
		USE_WISH(n); write_asked[n] = true; up[n]!WRITE, NOTHING, 0, 0 }
#if PUSHES
	:: d_step { pushes > 0 && right[n] == WRITABLE ->
		pushes--; up[n]!PUSH, DATA, value[n], 3 - n; make_absent(n) }
	:: d_step { pushes > 0 && right[n] == WRITABLE ->
		pushes--; up[n]!PUSH, DATA, value[n], 0; make_absent(n) }
#endif
	od
}

proctype node_link(byte n)
{
	byte v;
	mtype contents;
#ifdef MUTATE_COPY
	byte early;
	bool copied;
#endif

end:	do
#ifdef MUTATE_COPY
	/* Copied out before writes have stopped. */
	:: d_step { right[n] == WRITABLE && !copied -> copied = true; early = value[n] }
#endif
	:: atomic { LIVES(n) && nempty(down[n]) ->
		if
		:: d_step { down[n]?GRANT_READ(contents, v) ->
			granted(n, false, contents, v); v = 0; contents = 0 }
		:: d_step { down[n]?GRANT_WRITE(contents, v) ->
			granted(n, true, contents, v); v = 0; contents = 0 }
#if AHEADS
		:: d_step { down[n]?GRANT_AHEAD(contents, v) ->
			assert(ahead_asked[n]);
			if
			:: contents == HAVE -> assert(right[n] == READABLE)
			:: contents != HAVE ->
				assert(right[n] == ABSENT);
				value[n] = v
			fi;
			right[n] = WRITABLE;
			ahead_asked[n] = false; v = 0; contents = 0 }
		:: d_step { down[n]?LEFT(_, _) ->
			assert(ahead_asked[n]);
			ahead_asked[n] = false }
#endif
		:: d_step { down[n]?REFUSED(contents, v) ->
			refused_here(n, (contents == DATA)); contents = 0; v = 0 }
		:: d_step { down[n]?DOWNGRADE(contents, _) ->
			assert(right[n] != READABLE);
			if
			:: right[n] == WRITABLE ->
				up[n]!ACK, DATA, value[n], 0;
#ifndef MUTATE_PROTECT
				right[n] = READABLE
#endif
			:: else -> up[n]!ACK, GIVEN_UP, 0, 0
			fi;
			contents = 0 }
		:: d_step { down[n]?INVALIDATE(contents, _) ->
			if
			:: right[n] == ABSENT -> up[n]!ACK, GIVEN_UP, 0, 0
			:: right[n] != ABSENT && contents == DATA ->
				assert(right[n] == WRITABLE);
#ifdef MUTATE_COPY
				up[n]!ACK, DATA, (copied -> early : value[n]), 0;
				copied = false
#else
				up[n]!ACK, DATA, value[n], 0
#endif
			:: right[n] != ABSENT && contents != DATA ->
				assert(right[n] == READABLE);
				up[n]!ACK, NOTHING, 0, 0
			fi;
			make_absent(n);
			contents = 0 }
		:: d_step { down[n]?GIVE(_, v) ->
			assert(right[n] == ABSENT);
			right[n] = WRITABLE;
			value[n] = v;
			v = 0 }
		:: d_step { down[n]?DROP(_, _) ->
			make_absent(n);
			up[n]!DROPPED, NOTHING, 0, 0 }
		fi }
	od
}

/* What is checked between any two steps. */
proctype monitor()
{
end:	do
	:: atomic {
		!((right[0] != WRITABLE || (right[1] == ABSENT && right[2] == ABSENT)) &&
		  (right[1] != WRITABLE || (right[0] == ABSENT && right[2] == ABSENT)) &&
		  (right[2] != WRITABLE || (right[0] == ABSENT && right[1] == ABSENT))) ->
		assert(false) }
#ifndef FAIR
	/* Nothing moves any more: everybody has what he wanted. */
	:: atomic { timeout ->
		assert(!read_asked[0] && !read_asked[1] && !read_asked[2]);
		assert(!write_asked[0] && !write_asked[1] && !write_asked[2]);
		assert(!ahead_asked[1] && !ahead_asked[2]);
		assert(!busy && !removing && empty(queue));
		assert(empty(up[1]) && empty(down[1]));
		assert(dead || (empty(up[2]) && empty(down[2])));
		break }
#endif
	od
}

init {
	atomic {
#ifdef HELD
		state = EXCLUSIVE;
		right[0] = WRITABLE;
#endif
		alive[0] = true;
		alive[1] = true;
		alive[2] = true;
		wishes[0] = WISHES;
		wishes[1] = WISHES;
		wishes[2] = WISHES;
		run origin_program();
		run origin_link(1);
		run origin_link(2);
		run node_program(1);
		run node_program(2);
		run node_link(1);
		run node_link(2);
#ifdef LOSS
		run death();
#endif
		run monitor()
	}
}

#ifdef FAIR
ltl granted_1 { [] (write_asked[1] -> <> !write_asked[1]) }
ltl granted_0 { [] (write_asked[0] -> <> !write_asked[0]) }

#endif
