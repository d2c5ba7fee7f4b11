"""Threads with C11 atomics of every order and with thread-local variables.

Whatever they do to a shared object commutes, so it ends the same.
"""

from string import Template

COST = 60
THREADS = True
PRELUDE = r"""
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
"""

READ = ["relaxed", "consume", "acquire", "seq_cst"]
CHANGE = ["relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"]

# Members of what is shared, what a step does to them, how they are hashed.
STEPS = [
    ("_Atomic long sum;", "atomic_fetch_add_explicit(&s->sum, me * 3 + i, $change);", "(uint64_t)s.sum"),
    ("_Atomic short low;", "atomic_fetch_sub_explicit(&s->low, (short)(i * me), $change);", "(uint64_t)s.low"),
    ("_Atomic unsigned char bits;", "atomic_fetch_or_explicit(&s->bits, (unsigned char)(me << 1), $change);",
     "(uint64_t)s.bits"),
    ("_Atomic unsigned mixed;", "atomic_fetch_xor_explicit(&s->mixed, (unsigned)(i * 77 + me), $change);",
     "(uint64_t)s.mixed"),
    ("atomic_int counter;", "s->counter += me + 1;\n\t\ts->counter--;", "(uint64_t)s.counter"),
    ("_Atomic double real;", "s->real += me * 0.5 + i;", "bits_d(s.real)"),
    ("_Atomic float single;", "s->single -= 1;", "bits_f(s.single)"),
    ("_Atomic(uint64_t) product;", """{
			uint64_t old = atomic_load_explicit(&s->product, $read), new;

			do {
				fuzz_poll();
				new = (old | 1) * (uint64_t)(me * 2 + 3);
			} while (!atomic_compare_exchange_$strength(&s->product, &old, new,
								    $change, $read));
		}""", "(s.product | 1)"),
    ("_Atomic int highest;", """{
			int old = atomic_load_explicit(&s->highest, $read), mine = i * 7 % 31 + me;

			while (old < mine && !atomic_compare_exchange_$strength(
						     &s->highest, &old, mine, $change, $read))
				fuzz_poll();
		}""", "(uint64_t)s.highest"),
    ("_Atomic struct pair_$n pair;", """{
			struct pair_$n old = atomic_load_explicit(&s->pair, $read), new;

			do {
				new = old;
				new.a += me;
				fuzz_poll();
				new.b ^= i * 5 + me;
			} while (!atomic_compare_exchange_$strength(&s->pair, &old, new, $change,
								    $read));
		}""", "both_$n(atomic_load(&s.pair))"),
    ("_Atomic u128 wide;", """{
			u128 old = atomic_load(&s->wide);

			while (!atomic_compare_exchange_weak(&s->wide, &old, old + ((u128)me << 70) + 1))
				fuzz_poll();
		}""", "bits_w((i128)atomic_load(&s.wide))"),
    ("atomic_flag busy;\n\tlong guarded[2];", """{
			while (atomic_flag_test_and_set_explicit(&s->busy, memory_order_acquire))
				sched_yield();
			s->guarded[0]++;
			fuzz_poll();
			s->guarded[1] += me;
			atomic_flag_clear_explicit(&s->busy, memory_order_release);
		}""", "(uint64_t)(s.guarded[0] * 31 + s.guarded[1])"),
    ("atomic_uint ticket, serving;\n\ti128 served;", """{
			unsigned ticket = atomic_fetch_add_explicit(&s->ticket, 1, memory_order_relaxed);

			while (atomic_load_explicit(&s->serving, memory_order_acquire) != ticket)
				sched_yield();
			s->served += ((i128)me << 64) + i;
			atomic_store_explicit(&s->serving, ticket + 1, memory_order_release);
		}""", "bits_w(s.served)"),
    ("_Atomic(struct pushed_$n *) top;", """if (i < 8) {
			pushed[i].value = i * 31 + me;
			pushed[i].below = atomic_load_explicit(&s->top, memory_order_relaxed);
			while (!atomic_compare_exchange_weak_explicit(&s->top, &pushed[i].below, &pushed[i],
								      memory_order_release,
								      memory_order_relaxed))
				fuzz_poll();
		}""", "stack_$n(s.top)"),
]

TEXT = Template(r"""
struct pair_$n {
	$pair a, b;
};
struct pushed_$n {
	struct pushed_$n *below;
	long value;
};
struct shared_$n {
	$members
	pthread_barrier_t end;
	uint64_t results[$threads];
};
struct worker_$n {
	struct shared_$n *shared;
	int me;
};
static _Thread_local struct {
	char tag;
	$own_type values[3];
} own_$n = {'t', {$initial}};
static _Thread_local long steps_of_$n;

static uint64_t stack_$n(struct pushed_$n *top)
{
	uint64_t sum = 0;

	for (; top; top = top->below)
		sum += (uint64_t)(top->value * top->value);
	return sum;
}
static uint64_t both_$n(struct pair_$n pair)
{
	return (uint64_t)pair.a * 31 + (uint64_t)pair.b;
}
__attribute__((noinline)) static void remember_$n($own_type *value, long *steps, int n)
{
	$own_type before = *value;

	fuzz_poll();
	*value = before * 3 + ($own_type)n;
	++*steps;
	own_$n.values[n & 1] += ($own_type)1;
}
static void *work_$n(void *argument)
{
	struct worker_$n *worker = argument;
	struct shared_$n *s = worker->shared;
	struct pushed_$n pushed[8];
	$own_type *mine = &own_$n.values[2];
	int me = worker->me;
	uint64_t sum;

	(void)pushed;
	for (int i = 0; i < $rounds; i++) {
		$steps
		remember_$n(i & 1 ? mine : &own_$n.values[0], &steps_of_$n, i + me);
		$fence
	}
	sum = (uint64_t)steps_of_$n + (uint64_t)own_$n.tag;
	for (int i = 0; i < 3; i++)
		sum = sum * 31 + ${hash}(own_$n.values[i]);
	s->results[me] = sum;
	/* What has been pushed lies in the frames of all. */
	pthread_barrier_wait(&s->end);
	if (!me)
		s->results[0] += $looked;
	pthread_barrier_wait(&s->end);
	return &s->results[me];
}
static uint64_t atomics_body_$n(int n)
{
	static struct shared_$n s;
	struct worker_$n workers[$threads];
	pthread_t threads[$threads];
	uint64_t sum = (uint64_t)n;
	void *result;

	memset(&s, 0, sizeof s);
	pthread_barrier_init(&s.end, NULL, $threads);
	for (int i = 0; i < $threads; i++) {
		workers[i] = (struct worker_$n){&s, i};
		if (i)
			pthread_create(&threads[i], NULL, work_$n, &workers[i]);
	}
	work_$n(&workers[0]);
	for (int i = 1; i < $threads; i++) {
		pthread_join(threads[i], &result);
		sum = sum * 31 + *(uint64_t *)result;
	}
	sum = sum * 31 + s.results[0];
$hashes	return sum;
}
""")


def make(random, number):
    members, steps, hashes, looked = [], [], [], "0"
    for member, step, hashed in random.sample(STEPS, random.randint(2, 6)):
        change = random.choice(CHANGE)
        read = random.choice(READ)
        fill = {"n": number, "read": "memory_order_" + read, "change": "memory_order_" + change,
                "strength": random.choice(("weak_explicit", "strong_explicit"))}
        members.append(Template(member).substitute(fill))
        steps.append(Template(step).substitute(fill))
        hashed = Template(hashed).substitute(fill)
        if hashed.startswith("stack"):
            looked = hashed.replace("s.top", "s->top")
        else:
            hashes.append("\tsum = sum * 31 + %s;\n" % hashed)
    own, hash_name = random.choice((("long", "(uint64_t)"), ("double", "bits_d"), ("i128", "bits_w"),
                                    ("long double", "bits_l"), ("unsigned char", "(uint64_t)")))
    return TEXT.substitute(
        n=number, members="\n\t".join(members), steps="\n\t\t".join(steps), hashes="".join(hashes),
        pair=random.choice(("int", "long", "short")), threads=random.randint(2, 4), looked=looked,
        own_type=own, hash=hash_name, initial=random.choice(("1, 2, 3", "0", "5")),
        rounds=random.randint(1, 15),
        fence=random.choice((
            "",
            "atomic_thread_fence(memory_order_%s);" % random.choice(CHANGE))))
