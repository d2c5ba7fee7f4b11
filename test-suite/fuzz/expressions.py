"""Expressions of every scalar type, arguments and calls."""

from kinds import FLOATS, PROMOTED, SCALARS, WHOLE


class Expressions:
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
        calm = [part for part in self.parts if not part.threads]
        if calm and r.random() < .1:
            return self.convert("%s(%s)" % (r.choice(calm).name, self.leaf("i32", body)),
                                "u64", kind)
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
