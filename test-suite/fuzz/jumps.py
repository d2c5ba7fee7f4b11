"""Statements that jump out of functions and out of signal handlers.

Only where the function's locals are volatile: behind a longjmp others may be
anything.  What is global and belongs to an activation, such as `depth`, is put
back where a jump lands.
"""


class Jumps:
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
