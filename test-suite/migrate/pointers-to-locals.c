/*
 * Pointers to locals kept in globals, in the heap and in other frames' locals
 * stay good: the objects do not move.
 *
 * MODES: usual spread
 */
#include "check.h"

struct node {
	int *value;
	struct node *outer;
	struct node **self;
};

static int *global_pointer;
static struct node *innermost;
static int **heap_pointers;

static int walk(struct node *from)
{
	int sum = 0;

	for (struct node *n = from; n; n = n->outer) {
		CHECK(*n->self == n);
		sum += *n->value;
		*n->value += 1;
	}
	return sum;
}

static int nest(struct node *outer, int depth)
{
	int mine = depth * 3;
	struct node here = {&mine, outer, NULL};
	struct node *address = &here;
	int sum;

	here.self = &address;
	heap_pointers[depth] = &mine;
	if (!depth) {
		innermost = address;
		return walk(address);
	}
	sum = nest(address, depth - 1);
	CHECK(heap_pointers[depth] == &mine);
	CHECK(*heap_pointers[depth] == mine);
	*global_pointer += mine;
	return sum + mine;
}

int main(void)
{
	int anchor = 0;

	global_pointer = &anchor;
	heap_pointers = malloc(64 * sizeof(*heap_pointers));
	for (int round = 0; round < 20; round++)
		printf("%d ", nest(NULL, round * 3 % 60));
	printf("\nanchor %d\n", anchor);
	free(heap_pointers);
	return 0;
}
