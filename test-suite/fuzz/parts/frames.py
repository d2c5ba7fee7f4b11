"""What lies in frames: arrays of structures of variable length, alloca in
loops, objects that are cleaned up, pointers to callers' locals.
"""

from string import Template

COST = 30
PRELUDE = r"""
struct link {
	struct link *before;
	long value;
};
/* What a caller shows to those it calls. */
struct shown {
	struct shown *up;
	long *numbers;
	struct link **last;
	int length;
};
static uint64_t cleaned;

static void clean_long(long *p)
{
	fuzz_poll();
	cleaned = cleaned * 31 + (uint64_t)*p;
}
static void clean_link(struct link **p)
{
	for (struct link *at = *p; at; at = at->before)
		cleaned = cleaned * 33 + (uint64_t)at->value;
	fuzz_poll();
}
"""

TEXT = Template(r"""
struct cell_$n {
	$fields
};
static uint64_t cell_$n(const struct cell_$n *cell)
{
	return $hash;
}
__attribute__((noinline)) static uint64_t frame_$n(int level, int n, struct shown *up)
{
	const int count = $count;
	long numbers[$numbers] __attribute__((aligned($align)));
	struct cell_$n cells[count];
	struct link *last $clean_link = NULL;
	struct shown me = {up, numbers, &last, $numbers};
	uint64_t sum = 0;

	for (int i = 0; i < $numbers; i++)
		numbers[i] = i * n;
	for (int i = 0; i < count; i++) {
		struct link *link = __builtin_alloca(sizeof *link + (size_t)(i & 3) * 8);
		long kept $clean_long = i * 3 + level;

		link->before = last;
		link->value = kept * n;
		last = link;
		$poll
		memset(&cells[i], 0, sizeof cells[i]);
		cells[i] = (struct cell_$n){$values};
		if (i == $leave)
			$control;
		kept ^= n;
		sum += cell_$n(&cells[i / 2]);
	}
	/* Everybody further out is written to. */
	for (struct shown *s = up; s; s = s->up) {
		s->numbers[(unsigned)n % (unsigned)s->length] += level + numbers[0];
		if (*s->last)
			(*s->last)->value ^= (long)sum & 0xff;
		fuzz_poll();
	}
	if (level > 0) {
		const int more = $more;
		struct cell_$n inner[more][2];

		for (int i = 0; i < more; i++)
			inner[i][0] = inner[i][1] = cells[i % count];
		sum = sum * 31 + frame_$n(level - 1, n + $step, &me);
		$any
		for (int i = 0; i < more; i++)
			sum = sum * 31 + cell_$n(&inner[i][i & 1]);
	}
	for (int i = 0; i < $numbers; i++)
		sum = sum * 31 + (uint64_t)numbers[i];
	for (struct link *at = last; at; at = at->before)
		sum = sum * 31 + (uint64_t)at->value;
	for (int i = 0; i < count; i++)
		sum = sum * 31 + cell_$n(&cells[$last]);
	return sum;
}
static uint64_t frames_body_$n(int n)
{
	uint64_t sum;

	cleaned = 1;
	sum = frame_$n($levels, n & 0xff, NULL);
	return sum * 31 + cleaned;
}
""")

FIELDS = [
    ("signed char %s", "i", "(uint64_t)cell->%s"),
    ("long %s", "numbers[0] + i", "(uint64_t)cell->%s"),
    ("i128 %s", "(i128)i * n", "bits_w(cell->%s)"),
    ("float %s", "i * 0.3f", "bits_f(cell->%s)"),
    ("long double %s", "n * 0.1L", "bits_l(cell->%s)"),
    ("double %s", "i / 3.0", "bits_d(cell->%s)"),
    ("unsigned %s : 5", "i & 31", "(uint64_t)cell->%s"),
]


def make(random, number):
    chosen = [random.choice(FIELDS) for _ in range(random.randint(1, 4))]
    poll = lambda: random.choice(("", "fuzz_poll();"))
    cleaned = random.random() < .6
    count = random.randint(1, 9)
    # What goes on from where `last` was skipped must have made every cell.
    control = random.choice(("fuzz_poll()", "continue")) if cleaned else "fuzz_poll()"
    return TEXT.substitute(
        n=number,
        fields="\n\t".join(text % ("f%d" % i) + ";" for i, (text, _, _) in enumerate(chosen)),
        hash=" * 31 + ".join(text % ("f%d" % i) for i, (_, _, text) in enumerate(chosen)),
        values=", ".join(value for _, value, _ in chosen),
        count="%d + (n & 3)" % count if random.random() < .7 else "%d + level" % count,
        numbers=random.randint(1, 5), align=random.choice((8, 16, 64)),
        clean_link="__attribute__((cleanup(clean_link)))" if cleaned else "",
        clean_long="__attribute__((cleanup(clean_long)))" if random.random() < .6 else "",
        poll=poll(), leave=random.randint(0, 5), control=control,
        more=random.choice(("level + 1", "(n & 7) + 1", "2")), step=random.randint(1, 9),
        any=random.choice(("", "sum += (uint64_t)any(n);")),
        last=random.choice(("i", "count - 1 - i")), levels=random.randint(0, 4))
