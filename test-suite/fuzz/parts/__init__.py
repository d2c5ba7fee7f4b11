"""Parts of random programs: functions about one matter each, from a template.

A module NAME here has
  PRELUDE             C text for the beginning of the program, once
  make(random, n)     C text that defines `static uint64_t NAME_body_N(int n)`
  COST                how much fuel a call burns
  THREADS             whether it starts threads: then only main() calls it

A part may call any(n), some function of the program, which may jump out of the
part altogether: whatever is global and belongs to an activation is put back
after any() returns, and nothing global is left half done when it is called.
"""

from string import Template

from parts import (
    atomics, callbacks, fields, frames, jumps, labels, lists, relay, signals, values)

PARTS = [atomics, callbacks, fields, frames, jumps, labels, lists, relay, signals, values]

PRELUDE = r"""
/* Some function of the program, as the caller's own. */
__attribute__((noinline)) static long any(long n)
{
	long local = n;

	fuzz_poll();
	if (depth > 6 || fuel <= 0)
		return n * 3;
	return table[(unsigned long)n % TABLE](n, &local) ^ local;
}
"""

WRAPPER = Template(r"""
__attribute__((noinline)) static uint64_t $name(int n)
{
	uint64_t result;

	if (depth > 6 || (fuel -= $cost) <= 0)
		return (uint64_t)n;
	depth++;
	result = $body(n);
	depth--;
	return result;
}
""")


class Part:
    """One function of a part's: its name, its text."""

    def __init__(self, module, random, number):
        kind = module.__name__.rpartition(".")[2]
        self.module = module
        self.threads = getattr(module, "THREADS", False)
        self.name = "%s_%d" % (kind, number)
        self.text = module.make(random, number) + WRAPPER.substitute(
            name=self.name, cost=module.COST, body="%s_body_%d" % (kind, number))


def parts(random):
    """Some parts, and what stands before their text."""
    made = []
    for module in sorted(random.sample(PARTS, random.randint(2, 4)), key=lambda m: m.__name__):
        made += [Part(module, random, number) for number in range(random.choice((1, 1, 2)))]
    preludes = {part.module.__name__: part.module.PRELUDE for part in made}
    return made, PRELUDE + "".join(preludes[name] for name in sorted(preludes))
