/*
 * litmus [-v] [-n RUNS] [-t SECONDS] [-s SEED] [TEST...] - litmus tests of
 * memory consistency, their threads on different nodes: RUNS times each, or for
 * SECONDS, with seq_cst and with relaxed accesses.  -v: a table of what was
 * met.
 *
 * A test is two to four threads of one or two accesses to x and y.  Its outcome
 * is what was read, and what x and y are afterwards.  All orders of its
 * accesses are tried on paper first; an outcome that none of them has is
 * forbidden.  The orders are
 *
 * sequential  those that keep the order of each thread,
 * buffered    but for a read that comes before a write to another place,
 * coherent    but for accesses to different places.
 *
 * C11 says `sequential` of seq_cst accesses and `coherent` of relaxed ones, and
 * more cannot be said of relaxed ones of two threads of a node: they see what
 * their machine does.  Between nodes pages are sequentially consistent.  So
 * where each thread of two accesses has a node for itself, both are held to
 * `sequential`.  An emulator keeps less than C11: with qemu-aarch64 7.2 on
 * x86_64, seq_cst accesses of threads of its node are `buffered` only (ldar
 * passes stlr).  So are those of threads that share any node but home, which is
 * native; in mode spread they may.
 *
 * A round has many instances with places of their own, laid out in one of three
 * ways.  Places are not reset: a round writes other values than the one before,
 * and finds pages wherever that has left them; some are read beforehand, too.
 * Threads meet at a barrier for each round, and by the clock for each instance:
 * who comes too late for one leaves it out (not so with another machine's
 * clock).  How often they meet depends on how long it takes here and now.
 *
 * MODES: native self nodes spread links
 * CFLAGS: -pthread
 * ARGS: -n 300 -t 1
 * SELF: 997
 * SPREAD: 20000
 * SECONDS: 300
 */
#define _GNU_SOURCE
#include "check.h"
#include <popcorn.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS	  4
#define REGISTERS 4
#define INSTANCES 100
#define CROWD	  25 /* instances that share a page */
#define PAGE	  4096
#define PERIOD_NS 200000 /* from instance to instance, at first */
#define OUTCOMES  (1 << 2 * (REGISTERS + 2))

static const struct {
	const char *name, *threads[THREADS];
} tests[] = {
	{"SB", {"Wx1 Ry", "Wy1 Rx"}},
	{"MP", {"Wx1 Wy1", "Ry Rx"}},
	{"LB", {"Rx Wy1", "Ry Wx1"}},
	{"R", {"Wx1 Wy1", "Wy2 Rx"}},
	{"S", {"Wx2 Wy1", "Ry Wx1"}},
	{"2+2W", {"Wx1 Wy2", "Wy1 Wx2"}},
	{"WRC", {"Wx1", "Rx Wy1", "Ry Rx"}},
	{"IRIW", {"Wx1", "Wy1", "Rx Ry", "Ry Rx"}},
	{"CoRR", {"Wx1 Wx2", "Rx Rx", "Rx Rx"}},
};

enum { SEQ_CST, RELAXED, WAYS };
enum { SEQUENTIAL, BUFFERED, COHERENT, ORDERS };
enum { OWN_PAGES, ONE_PAGE, CROWDED, LAYOUTS };
static const char *const orders[] = {"sequential", "buffered", "coherent"};
static const char *const ways[] = {"seq_cst", "relaxed"};
static const char *const layouts[] = {"own pages", "one page", "crowded"};

struct access {
	bool write;
	int place; /* 0 is x, 1 is y */
	int value; /* written: 1 or 2 */
	int reg;   /* read into */
};

struct role {
	int count;
	struct access access[2];
};

/* The test that is run. */
static struct role roles[THREADS];
static int role_count;
static bool allowed[ORDERS][OUTCOMES];

static int runs = 1000, seconds = 1000000, verbose;
static uint64_t seed = 1;

typedef volatile uint64_t place_t;
static unsigned char memory[LAYOUTS][2 * INSTANCES][PAGE]
	__attribute__((aligned(PAGE)));

/* What a thread has read; only the judge reads that. */
static struct results {
	uint64_t read[INSTANCES][2];
	int round[INSTANCES]; /* of which that is */
} __attribute__((aligned(PAGE))) results[THREADS];

/* What the first thread, and the judge of a round, tell the next. */
static struct {
	uint64_t start_ns, period_ns;
	time_t ends;
	bool is_over;
	long runs, held[ORDERS], forbidden;
	uint64_t before[LAYOUTS][INSTANCES][2];
	uint32_t count[LAYOUTS][OUTCOMES];
} shared __attribute__((aligned(PAGE)));

static pthread_barrier_t barrier;

/* --- What is allowed ------------------------------------------------------ */

static int outcome_of(const int *registers, const int *places)
{
	int code = 0;

	for (int i = 0; i < REGISTERS; i++)
		code |= registers[i] << 2 * i;
	return code | places[0] << 2 * REGISTERS |
	       places[1] << (2 * REGISTERS + 2);
}

/* The second access of a thread may be before the first. */
static bool is_free(const struct role *role, int order)
{
	const struct access *a = role->access;

	return order != SEQUENTIAL && a[0].place != a[1].place &&
	       (order == COHERENT || (a[0].write && !a[1].write));
}

/* Goes on from there with each access that may be the next. */
static void enumerate(const int *done, const int *registers, const int *places,
		      int order)
{
	bool is_end = true;

	for (int t = 0; t < role_count; t++)
		for (int i = 0; i < roles[t].count; i++) {
			const struct access *a = &roles[t].access[i];
			int d[THREADS], r[REGISTERS], p[2];

			if (done[t] & 1 << i)
				continue;
			is_end = false;
			if (i == 1 && !(done[t] & 1) &&
			    !is_free(&roles[t], order))
				continue;
			memcpy(d, done, sizeof(d));
			memcpy(r, registers, sizeof(r));
			memcpy(p, places, sizeof(p));
			d[t] |= 1 << i;
			if (a->write)
				p[a->place] = a->value;
			else
				r[a->reg] = p[a->place];
			enumerate(d, r, p, order);
		}
	if (is_end)
		allowed[order][outcome_of(registers, places)] = true;
}

static void choose(const char *const *threads)
{
	static const int none[THREADS], registers[REGISTERS], places[2];
	int reg = 0;

	memset(roles, 0, sizeof(roles));
	for (role_count = 0; role_count < THREADS; role_count++) {
		struct role *role = &roles[role_count];
		const char *text = threads[role_count];

		for (; text && *text; text += *text == ' ') {
			struct access *a = &role->access[role->count++];

			a->write = *text++ == 'W';
			a->place = *text++ == 'y';
			if (a->write)
				a->value = *text++ - '0';
			else
				a->reg = reg++;
		}
		if (!role->count)
			break;
		CHECK(role->count == 2 || role->access[0].write);
	}
	CHECK(reg <= REGISTERS);
	memset(allowed, 0, sizeof(allowed));
	for (int order = 0; order < ORDERS; order++)
		enumerate(none, registers, places, order);
}

/* --- An instance ---------------------------------------------------------- */

static place_t *place(int layout, int instance, int which)
{
	int page = layout == ONE_PAGE  ? 2 * instance
		   : layout == CROWDED ? 2 * (instance / CROWD) + which
				       : 2 * instance + which;
	int at = layout == CROWDED ? instance % CROWD : which;

	return (place_t *)&memory[layout][page][64 * at];
}

static void pause_for(uint64_t turns)
{
	while (turns--)
		__asm__ volatile("");
}

/* The two accesses next to one another, or apart, and nothing else. */
#define PAIR(order)                                                            \
	do {                                                                   \
		if (role->count == 1) {                                        \
			__atomic_store_n(p, v, order);                         \
		} else if (role->access[0].write && role->access[1].write) {   \
			__atomic_store_n(p, v, order);                         \
			pause_for(gap);                                        \
			__atomic_store_n(q, w, order);                         \
		} else if (role->access[0].write) {                            \
			__atomic_store_n(p, v, order);                         \
			pause_for(gap);                                        \
			w = __atomic_load_n(q, order);                         \
		} else if (role->access[1].write) {                            \
			v = __atomic_load_n(p, order);                         \
			pause_for(gap);                                        \
			__atomic_store_n(q, w, order);                         \
		} else {                                                       \
			v = __atomic_load_n(p, order);                         \
			pause_for(gap);                                        \
			w = __atomic_load_n(q, order);                         \
		}                                                              \
	} while (0)

static void run(const struct role *role, int way, int layout, int instance,
		uint64_t base, uint64_t gap, uint64_t *read)
{
	const struct access *a = role->access;
	place_t *p = place(layout, instance, a[0].place);
	place_t *q = place(layout, instance, a[1].place);
	uint64_t v = base + (uint64_t)a[0].value;
	uint64_t w = base + (uint64_t)a[1].value;

	if (way == SEQ_CST)
		PAIR(__ATOMIC_SEQ_CST);
	else
		PAIR(__ATOMIC_RELAXED);
	read[0] = v;
	read[1] = w;
}

/* --- A round -------------------------------------------------------------- */

static uint64_t random_of(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * 0x2545f4914f6cdd1du >> 16;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/*
 * False if it came too late.  Sleeps most of the time, as the nodes' agents
 * want to run, too.  A clock that is far away is another machine's.
 */
static bool meet(uint64_t start, uint64_t delay)
{
	int64_t left = (int64_t)(start - now_ns());

	if (left < -1000000000 || left > 1000000000)
		return true;
	if (left < -(int64_t)shared.period_ns)
		return false;
	left += (int64_t)delay;
	if (left > 200000)
		nanosleep(&(struct timespec){0, left - 100000}, NULL);
	while ((int64_t)(start + delay - now_ns()) > 0)
		sched_yield();
	return true;
}

/*
 * What is asked of a round.  Threads of the test are those with a role, and
 * thread t is on node t modulo their number.
 */
static int order_of(int way, const int *role_of)
{
	int nodes = popcorn_nodes();
	bool is_apart = true, is_at_home = true;

	for (int t = 0; t < THREADS; t++)
		for (int u = 0; u < THREADS; u++)
			if (t != u && t % nodes == u % nodes &&
			    roles[role_of[t]].count &&
			    roles[role_of[u]].count) {
				is_apart &= roles[role_of[t]].count == 1;
				is_at_home &= t % nodes == 0;
			}
	if (getenv("POPCORN_SPREAD"))
		is_apart = is_at_home = false;
	return is_apart		? SEQUENTIAL
	       : way == RELAXED ? COHERENT
	       : is_at_home	? SEQUENTIAL
				: BUFFERED;
}

/* All threads come to the same.  Gives what is asked: mostly what is most. */
static int assign(int way, uint64_t *random, int *role_of)
{
	int tries = way == RELAXED || random_of(random) % 4 ? 40 : 1, order;

	do {
		for (int t = 0; t < THREADS; t++) {
			int u = (int)(random_of(random) % (unsigned)(t + 1));

			role_of[t] = role_of[u];
			role_of[u] = t;
		}
		order = order_of(way, role_of);
	} while (--tries && order != SEQUENTIAL);
	return order;
}

/* Rounds, from 1, write base + 1 and base + 2. */
static uint64_t base_of(int round)
{
	return 4 * (uint64_t)round;
}

/* 0 is what was there before the round, 3 what nobody has written. */
static int short_value(uint64_t value, uint64_t before, uint64_t base)
{
	return value == before	   ? 0
	       : value == base + 1 ? 1
	       : value == base + 2 ? 2
				   : 3;
}

/* The outcome of an instance, or -1 if not all threads took part. */
static int outcome(const int *role_of, int layout, int instance, int round)
{
	uint64_t *before = shared.before[layout][instance];
	uint64_t base = base_of(round), after[2];
	int registers[REGISTERS] = {0}, places[2];
	bool is_whole = true;

	for (int k = 0; k < 2; k++) {
		after[k] = *place(layout, instance, k);
		places[k] = short_value(after[k], before[k], base);
	}
	for (int t = 0; t < THREADS; t++) {
		const struct role *role = &roles[role_of[t]];
		const struct results *r = &results[t];

		if (role->count && r->round[instance] != round)
			is_whole = false;
		for (int k = 0; k < role->count; k++) {
			const struct access *a = &role->access[k];

			if (!a->write)
				registers[a->reg] =
					short_value(r->read[instance][k],
						    before[a->place], base);
		}
	}
	memcpy(before, after, sizeof(after));
	return is_whole ? outcome_of(registers, places) : -1;
}

static void judge(const int *role_of, int order, int layout, int round)
{
	int whole = 0;

	for (int i = 0; i < INSTANCES; i++) {
		int code = outcome(role_of, layout, i, round);

		if (code < 0)
			continue;
		whole++;
		shared.count[layout][code]++;
		shared.forbidden += !allowed[order][code];
	}
	shared.runs += whole;
	shared.held[order] += whole;
	if (whole < INSTANCES / 4 && shared.period_ns < PERIOD_NS * 100)
		shared.period_ns += shared.period_ns / 2;
	else if (whole > INSTANCES / 2 && shared.period_ns > PERIOD_NS / 100)
		shared.period_ns -= shared.period_ns / 8;
}

/* Some pages are here already when it begins. */
static void warm_up(int layout, uint64_t share, uint64_t *random)
{
	for (int i = 0; i < INSTANCES; i++)
		for (int k = 0; k < 2; k++)
			if (random_of(random) % 4 < share)
				(void)*place(layout, i, k);
}

/* False if there were enough before. */
static bool round_of(int me, int way, int round, uint64_t common,
		     uint64_t *mine)
{
	int layout = round % LAYOUTS, role_of[THREADS] = {0}, step, first;
	int order = assign(way, &common, role_of);
	struct results *r = &results[me];
	bool is_tight;

	warm_up(layout, random_of(&common) % 5, mine);
	/* One after the other, or a step that has no divisor in common. */
	step = random_of(&common) % 2 ? 1
				      : (int)(random_of(&common) % 10) * 10 + 1;
	first = (int)(random_of(&common) % INSTANCES);
	is_tight = random_of(&common) % 2;
	if (!me)
		shared.is_over = shared.runs && time(NULL) > shared.ends;
	pthread_barrier_wait(&barrier);
	if (shared.is_over || shared.runs >= runs)
		return false;
	if (!me)
		shared.start_ns = now_ns() + 500000;
	pthread_barrier_wait(&barrier);
	for (int n = 0; role_of[me] < role_count && n < INSTANCES; n++) {
		int i = (first + n * step) % INSTANCES;
		uint64_t period = shared.period_ns;
		uint64_t delay = random_of(mine) % period;

		uint64_t gap = is_tight ? 0 : random_of(mine) % 524288;

		delay >>= random_of(mine) % 8;
		gap >>= random_of(mine) % 16;
		if (!meet(shared.start_ns + period * (unsigned)n, delay))
			continue;
		run(&roles[role_of[me]], way, layout, i, base_of(round), gap,
		    r->read[i]);
		r->round[i] = round;
	}
	pthread_barrier_wait(&barrier);
	if (me == round % THREADS)
		judge(role_of, order, layout, round);
	return true;
}

/* --- A test --------------------------------------------------------------- */

static void print_outcome(int code)
{
	char text[80];
	int at = 0;

	for (int t = 0; t < role_count; t++)
		for (int k = 0; k < roles[t].count; k++) {
			const struct access *a = &roles[t].access[k];

			if (!a->write)
				at += sprintf(text + at, "T%d:%c=%d ", t,
					      "xy"[a->place],
					      (code >> (2 * a->reg)) & 3);
		}
	sprintf(text + at, "x=%d y=%d", code >> 2 * REGISTERS & 3,
		code >> (2 * REGISTERS + 2) & 3);
	printf("    %-36s", text);
	for (int layout = 0; layout < LAYOUTS; layout++)
		printf(" %9u", shared.count[layout][code]);
	for (int order = ORDERS - 1; order >= 0; order--)
		if (!allowed[order][code]) {
			printf("  not %s", orders[order]);
			break;
		}
	printf("\n");
}

static void report(const char *name, int way, uint64_t start_ns)
{
	bool met[OUTCOMES] = {false};
	int possible = 0, seen = 0;

	for (int i = 0; i < OUTCOMES; i++) {
		for (int layout = 0; layout < LAYOUTS; layout++)
			met[i] |= shared.count[layout][i] > 0;
		possible += allowed[SEQUENTIAL][i];
		seen += allowed[SEQUENTIAL][i] && met[i];
	}
	printf("%s, %s: %ld forbidden", name, ways[way], shared.forbidden);
	if (verbose)
		printf(" in %ld runs (%ld sequential, %ld buffered, %ld "
		       "coherent); %d of %d sequential outcomes met; %.1f s",
		       shared.runs, shared.held[SEQUENTIAL],
		       shared.held[BUFFERED], shared.held[COHERENT], seen,
		       possible, (double)(now_ns() - start_ns) / 1e9);
	if (verbose || shared.forbidden)
		printf("\n    %-36s %9s %9s %9s", "outcome", layouts[OWN_PAGES],
		       layouts[ONE_PAGE], layouts[CROWDED]);
	printf("\n");
	for (int i = 0; i < OUTCOMES; i++)
		if (met[i] && (verbose || shared.forbidden))
			print_outcome(i);
	fflush(stdout);
}

struct worker {
	pthread_t thread;
	int number, way;
};

static void *work(void *argument)
{
	const struct worker *w = argument;
	uint64_t mine = (seed * THREADS + (unsigned)w->number + 1) *
			0x9e3779b97f4a7c15u;

	CHECK(!popcorn_migrate_thread(w->number % popcorn_nodes()));
	for (int round = 1;
	     round_of(w->number, w->way, round,
		      (seed << 32 | (unsigned)round) * 0x9e3779b97f4a7c15u,
		      &mine);
	     round++)
		;
	return NULL;
}

/* Gives the number of forbidden outcomes. */
static long run_test(const char *name, int way)
{
	struct worker workers[THREADS];
	uint64_t start_ns = now_ns(), period_ns = shared.period_ns;

	memset(memory, 0, sizeof(memory));
	memset(results, 0, sizeof(results));
	memset(&shared, 0, sizeof(shared));
	shared.period_ns = period_ns;
	shared.ends = time(NULL) + seconds;
	for (int i = 0; i < THREADS; i++) {
		struct worker *w = &workers[i];

		*w = (struct worker){.number = i, .way = way};
		CHECK(!pthread_create(&w->thread, NULL, work, w));
	}
	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_join(workers[i].thread, NULL));
	report(name, way, start_ns);
	return shared.forbidden;
}

static bool wanted(const char *name, int count, char **names)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(name, names[i]))
			return true;
	return !count;
}

int main(int argc, char **argv)
{
	long forbidden = 0;
	int option;

	while ((option = getopt(argc, argv, "vn:t:s:")) != -1) {
		if (option == 'v')
			verbose = 1;
		else if (option == 'n')
			runs = atoi(optarg);
		else if (option == 't')
			seconds = atoi(optarg);
		else if (option == 's')
			seed = (uint64_t)atol(optarg);
		else
			return 2;
	}
	shared.period_ns = PERIOD_NS;
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		if (!wanted(tests[i].name, argc - optind, argv + optind))
			continue;
		choose(tests[i].threads);
		for (int way = 0; way < WAYS; way++)
			forbidden += run_test(tests[i].name, way);
	}
	return forbidden ? 1 : 0;
}
