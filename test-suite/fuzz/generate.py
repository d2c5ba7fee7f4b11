"""Random C programs of what csmith leaves out.

Bodies are of expressions, declarations, loops, switches, gotos and labels as
values, variable-length arrays and alloca, setjmp and longjmp, signals, strings
and malloc, calls of each other with structures by value, of variadic functions
and through tables; floating point of three sizes, __int128, vectors, complex
numbers, _BitInt, guaranteed tail calls.  In between they call parts (parts/):
what needs a plan of its own, such as threads, timers, lists of arguments.

program(seed) gives the text; the same seed gives the same text.  A program has
no undefined behaviour under -fwrapv, ends soon (each function burns `fuel`),
and prints a line for each of its first values and a hash of all.  NaNs are
hidden, for machines do not agree on their sign.
"""

import random

from expressions import Expressions
from functions import Functions
from jumps import Jumps
from kinds import NARROW, SCALARS, Body, Function, Struct
from objects import Objects
from parts import parts
from prelude import PRELUDE
from statements import Statements


class Program(Expressions, Statements, Objects, Jumps, Functions):
    def __init__(self, seed):
        self.random = random.Random("program %s" % seed)
        self.seed = seed
        self.structs = []
        for i in range(self.random.randint(2, 5)):
            self.structs.append(Struct("S%d" % i, self.random, self.structs))
        self.by_name = {s.name: s for s in self.structs}
        self.globals = []
        self.functions = []
        self.parts = []
        self.line = 0
        self.labels = 0

    def text(self):
        r = self.random
        out = ["#define _GNU_SOURCE", "#define FUEL %d" % r.choice((300, 1000, 3000)), PRELUDE]
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
        self.parts, text = parts(r)
        out += [text] + [part.text for part in self.parts]
        self.functions += variadics
        out += [self.function(f) for f in plain]
        body = Body(self, None, r.random() < .3)
        out += ["int main(void)", "{"]
        out += ["\tsignal(SIGUSR1, on_signal);", "\tsignal(SIGUSR2, on_signal);"]
        out += self.block_flat(body, r.randint(3, 6))
        out += ["\tfor (int round = 0; round < %d; round++) {" % r.randint(1, 4)]
        out += ["\t\tfuel = FUEL;"]
        for part in self.parts:
            out.append("\t\tdepth = 0;")
            out += ["\t\t" + t for t in self.note("%s(round + %d)" % (
                part.name, r.getrandbits(7)), "u64")]
        out.append("\t\tfuel = FUEL;")
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


def program(seed):
    return Program(seed).text()


if __name__ == "__main__":
    import sys
    print(program(int(sys.argv[1])), end="")
