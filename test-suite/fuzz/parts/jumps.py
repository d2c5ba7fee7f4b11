"""longjmp over several levels and over library functions that call back.

Points lie in heap memory, in locals or in an array of the caller's; each has a
pointer to the next one further out, and a jump goes to any of them.
"""

from string import Template

COST = 40
PRELUDE = r"""
#include <search.h>

struct point {
	char before;
	jmp_buf buffer;
	struct point *outer;
	volatile int visits, left;
};
static struct point *target; /* of the callback that runs */

static struct point *outward(struct point *p, int steps)
{
	while (steps-- > 0 && p->outer)
		p = p->outer;
	return p;
}
__attribute__((noinline)) static int leaving(const void *a, const void *b)
{
	struct point *p = target;
	int x = *(const int *)a, y = *(const int *)b;

	fuzz_poll();
	if (p->left-- <= 0)
		longjmp(outward(p, p->visits)->buffer, 1 + (x & 3));
	if (!(p->left & 7))
		any(x);
	target = p;
	return (x > y) - (x < y);
}
__attribute__((noinline)) static int leave_frames(struct point *p, int frames)
{
	int local[3] = {frames, 1, 2};

	fuzz_poll();
	if (frames <= 0)
		longjmp(outward(p, p->visits & 1)->buffer, 1 + (frames & 1));
	local[1] = leave_frames(p, frames - 1);
	return local[frames & 1];
}
"""

WAYS = {
    "frames": "\tsum += leave_frames(p, $steps);\n",
    "qsort": """	target = p;
	p->left = $steps;
	qsort(numbers, $length, sizeof *numbers, leaving);
""",
    "bsearch": """	target = p;
	p->left = $steps & 3;
	found = bsearch(&numbers[$length / 3], numbers, $length, sizeof *numbers, leaving);
	sum += found ? found - numbers : 77;
""",
    "lfind": """	size_t length = $length;

	target = p;
	p->left = $steps;
	found = lfind(&numbers[$length / 2], numbers, &length, sizeof *numbers, leaving);
	sum += found ? found - numbers : 77;
""",
}

TEXT = Template(r"""
/* Jumps to p or further out, or returns a sum. */
__attribute__((noinline)) static long leave_$n(struct point *p, long n)
{
	int numbers[$length];
	int *found;
	long sum = n;

	for (int i = 0; i < $length; i++)
		numbers[i] = $number;
$leave	(void)found;
	for (int i = 0; i < $length; i++)
		sum = sum * 31 + numbers[i];
	return sum;
}
__attribute__((noinline)) static long descend_$n(int level, struct point *outer, long n)
{
	$storage
	volatile long sum = n;
	volatile int deep = depth;
	jmp_buf *volatile saved = jumper;
	sigjmp_buf *volatile signals = signal_jump;

	p->before = 'b';
	p->outer = outer;
	p->visits = 0;
	switch (setjmp(p->buffer)) {
	case 0:
		sum += level > 0 ? descend_$n(level - 1, p, n * 5 + 1) : leave_$n(p, n);
		break;
	case 1:
		depth = deep;
		jumper = saved;
		signal_jump = signals;
		sum = sum * 31 + p->visits;
		$any
		if (++p->visits < $visits)
			sum += leave_$n(p, sum & 15);
		break;
	case 2:
		sum ^= 0x55;
		/* fall through */
	default:
		depth = deep;
		jumper = saved;
		signal_jump = signals;
		if (++p->visits < $visits)
			sum += level > 1 ? descend_$n(level - 2, p, sum & 7) : leave_$n(p, n);
		sum = sum * 7 + level;
	}
	if (outer && outer->visits < $visits && (sum & 3) == 1) {
		$free
		longjmp(outer->buffer, 1 + (sum >> 2 & 3));
	}
	sum = sum * 31 + p->visits + p->before;
	$free
	return sum;
}
static uint64_t jumps_body_$n(int n)
{
	return (uint64_t)descend_$n($levels, NULL, n & 255);
}
""")


def make(random, number):
    length = random.randint(3, 20)
    heap = random.random() < .5
    storage = random.choice((
        "struct point own, *p = &own;",
        "struct {\n\t\tchar pad[3];\n\t\tstruct point points[2];\n\t} own;\n"
        "\tstruct point *p = &own.points[1];"))
    return TEXT.substitute(
        n=number, length=length, number=random.choice(("i * 7919 % 101", "i * 5", "99 - i")),
        leave=Template(WAYS[random.choice(sorted(WAYS))]).substitute(
            steps=random.randint(0, 9), length=length),
        storage="struct point *p = malloc(sizeof *p);" if heap else storage,
        free="free(p);" if heap else "", visits=random.randint(1, 3),
        levels=random.randint(0, 3), any=random.choice(("", "sum += any(sum & 63);")))
