"""Threads that hand pointers to their locals to each other.

They take turns, in a ring, at what the one before points at, which lies in that
one's stack, some frames up; each leaves a pointer into its own.  Whose turn it is is passed on in one of
four ways, so the result does not depend on who runs when.
"""

COST = 60
THREADS = True

# C type, constants, what becomes of a and b, how a value is hashed
KINDS = [
    ("int", ("7", "-12345", "0x7fffffff"), "a * 31 + b", "(uint64_t)(%s)"),
    ("unsigned char", ("200", "3", "77"), "(unsigned char)(a * 5 + b)", "(uint64_t)(%s)"),
    ("long", ("1l << 40", "-9", "123456789l"), "(a ^ b << 3) + (b >> 2)", "(uint64_t)(%s)"),
    ("u128", ("(u128)1 << 90", "77", "-5"), "a * 3 + (b >> 7)", "bits_w(%s)"),
    ("float", ("1.5f", "-0.1f", "3e7f"), "a * 0.375f + b * 0.5f", "bits_f(%s)"),
    ("double", ("0.1", "-2.5", "1e10"), "a * 0.3 - b / 3", "bits_d(%s)"),
    ("long double", ("0.1L", "-7.25L", "3e5L"), "a * 0.3L - b / 3", "bits_l(%s)"),
]

# What a thread waits for before its turn, and what it does behind it.
TURNS = {
    "condition": ("""	pthread_mutex_lock(&r->lock);
	while (r->turn != me)
		pthread_cond_wait(&r->moved, &r->lock);
	pthread_mutex_unlock(&r->lock);
""", """	pthread_mutex_lock(&r->lock);
	r->turn = (me + 1) % r->threads;
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
"""),
    "semaphore": ("""	while (sem_wait(&r->may[me]))
		;
""", """	sem_post(&r->may[(me + 1) % r->threads]);
"""),
    "spin": ("""	while (atomic_load(&r->spins) != me)
		sched_yield();
""", """	atomic_store(&r->spins, (me + 1) % r->threads);
"""),
    "barrier": ("""	for (int i = 0; i < me; i++)
		pthread_barrier_wait(&r->all);
""", """	for (int i = me; i < r->threads; i++)
		pthread_barrier_wait(&r->all);
"""),
}

PRELUDE = r"""
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
"""

TEXT = r"""
struct relay_%(n)s {
	int threads, rounds, depth, turn;
	atomic_int spins;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	pthread_barrier_t all, end;
	sem_t may[%(threads)s];
	struct baton_%(n)s *baton;
	uint64_t results[%(threads)s];
};
struct baton_%(n)s {
	%(type)s *at;
	int length;
	struct baton_%(n)s *before;
};
struct runner_%(n)s {
	struct relay_%(n)s *relay;
	int me;
};
static _Thread_local int relay_steps_%(n)s = %(steps)s;

__attribute__((noinline)) static %(type)s relay_mix_%(n)s(%(type)s a, %(type)s b)
{
	fuzz_poll();
	return %(mix)s;
}

static void relay_turns_%(n)s(struct relay_%(n)s *r, int me, struct baton_%(n)s *mine)
{
	for (int round = 0; round < r->rounds; round++) {
%(wait)s	for (struct baton_%(n)s *b = r->baton; b; b = b->before)
			for (int i = 0; i < b->length; i++) {
				mine->at[i %% mine->length] = relay_mix_%(n)s(mine->at[i %% mine->length], b->at[i]);
				b->at[i] = relay_mix_%(n)s(b->at[i], mine->at[0]);
			}
		mine->at[0] = relay_mix_%(n)s(mine->at[0], (%(type)s)++relay_steps_%(n)s);
		r->baton = mine;
%(next)s	}
	/* Nobody's frames go while somebody may look at them. */
	pthread_barrier_wait(&r->end);
}

__attribute__((noinline)) static uint64_t relay_frames_%(n)s(struct relay_%(n)s *r, int me, int depth,
						 struct baton_%(n)s *before)
{
	%(type)s local[%(length)s], sum = (%(type)s)depth;
	struct baton_%(n)s baton = {local, %(count)s, before};
	uint64_t below = 0;

	for (int i = 0; i < baton.length; i++)
		local[i] = relay_mix_%(n)s((%(type)s)(%(constant)s), (%(type)s)(i + me * 3 + depth));
	if (depth > 0)
		below = relay_frames_%(n)s(r, me, depth - 1, &baton);
	else
		relay_turns_%(n)s(r, me, &baton);
	for (int i = 0; i < baton.length; i++)
		sum = relay_mix_%(n)s(sum, local[i]);
	fuzz_poll();
	return below * 31 + %(hash)s;
}

static void *relay_run_%(n)s(void *argument)
{
	struct runner_%(n)s *runner = argument;
	struct relay_%(n)s *r = runner->relay;

	r->results[runner->me] = relay_frames_%(n)s(r, runner->me, r->depth, NULL) + (uint64_t)relay_steps_%(n)s;
	return &r->results[runner->me];
}

static uint64_t relay_body_%(n)s(int n)
{
	struct relay_%(n)s r = {.threads = %(threads)s, .rounds = %(rounds)s, .depth = %(depth)s};
	struct runner_%(n)s runners[%(threads)s];
	pthread_t threads[%(threads)s];
	void *result;
	uint64_t sum = (uint64_t)n;

	pthread_mutex_init(&r.lock, NULL);
	pthread_cond_init(&r.moved, NULL);
	pthread_barrier_init(&r.all, NULL, r.threads);
	pthread_barrier_init(&r.end, NULL, r.threads);
	for (int i = 0; i < r.threads; i++) {
		sem_init(&r.may[i], 0, i == 0);
		runners[i] = (struct runner_%(n)s){&r, i};
	}
	for (int i = %(first)s; i < r.threads; i++)
		pthread_create(&threads[i], NULL, relay_run_%(n)s, &runners[i]);
%(self)s	for (int i = %(first)s; i < r.threads; i++) {
		pthread_join(threads[i], &result);
		sum = sum * 31 + *(uint64_t *)result;
	}
	return sum;
}
"""


def indented(text):
    return "".join("\t" + line + "\n" for line in text.splitlines())


def make(random, number):
    type_text, constants, mix, hashed = random.choice(KINDS)
    wait, following = TURNS[random.choice(sorted(TURNS))]
    length = random.randint(1, 9)
    # The creator takes part itself in some: its frame is the others' argument.
    alone = random.random() < .5
    return TEXT % {
        "n": number, "type": type_text, "mix": mix, "hash": hashed % "sum",
        "constant": random.choice(constants), "wait": indented(wait), "next": indented(following),
        # In half of them the array is one of variable length.
        "length": "%d + me" % length if random.random() < .5 else str(length + 4),
        "count": str(length), "threads": random.randint(2, 4), "rounds": random.randint(1, 5),
        "depth": random.randint(0, 4), "steps": random.randint(0, 99),
        "first": 1 if alone else 0,
        "self": "\tresult = relay_run_%d(&runners[0]);\n\tsum += *(uint64_t *)result;\n" % number
        if alone else "",
    }
