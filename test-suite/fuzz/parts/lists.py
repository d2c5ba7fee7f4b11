"""va_list in structures, in heap memory, passed by pointer, copied half-way."""

from string import Template

COST = 20

# C type as promoted, an argument, how a value is hashed
ARGUMENTS = [
    ("int", "n * 3", "(uint64_t)(%s)"), ("int", "(signed char)(n * 77)", "(uint64_t)(%s)"),
    ("unsigned", "~n", "(uint64_t)(%s)"), ("long", "n * -0x230000001l", "(uint64_t)(%s)"),
    ("i128", "(i128)((u128)n * 0xfff9 << 60)", "bits_w(%s)"),
    ("u128", "(u128)n << 90 | 5", "bits_w(%s)"),
    ("double", "n * 0.3", "bits_d(%s)"), ("double", "(float)n / 7", "bits_d(%s)"),
    ("long double", "n * 0.7L", "bits_l(%s)"),
    ("const char *", "\"text\" + (n & 3)", "strlen(%s)"),
    ("struct listed", "(struct listed){n * 0.5f, n}", "listed(%s)"),
    ("struct listed_long", "(struct listed_long){{n, 2, n}, 7}", "listed_long(%s)"),
]

PRELUDE = r"""
struct listed {
	float a;
	short b;
};
struct listed_long {
	long a[3];
	unsigned char b;
};
static uint64_t listed(struct listed s)
{
	return bits_f(s.a) * 31 + (uint64_t)s.b;
}
static uint64_t listed_long(struct listed_long s)
{
	return (uint64_t)(s.a[0] * 7 + s.a[1] * 5 + s.a[2]) * 31 + s.b;
}
"""

TEXT = Template(r"""
struct walker_$n {
	char before;
	va_list list;
	int taken;
	struct walker_$n *next;
};

$noinline static uint64_t take_$n(struct walker_$n *w)
{
	uint64_t value = 0;

	fuzz_poll();
	switch (w->taken++) {
$cases
	}
	return value;
}
/* The rest of a list, that of its copy first. */
$noinline static uint64_t rest_$n(va_list *list, int taken)
{
	struct walker_$n w = {.taken = taken}, *copy = malloc(sizeof *copy);
	uint64_t sum = 3;

	copy->taken = taken;
	va_copy(w.list, *list);
	va_copy(copy->list, w.list);
	while (copy->taken < $count)
		sum = sum * 31 + take_$n(copy);
	va_end(copy->list);
	free(copy);
	$any
	while (w.taken < $count)
		sum = sum * 33 + take_$n(&w);
	va_end(w.list);
	return sum;
}
$noinline static uint64_t interleave_$n(struct walker_$n *w)
{
	uint64_t sum = 11;

	for (int i = 0; i < $count; i++)
		for (struct walker_$n *at = w; at; at = at->next)
			if (at->taken < $count && (i + at->before) % $stride != 1)
				sum = sum * 31 + take_$n(at);
	return sum;
}
static uint64_t variadic_$n(int n, ...)
{
	struct walker_$n walkers[$walkers];
	uint64_t sum = 0;

	for (int i = 0; i < $walkers; i++) {
		walkers[i].before = (char)i;
		walkers[i].taken = 0;
		walkers[i].next = i ? &walkers[i - 1] : NULL;
		va_start(walkers[i].list, n);
		fuzz_poll();
	}
	sum = take_$n(&walkers[0]);
	sum = sum * 31 + rest_$n(&walkers[0].list, walkers[0].taken);
	sum = sum * 31 + interleave_$n(&walkers[$walkers - 1]);
	$any
	for (int i = 0; i < $walkers; i++)
		va_end(walkers[i].list);
	return sum;
}
static uint64_t lists_body_$n(int n)
{
	n &= 0xffff;
	return variadic_$n(n, $arguments);
}
""")


def make(random, number):
    chosen = [random.choice(ARGUMENTS) for _ in range(random.randint(2, 12))]
    case = "\tcase %d:\n\t\tvalue = %s;\n\t\tbreak;"
    cases = [case % (i, hashed % ("va_arg(w->list, %s)" % kind))
             for i, (kind, _, hashed) in enumerate(chosen)]
    return TEXT.substitute(
        n=number, cases="\n".join(cases), count=len(chosen), walkers=random.randint(1, 4),
        stride=random.randint(2, 4), arguments=", ".join(text for _, text, _ in chosen),
        noinline=random.choice(("", "__attribute__((noinline))")),
        any=random.choice(("", "sum += (uint64_t)any((long)sum & 255);")))
