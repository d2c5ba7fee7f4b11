#!/usr/bin/env python3
"""documented-macros.py DOCUMENT - is the table of docs/PORTABLE-MACHINE.md right?

Reads the section "Macros" and asks the compilers: what the table names is
defined; what is called not defined is not; beside what is ours alone the program
sees the macros that plain clang defines on all ISAs, and no others.  Says what
differs, a line each.
"""

import fnmatch
import re
import subprocess
import sys

# Of inline assembly, which the portable machine has none of.
OF_ASSEMBLY = {"__GCC_ASM_FLAG_OUTPUTS__"}


def defined(*compiler):
    """Names and values, with and without optimisation."""
    macros = {}
    for level in ("-O0", "-O2"):
        output = subprocess.check_output(
            [*compiler, level, "-dM", "-E", "-"], stdin=subprocess.DEVNULL,
            universal_newlines=True)
        macros.update(re.findall(r"^#define (\w+) ?(.*)", output, re.M))
    return macros


def spans(text):
    """What stands in `code`, split into words."""
    return [word for span in re.findall(r"`([^`]+)`", text.replace("\n", " "))
            for word in span.split() if word != "..."]


def patterns(words):
    """`NAME_1, _2, _4` stands for NAME_1, NAME_2, NAME_4."""
    first = ""
    for word in words:
        name = word.rstrip(",")
        if re.fullmatch(r"_\d+", name):
            yield first[:first.rindex("_")] + name
            continue
        first = name
        # Not a macro: <endian.h>.
        if re.fullmatch(r"[\w*]+", name):
            yield name


def read(path):
    """Patterns of what is defined, of ours alone, of what is not."""
    with open(path, encoding="utf-8") as file:
        section = re.search(r"^## Macros\n(.*?)^## ", file.read(), re.M | re.S)[1]
    rows = dict(re.findall(r"^\| ([^|]+?) \| (.+) \|$", section, re.M))
    ours = rows.pop("ours alone")
    names = [name for row in rows.values() for name in patterns(spans(row))]
    absent = re.search(r"^Not defined: (.*?)\. `popcorn-clang", section, re.M | re.S)[1]
    return names, list(patterns(spans(ours))), list(patterns(spans(absent)))


def matching(pattern, macros):
    return set(fnmatch.filter(macros, pattern))


def main(path):
    there, ours_alone, absent = read(path)
    ours = defined("popcorn-clang")
    plain = [defined("clang", "--target=%s-linux-musl" % isa, "-fno-pic")
             for isa in ("x86_64", "aarch64")]
    common = set(plain[0]) & set(plain[1])
    if len(there) < 25 or not ours_alone or len(absent) < 7:
        print("the document is not as this test reads it: %s %s %s" % (there, ours_alone, absent))
        return 1
    wrong = []
    for pattern in there:
        found = matching(pattern, ours)
        if not found:
            wrong.append("%s: documented, not defined" % pattern)
        wrong += ["%s: documented as on all ISAs, but plain clang has it not" % name
                  for name in sorted(found - common)]
    for pattern in ours_alone:
        if not matching(pattern, ours) or matching(pattern, common):
            wrong.append("%s: documented as ours alone" % pattern)
    for pattern in absent:
        wrong += ["%s: documented as not defined, but it is" % name
                  for name in sorted(matching(pattern, ours))]
    alone = set(ours) - common
    for pattern in ours_alone:
        alone -= matching(pattern, ours)
    wrong += ["%s: defined, not documented" % name for name in sorted(alone)]
    missing = common - set(ours) - OF_ASSEMBLY
    for pattern in absent:
        missing -= matching(pattern, common)
    wrong += ["%s: plain clang has it on all ISAs, here it is neither defined nor documented" %
              name for name in sorted(missing)]
    # The data model says so of their values.
    values = {"__SIZEOF_LONG__": "8", "__SIZEOF_POINTER__": "8", "__SIZEOF_INT128__": "16",
              "__LDBL_MANT_DIG__": "113", "__WCHAR_TYPE__": "int", "__SCHAR_MAX__": "127",
              "__BITINT_MAXWIDTH__": "128", "__BIGGEST_ALIGNMENT__": "16",
              "__BYTE_ORDER__": "__ORDER_LITTLE_ENDIAN__", "__CHAR_UNSIGNED__": None}
    wrong += ["%s is %s, not %s" % (name, ours.get(name), value)
              for name, value in values.items() if ours.get(name) != value]
    print("\n".join(wrong) if wrong else "as documented")
    return bool(wrong)


sys.exit(main(sys.argv[1]))
