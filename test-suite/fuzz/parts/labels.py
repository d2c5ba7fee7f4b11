"""Labels as values, stored in structures, in heap memory and with callers:
interpreters of small random codes, which recurse.
"""

from string import Template

COST = 25
PRELUDE = ""

TEXT = Template(r"""
struct routine_$n {
	const void *const *labels;
	const void *next;
	unsigned char code[$length];
	int at;
};

__attribute__((noinline)) static long interpret_$n(struct routine_$n *r, long n, int level)
{
	static const void *const labels[] = {$addresses};
	static const int offsets[] = {$offsets};
	const void **own = malloc(sizeof labels);
	const void *resume = r && r->next ? r->next : NULL;
	struct routine_$n inner;
	long a = n, b = 1, result;
	int steps = $steps;

	memcpy(own, labels, sizeof labels);
	if (!r)
		goto out;
	if (r->at > 2 && resume) {
		r->next = NULL;
		goto *resume;
	}
$turn
$routines
out:
	result = a * 31 + b;
	free(own);
	return result;
}
static uint64_t labels_body_$n(int n)
{
	struct routine_$n r = {.at = 0};
	uint64_t sum = 0;

	for (int i = 0; i < $length; i++)
		r.code[i] = (unsigned char)((i * $step + n) & 255);
	for (int i = 0; i < $rounds; i++) {
		sum = sum * 31 + (uint64_t)interpret_$n(&r, n + i, 0);
		sum += (uint64_t)r.at;
	}
	return sum;
}
""")

ACTIONS = [
    "a = a * 5 + b;", "b ^= a >> 3;", "a += b, b = a & 0xff;",
    "fuzz_poll();\n\ta -= 7;",
    "if (a & 1)\n\t\tb++;\n\telse\n\t\tfuzz_poll();",
    "for (int i = 0; i < 5; i++) {\n\t\tfuzz_poll();\n\t\ta += i * b;\n\t}",
]
DEEPER = """if (level < 2) {
		inner = *r;
		inner.next = NULL;
		inner.at = 0;
		b += interpret_$n(&inner, a & 0xff, level + 1);
	}"""
YIELD = """r->next = &&$following;
	if (r->at > 3)
		goto out;"""


def make(random, number):
    count = random.randint(3, 6)
    names = ["r%d_%d" % (number, i) for i in range(count)]
    turns = [
        "	goto *own[r->code[r->at++ %% %(length)d] %% %(count)d];",
        "	goto *labels[r->code[r->at++ %% %(length)d] %% %(count)d];",
        "	goto *(const void *)(&&%(first)s +"
        " offsets[r->code[r->at++ %% %(length)d] %% %(count)d]);",
    ]
    fill = {"length": random.randint(3, 12), "count": count, "first": names[0]}
    one = lambda: "\tif (steps-- <= 0)\n\t\tgoto out;\n" + random.choice(turns) % fill
    routines = []
    for i, name in enumerate(names):
        action = random.choice(ACTIONS)
        if i == 1:
            action = Template(DEEPER).substitute(n=number)
        elif i == 2:
            action = Template(YIELD).substitute(following=random.choice(names))
        elif random.random() < .2:
            action = "a += any(b & 63);"
        routines.append("%s:\n\t%s\n%s" % (name, action, one()))
    return TEXT.substitute(
        n=number, length=fill["length"], steps=random.randint(3, 12), step=random.randint(1, 99),
        rounds=random.randint(1, 4), turn=one(), routines="\n".join(routines),
        addresses=", ".join("&&" + name for name in names),
        offsets=", ".join("&&%s - &&%s" % (name, names[0])
                          for name in names))
