/*
 * Structures in locals, assigned, compared by member, passed on by pointer:
 * some stay in registers, some in memory, all survive.
 *
 * LEVELS: O0 O2
 */
#include "check.h"

struct point {
	int x, y;
};

struct shape {
	char kind;
	struct point corner[3];
	double area;
	struct shape *next;
};

static double area(const struct shape *s)
{
	double sum = 0;

	for (int i = 0; i < 3; i++) {
		struct point a = s->corner[i], b = s->corner[(i + 1) % 3];

		sum += (double)a.x * b.y - (double)b.x * a.y;
	}
	return sum / 2;
}

static double total(struct shape *list)
{
	double sum = 0;

	for (struct shape *s = list; s; s = s->next) {
		s->area = area(s);
		sum += s->area;
	}
	return sum;
}

static double build(int depth, struct shape *rest)
{
	struct shape mine = {'a' + depth % 26,
			     {{depth, 0}, {0, depth * 2}, {-depth, -1}},
			     0,
			     rest};
	struct shape copy;
	double below;

	if (!depth)
		return total(rest);
	below = build(depth - 1, &mine);
	copy = mine;
	CHECK(copy.next == rest && copy.corner[1].y == depth * 2);
	return below + copy.area / (copy.kind - 'a' + 1);
}

int main(void)
{
	for (int i = 0; i < 40; i++)
		printf("%.6f\n", build(i, NULL));
	return 0;
}
