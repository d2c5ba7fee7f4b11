"""Bit-fields and packed structures by value, through pointers, in arrays, and
functions that return them through tables of pointers.
"""

from string import Template

from kinds import SCALARS, Struct

COST = 25
PRELUDE = ""

TEXT = Template(r"""
$structs
typedef struct $s (*maker_$n)(struct $s *, struct $s, int);

static uint64_t fields_hash_$n(const struct $s *s)
{
	uint64_t sum = 1;

$hash	return sum;
}
__attribute__((noinline)) static struct $s fields_first_$n(struct $s *at, struct $s s, int n)
{
	struct $s next = *at;

$first	fuzz_poll();
$second	*at = s;
	return next;
}
__attribute__((noinline)) static struct $s fields_other_$n(struct $s *at, struct $s s, int n)
{
	struct $s *const p = &s;

$through	if (n > 0)
		return fields_first_$n(at, s, n - 1);
	$any
	return *p;
}
static struct $s made_copy_$n;
static const maker_$n makers_$n[] = {$makers};

static uint64_t fields_body_$n(int n)
{
	struct $s array[$length], *p = array;
	maker_$n makers[2];
	struct {
		$unaligned
		struct $s in[2];
	} __attribute__((packed)) outer;
	uint64_t sum = 0;

	memset(array, 0, sizeof array);
	memset(&outer, 0, sizeof outer);
	makers[0] = makers_$n[(unsigned)n % $count];
	makers[1] = makers_$n[(unsigned)n / 3 % $count];
	for (int i = 0; i < $length * 2; i++, p = &array[i % $length]) {
		struct $s made = makers[i & 1](p, array[(unsigned)(i + n) % $length], i & 3);

		array[i * 5 % $length] = made;
		outer.in[i & 1] = makers[i >> 1 & 1](&array[0], outer.in[1], i);
		sum = sum * 31 + makers[0](p, made, 1)$field;
	}
	for (int i = 0; i < $length; i++)
		sum = sum * 31 + fields_hash_$n(&array[i]);
	made_copy_$n = outer.in[0];
	sum = sum * 31 + fields_hash_$n(&made_copy_$n);
	made_copy_$n = outer.in[1];
	return sum * 31 + fields_hash_$n(&made_copy_$n);
}
""")


def stores(random, target, fields, values):
    """Assignments to some fields, of each other and of n."""
    lines = []
    for _ in range(random.randint(1, 4)):
        (name, kind), (other, source) = random.choice(fields), random.choice(fields)
        value = random.choice(("%s%s" % (values, other), "n", "n * 77 + 1"))
        if source in ("f32", "f64", "f128") and value not in ("n", "n * 77 + 1"):
            value = "to_long(%s)" % value
        operator = random.choice(("=", "=", "+=", "-=", "^=")) if kind[0] in "iu" else "="
        lines.append("\t%s%s %s (%s)(%s);\n" % (target, name, operator, SCALARS[kind][0], value))
    return "".join(lines)


def make(random, number):
    inner = Struct("F%di" % number, random, [], gaps=True)
    struct = Struct("F%d" % number, random, [inner], gaps=True)
    fields = list(struct.scalars(""))
    hashed = "".join("\tsum = sum * 31 + %s;\n" % (SCALARS[kind][1] % ("(*s)" + name))
                     for name, kind in fields)
    narrow = [(name, kind) for name, kind in fields if kind[0] in "iub"]
    name, kind = random.choice(narrow or fields)
    makers = [random.choice(("fields_first_%d", "fields_other_%d")) % number
              for _ in range(random.randint(1, 4))]
    return TEXT.substitute(
        n=number, s=struct.name, structs=inner.text() + "\n" + struct.text(), hash=hashed,
        first=stores(random, "next", fields, "s"), second=stores(random, "s", fields, "next"),
        through=stores(random, "(*p)", fields, "(*p)"), length=random.randint(1, 9),
        makers=", ".join(makers), count=len(makers),
        unaligned=random.choice(("", "char c;", "short c;")),
        field=name if narrow else name + " > 1", any=random.choice(("", "any(n);")))
