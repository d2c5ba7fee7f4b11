/*
 * Threads that write to each other's locals: on stacks, in arrays of variable
 * length, in structures, through lists that run through all their frames.
 *
 * CFLAGS: -pthread
 * MODES: native self qemu qemu-self move save spread spread-user links
 */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define THREADS 3
#define ROUNDS	25

struct node {
	struct node *next;
	_Atomic long value;
	int owner;
};

static pthread_barrier_t barrier;
static struct node *_Atomic heads[THREADS];
static long *_Atomic arrays[THREADS];
static int _Atomic lengths[THREADS];

static long walk(struct node *node, int by)
{
	long sum = 0;

	for (; node; node = node->next) {
		atomic_fetch_add(&node->value, by);
		sum += node->owner;
	}
	return sum;
}

/* Each frame is a node of the list; the innermost one lets the others in. */
static long descend(int id, int depth, struct node *up)
{
	struct node me = {up, depth, id};
	long variable[depth + 2], sum = 0;

	memset(variable, 0, sizeof(variable));
	variable[depth] = depth;
	if (depth < 6) {
		sum = descend(id, depth + 1, &me);
	} else {
		heads[id] = &me;
		arrays[id] = variable;
		lengths[id] = depth + 2;
		pthread_barrier_wait(&barrier);
		for (int i = 0; i < THREADS; i++)
			if (i != id) {
				sum += walk(heads[i], 1 << 8 * i % 24);
				for (int j = 0; j < lengths[i]; j++)
					if (j % THREADS == id)
						arrays[i][j] += 100 * id + j;
			}
		pthread_barrier_wait(&barrier);
	}
	for (int i = 0; i < depth + 2; i++)
		sum = sum * 7 + variable[i];
	for (struct node *node = &me; node; node = node->next)
		sum = sum * 31 + node->value;
	return sum;
}

static void *work(void *argument)
{
	int id = (int)(intptr_t)argument;
	long sum = 0;

	for (int i = 0; i < ROUNDS; i++)
		sum = sum * 3 + descend(id, i % 4, NULL);
	return (void *)sum;
}

int main(void)
{
	pthread_t threads[THREADS];

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (intptr_t i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, work, (void *)i));
	for (int i = 0; i < THREADS; i++) {
		void *result;

		CHECK(!pthread_join(threads[i], &result));
		printf("%lx\n", (long)result);
	}
	return 0;
}
