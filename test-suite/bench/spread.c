/*
 * spread KERNEL [THREADS [PERCENT]] - the same work (PERCENT: less of it) by
 * threads on one CPU of one node, then on two CPUs of it, which is all that can
 * be gained on this machine, then with every second thread on another node;
 * prints seconds of each, the nodes that the threads were on, and a sum that
 * must be the same.
 *
 * kmeans: points of eight dimensions and sixteen clusters, a barrier and a
 *         reduction between rounds; every round reads all points.  A thread
 *         that is much slower than others has as many fewer
 * ep: pairs of pseudo-random numbers, counted by rings (as NAS EP)
 * blackscholes: prices of options, in place
 */
#define _GNU_SOURCE
#include <math.h>
#include <popcorn.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS	   16
#define DIMENSIONS 8
#define CLUSTERS   16
#define ROUNDS	   20
#define REPEATS	   40

struct cluster {
	double sum[CLUSTERS][DIMENSIONS];
	long count[CLUSTERS];
	double points, seconds; /* done so far */
} __attribute__((aligned(4096)));

static long point_count = 4000000, pair_count = 200000000,
	    option_count = 1000000;
static float (*points)[DIMENSIONS];
static double centres[CLUSTERS][DIMENSIONS];
static struct cluster partial[THREADS];
static long bounds[THREADS + 1]; /* of each thread's points */
static struct option {
	double price, strike, rate, volatility, time, call;
} *options;
static double result[THREADS][512];
static int nodes[THREADS];

static int threads = 2;
static enum way { ONE_CPU, TWO_CPUS, TWO_NODES, WAYS } way;
static const char *const ways[] = {"one node", "two CPUs", "spread"};
static pthread_barrier_t barrier;

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static double unit(uint64_t *state)
{
	return (double)(next_random(state) >> 11) / (double)(1ull << 53);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- kernels --- */

static void assign(int thread, long first, long last)
{
	struct cluster *mine = &partial[thread];
	double start = now();

	memset(mine->sum, 0, sizeof(mine->sum));
	memset(mine->count, 0, sizeof(mine->count));
	for (long i = first; i < last; i++) {
		double best = INFINITY;
		int which = 0;

		for (int c = 0; c < CLUSTERS; c++) {
			double d = 0;

			for (int k = 0; k < DIMENSIONS; k++) {
				double x = points[i][k] - centres[c][k];

				d += x * x;
			}
			if (d < best) {
				best = d;
				which = c;
			}
		}
		for (int k = 0; k < DIMENSIONS; k++)
			mine->sum[which][k] += points[i][k];
		mine->count[which]++;
	}
	mine->points += (double)(last - first);
	mine->seconds += now() - start;
}

/*
 * Equal parts for threads that are about as fast, as points that are read by
 * one thread should stay with it.  Nobody has so few that it could not be seen
 * how fast it is.
 */
static void share_out(void)
{
	double speed[THREADS], low = INFINITY, high = 0, all = 0, at = 0;

	for (int t = 0; t < threads; t++) {
		speed[t] = partial[t].points / partial[t].seconds;
		low = fmin(low, speed[t]);
		high = fmax(high, speed[t]);
		all += speed[t];
	}
	for (int t = 0; t < threads; t++) {
		double part = high < 3 * low ? 1.0 / threads : speed[t] / all;

		bounds[t] = (long)(at * (double)point_count);
		at = fmin(at + fmax(part, 0.005),
			  1 - 0.005 * (threads - 1 - t));
	}
	bounds[threads] = point_count;
}

static void reduce(void)
{
	for (int c = 0; c < CLUSTERS; c++) {
		long count = 0;

		for (int t = 0; t < threads; t++)
			count += partial[t].count[c];
		for (int k = 0; k < DIMENSIONS && count; k++) {
			double sum = 0;

			for (int t = 0; t < threads; t++)
				sum += partial[t].sum[c][k];
			centres[c][k] = sum / (double)count;
		}
	}
}

static void kmeans(int thread)
{
	long first = point_count * thread / threads;

	/* Once for the points to come, once to see how fast it is. */
	assign(thread, first, first + point_count / 500);
	partial[thread].points = partial[thread].seconds = 0;
	assign(thread, first, first + point_count / 500);
	pthread_barrier_wait(&barrier);
	for (int round = 0; round < ROUNDS; round++) {
		if (!thread)
			share_out();
		pthread_barrier_wait(&barrier);
		assign(thread, bounds[thread], bounds[thread + 1]);
		pthread_barrier_wait(&barrier);
		if (!thread)
			reduce();
	}
	if (!thread)
		for (int c = 0; c < CLUSTERS; c++)
			result[0][0] += centres[c][0];
}

static void ep(int thread)
{
	uint64_t state = 0x9e3779b97f4a7c15u + (uint64_t)thread;
	double rings[10] = {0};

	for (long i = 0; i < pair_count / threads; i++) {
		double x = 2 * unit(&state) - 1, y = 2 * unit(&state) - 1;
		double t = x * x + y * y, f;

		if (t > 1 || t == 0)
			continue;
		f = sqrt(-2 * log(t) / t);
		x = fabs(x * f);
		y = fabs(y * f);
		rings[(int)(x > y ? x : y) % 10]++;
	}
	for (int i = 0; i < 10; i++)
		result[thread][0] += rings[i] * (i + 1);
}

static double normal(double x)
{
	return erfc(-x * 0.70710678118654752) / 2;
}

static void blackscholes(int thread)
{
	long first = option_count * thread / threads;
	long last = option_count * (thread + 1) / threads;
	double sum = 0;

	for (int n = 0; n < REPEATS; n++)
		for (long i = first; i < last; i++) {
			struct option *o = &options[i];
			double root = o->volatility * sqrt(o->time);
			double d =
				(log(o->price / o->strike) +
				 (o->rate + o->volatility * o->volatility / 2) *
					 o->time) /
				root;

			o->call = o->price * normal(d) -
				  o->strike * exp(-o->rate * o->time) *
					  normal(d - root);
		}
	for (long i = first; i < last; i++)
		sum += options[i].call;
	result[thread][0] = sum;
}

/* --- what they work on --- */

static void make_points(void)
{
	uint64_t state = 42;

	memset(partial, 0, sizeof(partial));
	/* With so few bits that sums are exact, whoever adds what. */
	for (long i = 0; i < point_count; i++)
		for (int k = 0; k < DIMENSIONS; k++)
			points[i][k] =
				(float)(next_random(&state) >> 48) / 65536 +
				(float)(i % CLUSTERS);
	for (int c = 0; c < CLUSTERS; c++)
		for (int k = 0; k < DIMENSIONS; k++)
			centres[c][k] = points[c * 1000][k];
}

static void make_nothing(void)
{
}

static void make_options(void)
{
	uint64_t state = 42;

	for (long i = 0; i < option_count; i++)
		options[i] = (struct option){
			50 + 50 * unit(&state), 50 + 50 * unit(&state), 0.02,
			0.1 + unit(&state) / 2, 0.1 + unit(&state),	0};
}

static const struct kernel {
	const char *name;
	void (*prepare)(void);
	void (*run)(int thread);
} kernels[] = {{"kmeans", make_points, kmeans},
	       {"ep", make_nothing, ep},
	       {"blackscholes", make_options, blackscholes}};
static const struct kernel *kernel = kernels;

/* --- both ways --- */

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *work(void *argument)
{
	int thread = (int)(intptr_t)argument;

	if (way == ONE_CPU || thread % 2 == 0)
		stay_on(0); /* what a node of one CPU has */
	else if (way == TWO_CPUS)
		stay_on(1);
	else if (popcorn_migrate_thread(1))
		perror("popcorn_migrate_thread");
	nodes[thread] = popcorn_node();
	pthread_barrier_wait(&barrier);
	kernel->run(thread);
	return NULL;
}

static double run(void)
{
	pthread_t list[THREADS];
	double sum = 0, start, seconds;

	memset(result, 0, sizeof(result));
	kernel->prepare();
	pthread_barrier_init(&barrier, NULL, (unsigned)threads);
	start = now();
	for (intptr_t i = 0; i < threads; i++)
		pthread_create(&list[i], NULL, work, (void *)i);
	for (int i = 0; i < threads; i++)
		pthread_join(list[i], NULL);
	seconds = now() - start;
	for (int i = 0; i < threads; i++)
		sum += result[i][0];
	printf("%-8s %.3f s, threads on nodes", ways[way], seconds);
	for (int i = 0; i < threads; i++)
		printf(" %d", nodes[i]);
	if (kernel->run == kmeans) {
		printf(" with");
		for (int i = 0; i < threads; i++)
			printf(" %.1f",
			       100 * (double)(bounds[i + 1] - bounds[i]) /
				       (double)point_count);
		printf(" %% of the points");
	}
	printf(", sum %.6f\n", sum);
	fflush(stdout);
	return seconds;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : kernels[0].name;
	double seconds[WAYS];

	if (argc > 3) {
		point_count = point_count * atoi(argv[3]) / 100;
		pair_count = pair_count * atoi(argv[3]) / 100;
		option_count = option_count * atoi(argv[3]) / 100;
	}
	if (point_count < CLUSTERS * 1000 || option_count < 1)
		return 2;
	points = malloc(sizeof(*points) * (size_t)point_count);
	options = malloc(sizeof(*options) * (size_t)option_count);
	if (!points || !options)
		return 2;
	for (size_t i = 0; i < sizeof(kernels) / sizeof(*kernels); i++)
		if (!strcmp(name, kernels[i].name))
			kernel = &kernels[i];
	if (argc > 2)
		threads = atoi(argv[2]);
	if (threads < 1 || threads > THREADS)
		return 2;
	for (way = ONE_CPU; way < WAYS; way++)
		seconds[way] = run();
	printf("%s: speed-up %.2f, two CPUs of one node %.2f\n", kernel->name,
	       seconds[ONE_CPU] / seconds[TWO_NODES],
	       seconds[ONE_CPU] / seconds[TWO_CPUS]);
	return 0;
}
