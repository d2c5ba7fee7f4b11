"""Random C programs of what csmith leaves out.

Variadic functions of all types and lists handed on, variable-length arrays and
alloca, setjmp and longjmp, floating point of three sizes, __int128, structures
by value, callbacks through tables and qsort, recursion, switches, gotos and
labels as values, strings and malloc, thread-locals, long loops, vectors, complex
numbers, _BitInt, guaranteed tail calls, lists through stack frames, signals,
threads that point into each other's stacks (relay.py).

program(seed) gives the text; the same seed gives the same text.  A program has
no undefined behaviour under -fwrapv, ends soon (each function burns `fuel`),
and prints a line for each of its first values and a hash of all.  NaNs are
hidden, for machines do not agree on their sign.
"""

import random

import relay

PRELUDE = r"""
#include "fuzz.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef __int128 i128;
typedef unsigned __int128 u128;
typedef int (*compare_fn)(const void *, const void *);

static uint64_t hash = 0xcbf29ce484222325u;
static int fuel = FUEL, depth, lines;

static void note(int line, uint64_t value)
{
	for (int i = 0; i < 64; i += 8) {
		hash ^= value >> i & 0xff;
		hash *= 0x100000001b3u;
	}
	if (lines++ < 400)
		printf("%d %llx\n", line, (unsigned long long)value);
}
static uint64_t bits_f(float x)
{
	uint32_t b;

	if (x != x)
		return 1;
	memcpy(&b, &x, sizeof b);
	return b;
}
static uint64_t bits_d(double x)
{
	uint64_t b;

	if (x != x)
		return 2;
	memcpy(&b, &x, sizeof b);
	return b;
}
static uint64_t bits_l(long double x)
{
	uint64_t b[2] = {0};

	if (x != x)
		return 3;
	memcpy(b, &x, sizeof x);
	return b[0] * 31 + b[1];
}
static uint64_t bits_w(i128 x)
{
	return (uint64_t)x * 31 + (uint64_t)(x >> 64);
}
/* Conversions C leaves undefined are kept within bounds. */
static long to_long(long double x)
{
	return x > -1e18L && x < 1e18L ? (long)x : 42;
}
static long divide(long a, long b)
{
	return b == 0 || b == -1 ? a : a / b;
}
static long modulo(long a, long b)
{
	return b == 0 || b == -1 ? b : a % b;
}
static i128 divide_w(i128 a, i128 b)
{
	return b == 0 || b == -1 ? a : a / b;
}
typedef int int4 __attribute__((vector_size(16)));
typedef float float8 __attribute__((vector_size(32)));
typedef unsigned char byte8 __attribute__((vector_size(8)));
typedef unsigned _BitInt(53) odd53;
typedef _BitInt(99) odd99;

__attribute__((noinline)) static int4 twist(int4 a, byte8 b, int n)
{
	int4 r = a * n + (a < n);

	fuzz_poll();
	b += (unsigned char)n;
	fuzz_poll();
	return r ^ (b[n & 7] + (a & r));
}
__attribute__((noinline)) static float8 blend(float8 a, float8 b, float n)
{
	float8 r = a * 0.25f + n;

	fuzz_poll();
	return r - b * (1 - n);
}
__attribute__((noinline)) static double _Complex turn(double _Complex a, float _Complex b)
{
	double _Complex r = a * b;

	fuzz_poll();
	return r + b;
}
__attribute__((noinline)) static odd99 odd(odd53 a, odd99 b)
{
	odd53 r = a * 12345 + (odd53)b;

	fuzz_poll();
	return (odd99)r * (b >> 3) ^ b;
}
struct node {
	struct node *up;
	long value;
};
__attribute__((noinline)) static long chain(int n, struct node *up)
{
	struct node me = {up, n * 7}, *at;
	long sum = 0;

	fuzz_poll();
	if (n > 0)
		sum = chain(n - 1, &me);
	for (at = &me; at; at = at->up)
		sum = sum * 31 + at->value++;
	fuzz_poll();
	return sum + me.value;
}
static long tail_b(long n, long sum, long *p);
__attribute__((noinline)) static long tail_a(long n, long sum, long *p)
{
	{
		long local[2] = {n, sum}, *volatile at = local;

		fuzz_poll();
		sum += at[n & 1];
	}
	if (n <= 0)
		return sum + *p;
	__attribute__((musttail)) return tail_b(n - 1, sum * 31 + *p, p);
}
__attribute__((noinline)) static long tail_b(long n, long sum, long *p)
{
	fuzz_poll();
	*p += sum & 3;
	if (n & 4)
		return tail_a(n - 1, sum ^ n, p);
	__attribute__((musttail)) return tail_a(n - 2, sum + n, p);
}
static sigjmp_buf *volatile signal_jump;
static void on_signal(int number)
{
	hash = hash * 31 + number;
	for (int i = 0; i < number; i++) {
		fuzz_poll_only();
		hash += i;
	}
	if (signal_jump)
		siglongjmp(*signal_jump, number);
}
static float whole_f(float x)
{
	return x - x == 0 ? x : 1.5f;
}
static double whole_d(double x)
{
	return x - x == 0 ? x : 2.5;
}
static long double whole_l(long double x)
{
	return x - x == 0 ? x : 3.5L;
}
"""

# name, C type, how it is hashed, letter in variadic calls
SCALARS = {
    "i8": ("signed char", "(uint64_t)(%s)"), "u8": ("unsigned char", "(uint64_t)(%s)"),
    "i16": ("short", "(uint64_t)(%s)"), "u16": ("unsigned short", "(uint64_t)(%s)"),
    "i32": ("int", "(uint64_t)(%s)"), "u32": ("unsigned", "(uint64_t)(%s)"),
    "i64": ("long", "(uint64_t)(%s)"), "u64": ("unsigned long", "(uint64_t)(%s)"),
    "bool": ("_Bool", "(uint64_t)(%s)"),
    "i128": ("i128", "bits_w(%s)"), "u128": ("u128", "bits_w(%s)"),
    "f32": ("float", "bits_f(%s)"), "f64": ("double", "bits_d(%s)"),
    "f128": ("long double", "bits_l(%s)"),
}
INTEGERS = [name for name in SCALARS if name[0] in "iub"]
NARROW = [name for name in INTEGERS if name not in ("i128", "u128")]
FLOATS = ["f32", "f64", "f128"]
PROMOTED = {"i8": "i32", "u8": "i32", "i16": "i32", "u16": "i32", "bool": "i32", "f32": "f64"}
WHOLE = {"f32": "whole_f", "f64": "whole_d", "f128": "whole_l"}


class Struct:
    def __init__(self, name, random, others):
        self.name = name
        self.fields = []
        self.inner = random.choice(others) if others and random.random() < .4 else None
        for i in range(random.randint(1, 5)):
            kind = random.choice(list(SCALARS))
            bits = array = 0
            if kind in NARROW and kind != "bool" and random.random() < .3:
                bits = random.randint(1, int(kind[1:]))
            elif random.random() < .25:
                array = random.randint(1, 4)
            self.fields.append(("f%d" % i, kind, bits, array))
        self.packed = random.random() < .2

    def text(self):
        lines = ["\tstruct %s in[2];" % self.inner.name] if self.inner else []
        for name, kind, bits, array in self.fields:
            lines.append("\t%s %s%s%s;" % (SCALARS[kind][0], name, " : %d" % bits if bits else "",
                                           "[%d]" % array if array else ""))
        return "struct %s {\n%s\n}%s;" % (self.name, "\n".join(lines),
                                          " __attribute__((packed))" if self.packed else "")

    def scalars(self, base):
        """Every scalar in the structure called base: (lvalue, kind)."""
        if self.inner:
            yield from self.inner.scalars(base + ".in[1]")
        for name, kind, _, array in self.fields:
            if array:
                for i in range(array):
                    yield "%s.%s[%d]" % (base, name, i), kind
            else:
                yield "%s.%s" % (base, name), kind


class Function:
    def __init__(self, name, result, params, variadic=False):
        self.name, self.result, self.params, self.variadic = name, result, params, variadic


class Body:
    """What is in scope while statements are made."""

    def __init__(self, program, function, jumping):
        self.program, self.random = program, program.random
        self.variables = []  # (lvalue, kind): may be written
        self.structs = []    # (lvalue, Struct)
        self.constant = []   # (rvalue, kind): may only be read
        self.arrays = []     # (name, kind, length power of two as text)
        self.volatile = "volatile " if jumping else ""
        self.jumping = jumping
        self.names = 0
        self.loops = 0
        self.function = function
        self.in_vla = 0
        self.no_address = set()  # bit-fields, and fields that are not aligned

    def name(self, prefix):
        self.names += 1
        return "%s%d" % (prefix, self.names)


class Program:
    def __init__(self, seed):
        self.random = random.Random("program %s" % seed)
        self.seed = seed
        self.structs = []
        for i in range(self.random.randint(2, 5)):
            self.structs.append(Struct("S%d" % i, self.random, self.structs))
        self.by_name = {s.name: s for s in self.structs}
        self.globals = []
        self.functions = []
        self.line = 0
        self.labels = 0

    # --- Expressions ------------------------------------------------------

    def type_text(self, kind):
        return SCALARS[kind][0] if kind in SCALARS else "struct " + kind

    def constant(self, kind):
        r = self.random
        if kind in FLOATS:
            suffix = {"f32": "f", "f64": "", "f128": "L"}[kind]
            return r.choice(("0.0", "-0.0", "1.0", "0.1", "-2.5", "1e10", "3e-5",
                             "%.6f" % r.uniform(-100, 100), "1e-40" if kind == "f32" else "1e-300",
                             )) + suffix
        if kind == "bool":
            return r.choice("01")
        if kind in ("i128", "u128"):
            return "((%s)%dl << %d | %dl)" % (SCALARS[kind][0], r.getrandbits(40),
                                              r.randint(0, 80), r.getrandbits(60))
        value = r.choice((r.randint(-3, 9), r.getrandbits(8), r.getrandbits(31), r.getrandbits(62)))
        return "((%s)%dl)" % (SCALARS[kind][0], value)

    def convert(self, text, source, target):
        if source == target:
            return text
        if target in FLOATS:
            if source == "u128" or source == "i128":
                text = "(long)(%s)" % text
            return "%s((%s)(%s))" % (WHOLE[target], SCALARS[target][0], text) \
                if source in FLOATS else "(%s)(%s)" % (SCALARS[target][0], text)
        if source in FLOATS:
            text = "to_long(%s)" % text
        return "(%s)(%s)" % (SCALARS[target][0], text)

    def expression(self, kind, body, size):
        """An expression of the scalar type kind."""
        r = self.random
        if size <= 0:
            return self.leaf(kind, body)
        way = r.random()
        if way < .15:
            return self.leaf(kind, body)
        if way < .25:
            other = r.choice(list(SCALARS))
            return self.convert(self.expression(other, body, size - 1), other, kind)
        if way < .33:
            return "(%s ? %s : %s)" % (self.condition(body, size - 2),
                                       self.expression(kind, body, size - 1),
                                       self.expression(kind, body, size - 2))
        if way < .40:
            return "(fuzz_poll(), %s)" % self.expression(kind, body, size - 1)
        if way < .60:
            return self.call(kind, body, size - 1)
        if way < .66 and body.variables:
            name, own = r.choice(body.variables)
            if own in SCALARS and "[" not in name:
                value = self.expression(own, body, size - 1)
                temporary = body.name("t")
                return "({ %s %s = %s; %s = %s; %s; })" % (
                    SCALARS[own][0], temporary, value, name, temporary,
                    self.convert(temporary, own, kind))
        a, b = (self.expression(kind, body, size - 1), self.expression(kind, body, size - 2))
        if kind in FLOATS:
            return "%s(%s %s %s)" % (WHOLE[kind], a, r.choice("+-*/"), b)
        c_type = SCALARS[kind][0]
        operator = r.choice(("+", "-", "*", "&", "|", "^", "<<", ">>", "/", "%", "<"))
        if operator in ("<<", ">>"):
            return "(%s)((%s)%s %s (int)(%s & 7))" % (
                c_type, "u128" if kind == "i128" and operator == "<<" else c_type, a, operator, b)
        if operator in "/%":
            if kind in ("i128", "u128"):
                return "(%s)divide_w(%s, %s)" % (c_type, a, b)
            return "(%s)%s(%s, %s)" % (c_type, "divide" if operator == "/" else "modulo", a, b)
        return "(%s)(%s %s %s)" % (c_type, a, operator, b)

    def leaf(self, kind, body):
        r = self.random
        same = [(name, own) for name, own in body.variables + body.constant if own == kind]
        if same and r.random() < .7:
            return r.choice(same)[0]
        anything = body.variables + body.constant + self.globals
        if anything and r.random() < .7:
            name, own = r.choice(anything)
            return self.convert(name, own, kind)
        if body.arrays and r.random() < .5:
            name, own, length = r.choice(body.arrays)
            return self.convert("%s[%d %% %s]" % (name, r.randint(0, 50), length), own, kind)
        return self.constant(kind)

    def condition(self, body, size):
        kind = self.random.choice(list(SCALARS))
        return "(%s %s %s)" % (self.expression(kind, body, size - 1),
                               self.random.choice(("<", ">", "==", "!=", "<=", ">=")),
                               self.leaf(kind, body))

    def argument(self, kind, body, size):
        if kind in SCALARS:
            return self.expression(kind, body, size)
        if kind == "pointer":
            lvalues = [name for name, own in body.variables
                       if own == "i64" and name not in body.no_address] + ["g_long"]
            return "&" + self.random.choice(lvalues) if not body.jumping else "&g_long"
        structs = [name for name, own in body.structs if own.name == kind]
        if structs:
            return self.random.choice(structs)
        return "g_" + kind

    def call(self, kind, body, size):
        """A call of anything, its result as kind."""
        r = self.random
        f = r.choice(self.functions)
        if f.variadic:
            return self.convert(self.variadic_call(f, body, size), f.result, kind)
        args = ", ".join(self.argument(p, body, size - 1) for p in f.params)
        if f.result == "i64" and f.params == ["i64", "pointer"] and r.random() < .6:
            text = "table[(unsigned)%s %% TABLE](%s)" % (self.leaf("i32", body), args)
        else:
            text = "%s(%s)" % (f.name, args)
        if f.result in SCALARS:
            return self.convert(text, f.result, kind)
        fields = [(name, own) for name, own in self.by_name[f.result].scalars("")]
        name, own = r.choice(fields)
        return self.convert("%s%s" % (text, name), own, kind)

    def variadic_call(self, f, body, size):
        r = self.random
        letters, args = "", []
        for _ in range(r.randint(0, 9)):
            kind = r.choice(list(SCALARS) + [s.name for s in self.structs])
            if kind in SCALARS:
                args.append("(%s)(%s)" % (
                    SCALARS[kind][0], self.expression(kind, body, min(size - 1, 2))))
                kind = PROMOTED.get(kind, kind)
                letters += self.letter(kind)
            else:
                args.append(self.argument(kind, body, 0))
                letters += self.letter(kind)
        return "%s(%s)" % (f.name, ", ".join(['"%s"' % letters] + args))

    def letter(self, kind):
        kinds = ["i32", "u32", "i64", "u64", "i128", "u128", "f64", "f128"]
        if kind in kinds:
            return "abcdefgh"[kinds.index(kind)]
        return "ABCDEFGH"[int(kind[1:])]

    # --- Statements -------------------------------------------------------

    def note(self, text, kind):
        self.line += 1
        if kind in SCALARS:
            return ["note(%d, %s);" % (self.line, SCALARS[kind][1] % text)]
        return ["note(%d, %s);" % (self.line, SCALARS[own][1] % field)
                for field, own in self.by_name[kind].scalars(text)]

    def block(self, body, count, nested):
        """Statements with declarations of their own."""
        kept = [list(x) for x in (body.variables, body.structs, body.constant, body.arrays)]
        lines = []
        for _ in range(count):
            lines += self.statement(body, nested)
        body.variables, body.structs, body.constant, body.arrays = kept
        return ["\t" + line for line in lines]

    def statement(self, body, nested):
        r = self.random
        simple = [self.declare, self.declare, self.assign, self.assign, self.say, self.declare_struct]
        compound = [self.when, self.loop, self.loop, self.while_loop, self.switch, self.array,
                    self.variable_array, self.heap, self.string, self.jump, self.labels_as_values,
                    self.sort, self.kernel, self.backward_goto, self.fixed, self.fixed,
                    self.signal]
        if nested > 2 or r.random() < .55:
            return r.choice(simple)(body, nested)
        return r.choice(compound)(body, nested + 1)

    def declare(self, body, nested):
        kind = self.random.choice(list(SCALARS))
        name = body.name("v")
        text = "%s%s %s = %s;" % (body.volatile, SCALARS[kind][0], name,
                                  self.expression(kind, body, self.random.randint(0, 4)))
        body.variables.append((name, kind))
        return [text]

    def declare_struct(self, body, nested):
        struct = self.random.choice(self.structs)
        returning = [f for f in self.functions if f.result == struct.name]
        name = body.name("s")
        if returning and self.random.random() < .6:
            f = self.random.choice(returning)
            value = "%s(%s)" % (f.name, ", ".join(self.argument(p, body, 1) for p in f.params))
        else:
            value = self.argument(struct.name, body, 0)
        text = "struct %s %s = %s;" % (struct.name, name, value)
        # Its fields are not volatile: behind a longjmp they may be anything.
        if not body.jumping:
            body.structs.append((name, struct))
            self.add_fields(body, name, struct)
            return [text]
        return ["{"] + ["\t" + text] + ["\t" + t for t in self.note(name, struct.name)] + ["}"]

    def add_fields(self, body, name, struct):
        fields = list(struct.scalars(name))
        body.variables += fields
        body.no_address.update(field for field, _ in fields)

    def assign(self, body, nested):
        r = self.random
        size = r.randint(1, 5)
        if body.arrays and r.random() < .3:
            name, kind, length = r.choice(body.arrays)
            return ["%s[%s %% %s] = %s;" % (name, self.expression("u8", body, 2), length,
                                            self.expression(kind, body, size))]
        if not body.variables or r.random() < .2:
            name, kind = r.choice(self.globals)
        else:
            name, kind = r.choice(body.variables)
        return ["%s = %s;" % (name, self.expression(kind, body, size))]

    def say(self, body, nested):
        anything = body.variables + self.globals
        name, kind = self.random.choice(anything)
        return self.note(name, kind)

    def when(self, body, nested):
        lines = ["if (%s) {" % self.condition(body, 3)]
        lines += self.block(body, self.random.randint(1, 3), nested)
        if self.random.random() < .5:
            lines += ["} else {"] + self.block(body, self.random.randint(1, 3), nested)
        return lines + ["}"]

    def loop(self, body, nested):
        r = self.random
        i = body.name("i")
        kind = r.choice(("i32", "u32", "i64", "u8"))
        bound = r.choice((str(r.randint(2, 12)), "(int)(%s & 15)" % self.leaf("u8", body)))
        lines = ["for (%s%s %s = 0; %s < %s && --fuel > 0; %s++) {" % (
            body.volatile, SCALARS[kind][0], i, i, bound, i)]
        body.constant.append((i, kind))
        inner = self.block(body, r.randint(1, 3), nested)
        if r.random() < .3:
            inner.append("\tif (%s)" % self.condition(body, 2))
            inner.append("\t\t%s;" % r.choice(("break", "continue")))
        inner.append("\tfuzz_poll();")
        body.constant.pop()
        return lines + inner + ["}"]

    def while_loop(self, body, nested):
        i = body.name("w")
        lines = ["{", "\t%sunsigned %s = %d;" % (body.volatile, i, self.random.getrandbits(6)), "",
                 "\tdo {"]
        body.constant.append((i, "u32"))
        lines += ["\t" + t for t in self.block(body, self.random.randint(1, 3), nested)]
        body.constant.pop()
        return lines + ["\t\t%s >>= 1;" % i, "\t} while (%s && --fuel > 0);" % i, "}"]

    def switch(self, body, nested):
        r = self.random
        lines = ["switch (%s %% %d) {" % (self.expression("u32", body, 3), r.randint(3, 40))]
        numbers = r.sample(range(40), r.randint(2, 8))
        for n in numbers:
            lines.append("case %d: {" % n)
            lines += self.block(body, r.randint(1, 2), nested)
            if r.random() < .75:
                lines.append("\tbreak;")
            lines.append("}")
        return lines + ["default: {"] + self.block(body, 1, nested) + ["}", "}"]

    def array(self, body, nested):
        r = self.random
        kind = r.choice(list(SCALARS))
        name, i, length = body.name("a"), body.name("i"), r.choice((3, 8, 17, 64))
        lines = ["%s%s %s[%d];" % (body.volatile, SCALARS[kind][0], name, length),
                 "for (int %s = 0; %s < %d; %s++)" % (i, i, length, i)]
        body.constant.append((i, "i32"))
        lines.append("\t%s[%s] = %s;" % (name, i, self.expression(kind, body, 2)))
        body.constant.pop()
        body.arrays.append((name, kind, str(length)))
        return lines

    def variable_array(self, body, nested):
        r = self.random
        kind = r.choice(list(SCALARS))
        name, n, i = body.name("a"), body.name("n"), body.name("i")
        c_type = SCALARS[kind][0]
        lines = ["const unsigned %s = %s %% 29 + 1;" % (n, self.expression("u8", body, 2))]
        if r.random() < .5:
            lines.append("%s%s %s[%s];" % (body.volatile, c_type, name, n))
        else:
            lines.append("%s%s *%s = __builtin_alloca(%s * sizeof(%s));" % (
                body.volatile, c_type, name, n, c_type))
        lines.append("for (unsigned %s = 0; %s < %s; %s++)" % (i, i, n, i))
        body.constant.append((i, "u32"))
        lines.append("\t%s[%s] = %s;" % (name, i, self.expression(kind, body, 2)))
        body.constant.pop()
        body.arrays.append((name, kind, n))
        body.in_vla += 1
        inner = self.block(body, r.randint(1, 3), nested)
        body.in_vla -= 1
        body.arrays.pop()
        at = "%s[%d %% %s]" % (name, r.randint(0, 40), n)
        return ["{"] + ["\t" + t for t in lines] + inner + \
            ["\t" + t for t in self.note(at, kind)] + ["}"]

    def heap(self, body, nested):
        r = self.random
        kind = r.choice(list(SCALARS))
        name, i, c_type = body.name("h"), body.name("i"), SCALARS[kind][0]
        length = r.choice((1, 5, 16, 200))
        lines = ["{", "\t%s *%s%s = malloc(%d * sizeof(%s));" % (
            c_type, "volatile " if body.jumping else "", name, length, c_type), "",
            "\tfor (int %s = 0; %s < %d; %s++)" % (i, i, length, i)]
        body.constant.append((i, "i32"))
        lines.append("\t\t%s[%s] = %s;" % (name, i, self.expression(kind, body, 2)))
        body.constant.pop()
        body.arrays.append((name, kind, str(length)))
        lines += self.block(body, r.randint(1, 2), nested)
        if r.random() < .5:
            lines.append("\t%s = realloc(%s, %d * sizeof(%s));" % (name, name, length * 3, c_type))
        body.arrays.pop()
        at = "%s[%d]" % (name, r.randrange(length))
        return lines + ["\t" + t for t in self.note(at, kind)] + ["\tfree(%s);" % name, "}"]

    def string(self, body, nested):
        r = self.random
        name, n = body.name("c"), body.name("n")
        format, args = "", []
        for _ in range(r.randint(1, 5)):
            form, kind = r.choice((("%d", "i32"), ("%#lx", "u64"), ("%.17g", "f64"), ("%Lg", "f128"),
                                   ("%hhd", "i8"), ("%e", "f32"), ("%u", "u16"), ("%a", "f64"),
                                   ("%5.3f", "f32"), ("%-8ld", "i64")))
            format += form + r.choice(("", " ", "-", ","))
            args.append("(%s)(%s)" % (SCALARS[kind][0], self.expression(kind, body, 2)))
        return ["{", "\tchar %s[200] = \"\";" % name,
                "\tint %s = snprintf(%s, sizeof %s, \"%s\", %s);" % (
                    n, name, name, format, ", ".join(args)), "",
                "\tnote(%d, %s * 31 + strlen(%s));" % (self.line + 1, n, name),
                "\tfor (int k = 0; %s[k]; k++)" % name,
                "\t\thash = hash * 31 + %s[k];" % name,
                "\tif (lines < 400)", "\t\tputs(%s);" % name, "}"]

    def jump(self, body, nested):
        """setjmp here, longjmp from further in; only where locals are volatile."""
        if not body.jumping:
            return self.assign(body, nested)
        r = self.random
        buffer, count = body.name("j"), body.name("k")
        way = r.random()
        lines = ["{", "\tjmp_buf %s;" % buffer,
                 "\tjmp_buf *volatile saved = jumper;",
                 "\tsigjmp_buf *volatile signals = signal_jump;",
                 "\tvolatile int %s = 0;" % count,
                 "\tvolatile int deep = depth;", "",
                 "\tjumper = &%s;" % buffer]
        if way < .5:
            lines.append("\tif (setjmp(%s) < %d && fuel > 0) {" % (buffer, r.randint(1, 4)))
        elif way < .8:
            lines.append("\tswitch (setjmp(%s)) {" % buffer)
            lines.append("\tcase 0: case %d: {" % r.randint(1, 4))
        else:
            lines.append("\tif (!setjmp(%s)) {" % buffer)
        lines.append("\t\tdepth = deep;")
        lines.append("\t\tsignal_jump = signals;")
        lines.append("\t\tif (++%s > 5)" % count)
        lines.append("\t\t\tgoto out%s;" % buffer)
        lines += ["\t" + t for t in self.block(body, r.randint(1, 3), nested)]
        lines.append("\t\tjump_later(%s & 7, %s);" % (self.leaf("i32", body), count))
        lines.append("\t}" + ("}" if .5 <= way < .8 else ""))
        lines.append("out%s:" % buffer)
        lines.append("\tjumper = saved;")
        lines.append("\tsignal_jump = signals;")
        lines.append("\tdepth = deep;")
        return lines + ["\t" + t for t in self.note(count, "i32")] + ["}"]

    def labels_as_values(self, body, nested):
        if body.in_vla:  # no computed goto leads into its scope
            return self.assign(body, nested)
        r = self.random
        self.labels += 1
        table, steps, n = "l%d" % self.labels, body.name("n"), r.randint(2, 4)
        names = ["L%d_%d" % (self.labels, k) for k in range(n)]
        lines = ["{", "\tstatic const void *const %s[] = { %s };" % (
            table, ", ".join("&&" + name for name in names)),
            "\t%sunsigned %s = %d;" % (body.volatile, steps, r.randint(1, 9)), "",
            "\tgoto *%s[%s %% %d];" % (table, self.leaf("u32", body), n)]
        body.constant.append((steps, "u32"))
        for name in names:
            lines += ["%s: {" % name] + self.block(body, 1, 3) + ["}"]
            lines += ["\tif (%s && --fuel > 0)" % steps,
                      "\t\tgoto *%s[(%s-- + %s) %% %d];" % (table, steps, self.leaf("u8", body), n)]
        body.constant.pop()
        return lines + ["}"]

    def backward_goto(self, body, nested):
        self.labels += 1
        label, left = "B%d" % self.labels, body.name("n")
        lines = ["{", "\t%sint %s = %d;" % (body.volatile, left, self.random.randint(1, 6)),
                 "%s:;" % label]
        lines += self.block(body, self.random.randint(1, 2), nested)
        return lines + ["\tif (%s-- > 0 && --fuel > 0)" % left, "\t\tgoto %s;" % label, "}"]

    def sort(self, body, nested):
        r = self.random
        kind = r.choice(("i16", "u32", "i64", "f64"))
        name, i, n = body.name("a"), body.name("i"), r.randint(2, 30)
        return ["{", "\t%s %s[%d];" % (SCALARS[kind][0], name, n), "",
                "\tfor (int %s = 0; %s < %d; %s++)" % (i, i, n, i),
                "\t\t%s[%s] = (%s)(%s + %s * 7919 %% 101);" % (
                    name, i, SCALARS[kind][0], self.leaf("u8", body), i),
                "\tqsort(%s, %d, sizeof *%s, compare_%s);" % (name, n, name, kind),
                "\tfor (int %s = 0; %s < %d; %s++)" % (i, i, n, i),
                "\t\thash = hash * 31 + %s;" % (SCALARS[kind][1] % ("%s[%s]" % (name, i))),
                "\tnote(%d, hash);" % self.line, "}"]

    def fixed(self, body, nested):
        """A call of one of the prelude's functions."""
        r, name = self.random, body.name("y")
        leaf = lambda kind: self.leaf(kind, body)
        way = r.randrange(6)
        if way == 0:
            lines = ["int4 %s = twist((int4){%s, %s, 3, %s}, (byte8){%s, 1, %s}, %s & 15);" % (
                name, leaf("i32"), leaf("i32"), leaf("i32"), leaf("u8"), leaf("u8"), leaf("i32"))]
            parts = [("%s[%d]" % (name, i), "i32") for i in range(4)]
        elif way == 1:
            lines = ["float8 %s = blend((float8){%s, %s, 3}, (float8){%s, 1, %s}, %s);" % (
                (name,) + tuple(leaf("f32") for _ in range(5)))]
            parts = [("%s[%d]" % (name, i), "f32") for i in (0, 1, 4, 7)]
        elif way == 2:
            lines = ["double _Complex %s = turn(%s & 255, %s & 63);" % (
                name, leaf("i32"), leaf("i16"))]
            parts = [("__real__ " + name, "f64"), ("__imag__ " + name, "f64")]
        elif way == 3:
            lines = ["odd99 %s = odd(%s, %s);" % (name, leaf("u64"), leaf("i64"))]
            parts = [("(i128)" + name, "i128")]
        elif way == 4:
            lines = ["long %s = chain(%s & 7, 0);" % (name, leaf("i32"))]
            parts = [(name, "i64")]
        else:
            lines = ["long %s = tail_a(%s & 15, %s, &g_long);" % (name, leaf("i32"), leaf("i64"))]
            parts = [(name, "i64")]
        lines.append("fuzz_poll();")
        for text, kind in parts:
            lines += self.note(text, kind)
        return ["{"] + ["\t" + line for line in lines] + ["}"]

    def signal(self, body, nested):
        if not body.jumping or self.random.random() < .3:
            return ["fuel -= 20;", "raise(%s);" % self.random.choice(("SIGUSR1", "SIGUSR2"))]
        buffer = body.name("j")
        inner = self.block(body, self.random.randint(0, 2), nested)
        return ["{", "\tsigjmp_buf %s;" % buffer,
                "\tsigjmp_buf *volatile signals = signal_jump;",
                "\tjmp_buf *volatile saved = jumper;", "\tvolatile int deep = depth;", "",
                "\tif (!sigsetjmp(%s, 1)) {" % buffer,
                "\t\tsignal_jump = &%s;" % buffer] + ["\t" + line for line in inner] + [
                    "\t\traise(SIGUSR%d);" % self.random.randint(1, 2), "\t}",
                    "\tsignal_jump = signals;", "\tjumper = saved;", "\tdepth = deep;",
                    "\tfuel -= 20;", "}"]

    def kernel(self, body, nested):
        """A long loop without calls: vectorised, polling between chunks."""
        r = self.random
        kind = r.choice(list(SCALARS))
        n = r.choice((100, 4096, 4097, 9000))
        a, s = "k_" + kind, body.name("x")
        c_type = SCALARS[kind][0]
        if kind in FLOATS:
            value = r.choice(("%s[i] * %s + i", "%s[i] + %s", "%s[i] - %s * i"))
        else:
            value = r.choice(("%s[i] * %s + i", "%s[i] ^ %s", "%s[i] + (%s >> 3) * i"))
        value %= (a, r.choice((s, self.constant(kind))))
        value = value.replace(">> 3", "/ 3") if kind in FLOATS else value
        start, step = r.choice(((0, 1), (1, 1), (0, 3), (5, 2)))
        lines = ["{", "\t%s %s = %s;" % (c_type, s, self.leaf(kind, body)), ""]
        bound = r.choice((str(n), "(int)k_length"))
        lines.append("\tfor (int i = %d; i < %s; i += %d)" % (start, bound, step))
        if r.random() < .6:
            lines.append("\t\t%s[i] = (%s)(%s);" % (a, c_type, value))
            if r.random() < .5:
                lines.append("\tfor (int i = 0; i < %d; i++)" % n)
                lines.append("\t\t%s += %s[i];" % (s, a))
        else:
            lines.append("\t\t%s %s %s[i];" % (s, r.choice(("+=", "-=") if kind in FLOATS + ["bool"]
                                                           else ("+=", "-=", "^=", "*=")), a))
        lines.append("\tfuel -= 30;")
        lines += ["\t" + t for t in self.note(s, kind)]
        lines += ["\t" + t for t in self.note("%s[%d]" % (a, r.randrange(9000)), kind)]
        return lines + ["}"]

    # --- Functions --------------------------------------------------------

    def prototype(self, f):
        params = []
        for number, kind in enumerate(f.params):
            if kind == "pointer":
                params.append("long *p%d" % number)
            else:
                params.append("%s p%d" % (self.type_text(kind), number))
        return "static %s%s %s(%s)" % (
            "__attribute__((noinline)) " if hash_of(f.name, self.seed) % 3 else "",
            self.type_text(f.result), f.name, ", ".join(params) or "void")

    def function(self, f):
        r = self.random
        jumping = r.random() < .3
        body = Body(self, f, jumping)
        lines = [self.prototype(f), "{"]
        for number, kind in enumerate(f.params):
            name = "p%d" % number
            if kind == "pointer":
                (body.constant if jumping else body.variables).append(("(*%s)" % name, "i64"))
            elif kind in SCALARS:
                (body.constant if jumping else body.variables).append((name, kind))
            else:
                if not jumping:
                    body.structs.append((name, self.by_name[kind]))
                    self.add_fields(body, name, self.by_name[kind])
                else:
                    body.constant += self.by_name[kind].scalars(name)
        if jumping:
            body.constant = [(n, k) for n, k in body.constant]
        if f.result in SCALARS:
            early = self.constant(f.result)
        else:
            early = "g_" + f.result
        lines += ["\tif (depth > 7 || (fuel -= 5) <= 0)", "\t\treturn %s;" % early, "\tdepth++;"]
        lines += self.block_flat(body, r.randint(3, 9))
        if f.result in SCALARS:
            c_type, value = SCALARS[f.result][0], self.expression(f.result, body, 4)
            if r.random() < .25:
                lines += ["\tdepth--;", "\treturn %s;" % value]
            else:
                lines += ["\t%s result = %s;" % (c_type, value), "\tdepth--;", "\treturn result;"]
        else:
            value = self.argument(f.result, body, 0)
            lines += ["\tdepth--;", "\treturn %s;" % value]
        return "\n".join(lines + ["}", ""])

    def block_flat(self, body, count):
        lines = []
        for _ in range(count):
            lines += self.statement(body, 0)
        return ["\t" + line for line in lines]

    def variadic(self, f, style):
        """Folds its arguments as the letters of its first say."""
        cases = []
        for kind in ("i32", "u32", "i64", "u64", "i128", "u128", "f64", "f128"):
            cases.append("\t\tcase '%s':\n\t\t\tsum = sum * 31 + %s;\n\t\t\tbreak;" % (
                self.letter(kind), SCALARS[kind][1] % ("va_arg(list, %s)" % SCALARS[kind][0])))
        for struct in self.structs:
            fields = " ".join("sum = sum * 31 + %s;" % (SCALARS[kind][1] % name)
                              for name, kind in struct.scalars("s"))
            cases.append("\t\tcase '%s': {\n\t\t\tstruct %s s = va_arg(list, struct %s);\n\n"
                         "\t\t\t%s\n\t\t\tbreak;\n\t\t}" % (
                             self.letter(struct.name), struct.name, struct.name, fields))
        walk = """
static uint64_t walk_%(name)s(const char *letters, va_list list)
{
	uint64_t sum = 7;

	for (; *letters; letters++) {
		switch (*letters) {
%(cases)s
		}
%(poll)s
	}
	return sum;
}
static %(noinline)s%(type)s %(name)s(const char *letters, ...)
{
	va_list list, again;
	uint64_t sum;

	va_start(list, letters);
	va_copy(again, list);
	sum = walk_%(name)s(letters, list);
	fuzz_poll();
	sum = sum * 31 + walk_%(name)s(letters, again);
	va_end(again);
	va_end(list);
	note(0, sum);
	return (%(type)s)%(result)s;
}
""" % {"name": f.name, "cases": "\n".join(cases), "type": SCALARS[f.result][0],
            "poll": "\t\tfuzz_poll();" if style & 1 else "",
            "noinline": "__attribute__((noinline)) " if style & 2 else "",
            "result": "(sum & 0xffff)"}
        return walk

    def text(self):
        r = self.random
        out = ["#define FUEL %d" % r.choice((300, 1000, 3000)), PRELUDE]
        out += [s.text() for s in self.structs]
        for s in self.structs:
            out.append("static struct %s g_%s;" % (s.name, s.name))
            self.globals += list(s.scalars("g_" + s.name))
        for number in range(r.randint(3, 8)):
            kind = r.choice(list(SCALARS))
            storage = r.choice(("static ", "static ", "static volatile ", "static _Thread_local "))
            if kind in ("i128", "u128") and "volatile" in storage:
                storage = "static "
            out.append("%s%s g%d = %s;" % (storage, SCALARS[kind][0], number, r.randint(0, 99)))
            self.globals.append(("g%d" % number, kind))
        out.append("static long g_long = 5;")
        out.append("static jmp_buf *jumper;")
        out.append("static volatile unsigned k_length = %d;" % r.choice((50, 4095, 8999)))
        for kind in SCALARS:
            out.append("static %s k_%s[9000];" % (SCALARS[kind][0], kind))
        out.append("""
__attribute__((noinline)) static void jump_later(int steps, int value)
{
	fuzz_poll();
	if (steps > 0)
		jump_later(steps - 1, value);
	else if (value & 1 && jumper)
		longjmp(*jumper, value);
	note(1, steps);
}
""")
        for kind in ("i16", "u32", "i64", "f64"):
            out.append("""static int compare_%s(const void *a, const void *b)
{
	%s x = *(const %s *)a, y = *(const %s *)b;

	fuzz_poll();
	return (x > y) - (x < y);
}
""" % ((kind,) + (SCALARS[kind][0],) * 3))
        for number in range(r.randint(3, 6)):
            kinds = list(SCALARS) + [s.name for s in self.structs]
            if r.random() < .3:
                f = Function("f%d" % number, "i64", ["i64", "pointer"])
            else:
                f = Function("f%d" % number, r.choice(kinds),
                             [r.choice(kinds + ["pointer"]) for _ in range(r.randint(0, 9))])
            self.functions.append(f)
        plain = list(self.functions)
        called = [f for f in plain if f.params == ["i64", "pointer"] and f.result == "i64"]
        if not called:
            called = [Function("f%d" % len(plain), "i64", ["i64", "pointer"])]
            plain += called
            self.functions += called
        variadics = [Function("va%d" % n, r.choice(NARROW), [], True) for n in range(2)]
        out += [self.prototype(f) + ";" for f in plain]
        out.append("#define TABLE %d" % len(called))
        out.append("static long (*table[])(long, long *) = { %s };" % ", ".join(
            f.name for f in called))
        out += [self.variadic(f, r.getrandbits(2)) for f in variadics]
        self.functions += variadics
        out += [self.function(f) for f in plain]
        relays = r.choice((0, 0, 1, 2))
        if relays:
            out.append(relay.PRELUDE)
            out += [relay.relay(r, n) for n in range(relays)]
        body = Body(self, None, r.random() < .3)
        out += ["int main(void)", "{"]
        out += ["\tsignal(SIGUSR1, on_signal);", "\tsignal(SIGUSR2, on_signal);"]
        out += self.block_flat(body, r.randint(3, 6))
        out += ["\tfor (int round = 0; round < %d; round++) {" % r.randint(1, 4)]
        out += ["\t\tfuel = FUEL;"]
        out += ["\t\trelay_%d();" % n for n in range(relays)]
        for f in plain:
            args = ", ".join(self.argument(p, body, 1) for p in f.params)
            out.append("\t\tdepth = 0;")
            if f.result in SCALARS:
                out += ["\t\t" + t for t in self.note("%s(%s)" % (f.name, args), f.result)]
            else:
                out.append("\t\tg_%s = %s(%s);" % (f.result, f.name, args))
                out += ["\t\t" + t for t in self.note("g_" + f.result, f.result)]
        out += ["\t}"]
        for name, kind in self.globals:
            out += ["\t" + t for t in self.note(name, kind)]
        out += ["\tprintf(\"%llx\\n\", (unsigned long long)hash);", "\treturn hash & 63;", "}", ""]
        return "\n".join(out)


def hash_of(name, seed):
    return random.Random("%s %s" % (name, seed)).getrandbits(16)


def program(seed):
    return Program(seed).text()


if __name__ == "__main__":
    import sys
    print(program(int(sys.argv[1])), end="")
