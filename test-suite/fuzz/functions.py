"""Definitions of functions."""

import random

from kinds import SCALARS, Body


class Functions:
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


def hash_of(name, seed):
    return random.Random("%s %s" % (name, seed)).getrandbits(16)
