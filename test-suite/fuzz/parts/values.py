"""Vectors, complex numbers and __int128 that live across calls, and go into
functions, out of them and through memory.
"""

from string import Template

COST = 15

ELEMENTS = {
    "i8": ("signed char", 1), "u8": ("unsigned char", 1),
    "i16": ("short", 2), "u16": ("unsigned short", 2),
    "i32": ("int", 4), "u32": ("unsigned", 4),
    "i64": ("long", 8), "u64": ("unsigned long", 8),
    "f32": ("float", 4), "f64": ("double", 8),
}
BYTES = (8, 16, 32, 64)

PRELUDE = "\n".join(
    ["", "#include <complex.h>", ""]
    + ["typedef %s v%d_%s __attribute__((vector_size(%d)));" % (c_type, size, name, size)
       for name, (c_type, _) in ELEMENTS.items() for size in BYTES]) + r"""

/* Infinities and NaNs become numbers: products of theirs are not the same everywhere. */
#define TAME(type, part) \
	static type _Complex tame_##part(type _Complex x) \
	{ \
		type a = __real__ x, b = __imag__ x; \
		type _Complex r; \
\
		__real__ r = a - a == 0 && a < 1e9f && a > -1e9f ? a : (type)1.5; \
		__imag__ r = b - b == 0 && b < 1e9f && b > -1e9f ? b : (type)-0.5; \
		return r; \
	}
TAME(float, f)
TAME(double, d)
TAME(long double, l)
"""

TEXT = Template(r"""
struct kept_$n {
	$members
};
static uint64_t values_hash_$n(const struct kept_$n *k)
{
	uint64_t sum = 9;

$hash	return sum;
}
__attribute__((noinline)) static $type pass_$n($type x, $other y, int n)
{
	$type r = x;

	fuzz_poll();
	(void)y;
	if (n > 0)
		r = pass_$n($pass, y, n - 1);
	return $mix;
}
__attribute__((noinline)) static uint64_t values_frame_$n(int n)
{
	struct kept_$n kept;

$locals
	for (int i = 0; i < $rounds; i++) {
$steps	}
$ends	return values_hash_$n(&kept);
}
static uint64_t values_body_$n(int n)
{
	return values_frame_$n(n & 0xff);
}
""")


class Vector:
    def __init__(self, random):
        self.element = random.choice(list(ELEMENTS))
        self.size = random.choice(BYTES)
        self.element_type, width = ELEMENTS[self.element]
        self.count = self.size // width
        self.type = "v%d_%s" % (self.size, self.element)
        self.float = self.element[0] == "f"

    def start(self, random):
        values = ["(%s)(%d%s)" % (self.element_type, random.randint(-99, 99),
                                  random.choice(("", " + n", " * n")))
                  for _ in range(self.count)]
        return "(%s){%s}" % (self.type, ", ".join(values))

    def step(self, random, x):
        number = lambda n: "(%s)%s" % (self.element_type, n)
        ways = ["%s + %s" % (x, number(random.randint(0, 9))), "%s * %s - %s" % (x, number(3), x),
                "__builtin_shufflevector(%s, %s, %s)" % (x, x, ", ".join(
                    str(random.randrange(2 * self.count)) for _ in range(self.count)))]
        if self.float:
            ways.append("%s * %s + %s" % (x, number("0.5"), number("i")))
        else:
            ways += ["%s ^ (%s)(%s < %s[%s])" % (x, self.type, x, x, self.index(random)),
                     "%s >> %s | %s" % (x, number(1), x), "~%s" % x]
        lines = ["%s = %s;" % (x, random.choice(ways))]
        if random.random() < .3:
            lines.append("%s[%s] = %s;" % (x, self.index(random), number("(i + 5)")))
        return lines

    def index(self, random):
        return random.choice((str(random.randrange(self.count)), "(n + i) & %d" % (self.count - 1)))

    def hash(self, x):
        form = {"f32": "bits_f(%s)", "f64": "bits_d(%s)"}.get(self.element, "(uint64_t)%s")
        return "\tfor (int i = 0; i < %d; i++)\n\t\tsum = sum * 31 + %s;\n" % (
            self.count, form % ("%s[i]" % x))

    def mix(self, x, y):
        return "%s * (%s)3 + %s" % (x, self.element_type, y)


class Complex:
    FORMS = {"f": ("float", "bits_f"), "d": ("double", "bits_d"), "l": ("long double", "bits_l")}

    def __init__(self, random):
        self.form = random.choice("fdl")
        self.base, self.bits = self.FORMS[self.form]
        self.type = self.base + " _Complex"

    def start(self, random):
        return "(%s)(n * %d + %d * 1.0if)" % (self.type, random.randint(-5, 5), random.randint(-9, 9))

    def step(self, random, x):
        # Nothing is divided by one: GCC's function for it fuses operations on aarch64.
        ways = ["%s * %s" % (x, x), "%s + i" % x, "%s / 3" % x,
                "%s * 0.25f - %s" % (x, x), "~%s" % x, "-%s + __real__ %s" % (x, x)]
        return ["%s = tame_%s(%s);" % (x, self.form, random.choice(ways))]

    def hash(self, x):
        return "".join("\tsum = sum * 31 + %s(%s %s);\n" % (self.bits, part, x)
                       for part in ("__real__", "__imag__"))

    def mix(self, x, y):
        return "tame_%s(%s * %s + 1)" % (self.form, x, y)


class Wide:
    def __init__(self, random):
        self.type = random.choice(("i128", "u128"))

    def start(self, random):
        return "(%s)((u128)%d << %d) + n" % (self.type, random.getrandbits(30), random.randint(0, 97))

    def step(self, random, x):
        return ["%s = %s;" % (x, random.choice((
            "%s * 3 + i" % x, "(%s)divide_w((i128)%s, i + 2)" % (self.type, x),
            "%s ^ %s >> 64" % (x, x), "%s - ((%s)n << 40)" % (x, self.type), "%s < 0 ? -%s : %s + 1" % (x, x, x))))]

    def hash(self, x):
        return "\tsum = sum * 31 + bits_w((i128)%s);\n" % x

    def mix(self, x, y):
        return "%s * 5 ^ %s" % (x, y)


def make(random, number):
    kinds = [random.choice((Vector, Vector, Complex, Wide))(random)
             for _ in range(random.randint(2, 6))]
    names = ["x%d" % i for i in range(len(kinds))]
    hashed = "".join(kind.hash("k->" + name) for kind, name in zip(kinds, names))
    steps = []
    for kind, name in random.choices(list(zip(kinds, names)), k=random.randint(2, 8)):
        steps += kind.step(random, name)
        if random.random() < .4:
            steps.append(random.choice(("fuzz_poll();", "fuzz_poll();", "n += (int)any(i) & 7;")))
    steps.append("x0 = pass_%d(x0, %s, i & 3);" % (number, names[-1]))
    first = kinds[0]
    return TEXT.substitute({
        "n": number, "hash": hashed, "type": first.type, "other": kinds[-1].type,
        "members": "\n\t".join("%s %s;" % (kind.type, name) for kind, name in zip(kinds, names)),
        "locals": "".join("\t%s %s = %s;\n" % (kind.type, name, kind.start(random))
                          for kind, name in zip(kinds, names)),
        "steps": "".join("\t\t%s\n" % step for step in steps),
        "ends": "".join("\tkept.%s = %s;\n" % (name, name) for name in names),
        "rounds": random.randint(1, 9), "mix": first.mix("r", "x"),
        "pass": random.choice(("x", first.mix("x", "x")))})
