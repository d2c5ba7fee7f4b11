"""qsort, qsort_r, bsearch, tsearch, twalk and atexit whose callbacks migrate,
call the program's functions and recurse.
"""

from string import Template

COST = 30
PRELUDE = r"""
#include <search.h>

struct item {
	short key;
	long double weight;
	char tag[5];
};
static int recursions;
static uint64_t walked;
static int at_exits;

__attribute__((noinline)) static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	fuzz_poll();
	return x->key == y->key ? (x->weight > y->weight) - (x->weight < y->weight)
				: (x->key > y->key) - (x->key < y->key);
}
static int compare_with(const void *a, const void *b, void *context)
{
	++*(long *)context;
	return -compare_items(a, b);
}
/* Sorts something else, or calls any function, now and then. */
__attribute__((noinline)) static int compare_deep(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int level = recursions;
	struct item few[3] = {*x, *y, {7, 0.5L, "few"}};

	if (level < 2 && !(x->key & 3)) {
		recursions = level + 1;
		qsort(few, 3, sizeof *few, compare_deep);
		recursions = level;
		if (x->key == 4)
			any(few[1].key);
		recursions = level;
	}
	return compare_items(a, b);
}
static void visit(const void *node, VISIT order, int level)
{
	const struct item *item = *(const struct item *const *)node;
	uint64_t so_far = walked;

	fuzz_poll();
	if (order == preorder && level == 1)
		any(item->key);
	walked = so_far * 31 + (uint64_t)order * 7 + (uint64_t)level;
	walked ^= (uint64_t)item->key << 9;
}
static void put_away(void *item)
{
	fuzz_poll();
	free(item);
}
static void at_exit(void)
{
	fuel = 100;
	depth = 5;
	jumper = NULL;
	signal_jump = NULL;
	if (at_exits++ < 3)
		atexit(at_exit);
	printf("at exit %lx\n", any(at_exits));
}
static uint64_t item_hash(const struct item *item)
{
	return ((uint64_t)item->key * 31 + bits_l(item->weight)) * 31 + (uint64_t)item->tag[2];
}
"""

SORT = {
    "qsort": "qsort(items, count, sizeof *items, $compare);",
    "qsort_r": "qsort_r(items, count, sizeof *items, compare_with, &calls);",
}

TEXT = Template(r"""
static uint64_t callbacks_body_$n(int n)
{
	unsigned count = $count;
	struct item $items;
	void *root = NULL;
	uint64_t sum = 5, before = walked;
	long calls = 0;

	$at_exit
	for (unsigned i = 0; i < count; i++)
		items[i] = (struct item){(short)((i * 7919 + (unsigned)n) % $range), i * 0.25L, "tag"};
	$sort
	for (unsigned i = 0; i < count; i++)
		sum = sum * 31 + item_hash(&items[i]);
	sum = sum * 31 + (uint64_t)calls;
	for (unsigned i = 0; i < count; i++) {
		struct item *item = malloc(sizeof *item), **found;

		*item = items[i * 5 % count];
		found = tsearch(item, &root, compare_deep);
		if (*found != item) {
			sum = sum * 31 + item_hash(*found);
			free(item);
		}
	}
	walked = 0;
	twalk(root, visit);
	sum = sum * 31 + walked;
	walked = before;
	for (unsigned i = 0; i < count; i += 3) {
		struct item key = items[i], **found = tfind(&key, &root, compare_items), *gone;

		if (!found)
			continue;
		gone = *found;
		sum = sum * 31 + item_hash(gone);
		tdelete(&key, &root, compare_items);
		free(gone);
	}
	tdestroy(root, put_away);
	qsort(items, count, sizeof *items, compare_items);
	for (int i = 0; i < 3; i++) {
		struct item *found = bsearch(&items[(unsigned)i * 7 % count], items, count,
					     sizeof *items, compare_deep);

		sum = sum * 31 + (found ? item_hash(found) : 1);
	}
	return sum;
}
""")


def make(random, number):
    count = random.randint(2, 25)
    compare = random.choice(("compare_deep", "compare_items"))
    variable = random.random() < .4
    return TEXT.substitute(
        n=number, count="%d + (unsigned)(n & 7)" % count if variable else count,
        items="items[count]" if variable else "items[%d]" % count,
        range=random.choice((5, 101, 1000)),
        sort=Template(SORT[random.choice(sorted(SORT))]).substitute(compare=compare),
        at_exit=random.choice(("", "if (!at_exits++)\n\t\tatexit(at_exit);")))
