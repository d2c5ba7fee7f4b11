"""Statements that make and use objects: arrays of every storage, strings, kernels."""

from kinds import FLOATS, SCALARS


class Objects:
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
