"""Types, functions' types, and what is in scope while a body is made."""

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
    def __init__(self, name, random, others, gaps=False):
        self.name = name
        self.gaps = []  # number of a field, bits left out behind it
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
            if gaps and random.random() < .25:
                self.gaps.append((i, random.choice((0, 1, 3, 11, 32))))
        self.packed = random.random() < .2

    def text(self):
        lines = ["\tstruct %s in[2];" % self.inner.name] if self.inner else []
        for i, (name, kind, bits, array) in enumerate(self.fields):
            lines.append("\t%s %s%s%s;" % (SCALARS[kind][0], name, " : %d" % bits if bits else "",
                                           "[%d]" % array if array else ""))
            lines += ["\tint : %d;" % gap for at, gap in self.gaps if at == i]
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
