"""Statements: declarations, assignments, loops, switches, labels."""

from kinds import SCALARS


class Statements:
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
