"""Random C programs, moved about, against plain clang.

A program that plain clang makes wait, or of which plain clang itself has two
opinions, is discarded.  A failing one stays in BUILD/fuzz/failures as a file
the test-suite can run.  Exit status 0 if nothing failed.
"""

import argparse
import collections
import contextlib
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import time

FUZZ = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(FUZZ), "lib"), FUZZ]
import generate
import nodes
from program import EMULATOR, Failure, NoEnd, Program

MODES = ["native", "verify", "self", "density", "qemu", "qemu-self", "cross", "hop"]
CSMITH = "/usr/include/csmith"
PLAIN_SECONDS = 2
SECONDS = 20
EXTRA_FLAGS = [[]] * 6 + [["-g"], ["-g"], ["-fno-inline"], ["-ftrivial-auto-var-init=pattern"],
                          ["-funroll-loops"], ["-fno-omit-frame-pointer", "-fno-optimize-sibling-calls"],
                          ["-ffunction-sections", "-fdata-sections", "-fPIC"], ["-fcommon"]]
REPLACEMENT = 1000000  # this much further is the seed of a discarded one's
NO_POLL = "no poll"  # for a move between nodes
COMPILING = "compiling failed"  # as Program says
PATIENCE = 8  # with the most frequent of migrations
REFERENCE_LEVEL = "O2"  # of the plain program, whatever ours is


class Discard(Exception):
    pass


class RandomProgram(Program):
    """Run in modes of its own, with its own patience."""

    moved = 0  # between nodes, in all runs

    def expected(self, where, _=None):
        try:
            self.seconds = PLAIN_SECONDS
            return super().expected(where, REFERENCE_LEVEL)
        except Failure as failure:
            if COMPILING in str(failure):  # the generator's mistake
                raise
            raise Discard(str(failure))
        finally:
            self.seconds = SECONDS

    def run(self, level, mode, where):
        """Returns how far it came, if that is not the whole of what was meant."""
        expected = self.expected(where)
        generator = random.Random(self.source[-12:] + mode)
        if mode in ("cross", "hop"):
            run = self.run_roaming if mode == "cross" else self.run_hopping
            return run(nodes.as_shell(expected), self.popcorn(where, level), generator)
        if mode in ("self", "qemu-self"):
            return self.run_often(expected, mode, level, where)
        if mode == "density":
            command = [self.popcorn(where, level)]
            got = self.execute(command, where, POPCORN_CHECK="1",
                               POPCORN_SELF=str(round(2 ** generator.uniform(1, 10))),
                               POPCORN_SELF_SEED=str(generator.getrandbits(31)))
            self.compare(expected, got, mode, command)
            return None
        return super().run(level, mode, where)

    def run_often(self, expected, mode, level, where):
        """At every poll; more rarely if that has no end in time."""
        command = [self.popcorn(where, level)]
        if mode == "qemu-self":
            command = EMULATOR["aarch64"] + [self.thin(where, level, "aarch64")]
        most = "7" if mode == "qemu-self" else "1"
        for every, seconds in (most, PATIENCE), ("97", PATIENCE), ("1009", SECONDS):
            try:
                self.seconds = seconds
                got = self.execute(command, where, POPCORN_SELF=every, POPCORN_CHECK="1")
            except NoEnd:
                if every == "1009":
                    raise
                continue
            finally:
                self.seconds = SECONDS
            self.compare(expected, got, mode, command)
            return None if every == most else "at each %sth poll" % every

    def run_roaming(self, expected, app, generator):
        """Moved at random polls; if it ends before that, at earlier ones."""
        every = 2 ** generator.uniform(0, 12)
        seed = str(generator.getrandbits(31))
        while True:
            events = self.run_traced(expected, app, "cross", [], POPCORN_SELF_SEED=seed,
                                     POPCORN_ROAM=str(round(every)))
            if "event=move " in events:
                return None
            if every < 1.5:
                return NO_POLL
            every /= 8 if every > 12 else every

    def run_hopping(self, expected, app, generator):
        hops = ["--hop", "20:0-3:%d" % generator.getrandbits(31)]
        events = self.run_traced(expected, app, "hop", hops, POPCORN_SELF="7")
        return None if "event=move " in events else "too short"

    def run_traced(self, expected, app, mode, options, **environment):
        trace = app + ".trace"
        run = [self.tool("popcorn-run"), *nodes.NODES, "--quiet", *options, "--trace", trace, app]
        got = self.execute(run, os.path.dirname(app), **environment)
        self.compare(expected, got, mode, run)
        with open(trace) as file:
            events = file.read()
        failed = [line for line in events.splitlines()
                  if "event=failed" in line and "the program ended" not in line]
        if failed:
            raise Failure("a move failed:\n$ %s\n%s" % (" ".join(run), "\n".join(failed)))
        self.moved += events.count("event=move ")
        return events

    def run_decided(self, level, mode, where):
        """run(), but a failure is one only if plain clang agrees with itself."""
        try:
            return self.run(level, mode, where)
        except Failure:
            if self.undecided(where):
                raise Discard(self.source)
            raise

    def undecided(self, where):
        """Does plain clang say several things of this program?"""
        answers = {self.expected(where)}
        environment = dict(os.environ, PLAIN_MUSL=os.path.join(self.build, "plain"))
        for isa, other in ("x86_64", "-O0"), ("aarch64", "-O0"), ("aarch64", "-O2"):
            if self.reference != "x86_64" and isa == "x86_64":
                continue
            plain = os.path.join(where, "plain.%s%s" % (isa, other))
            made = subprocess.run([os.path.join(self.lib, "plain-clang"), isa, other, "-DPLAIN",
                                   *self.cflags, "-o", plain, self.source],
                                  env=environment, stderr=subprocess.DEVNULL)
            if made.returncode:  # a builtin of one ISA
                return True
            try:
                answers.add(self.execute(EMULATOR[isa] + [plain], where))
            except Failure:  # ends or not, as the optimiser likes
                return True
        return len(answers) > 1


def header(text, level, flags, reference):
    return "/*\n * %s\n *\n * LEVELS: %s\n * CFLAGS: %s\n * REFERENCE: %s\n */\n" % (
        text, level, shlex.join(flags), reference)


def csmith(seed, level, path):
    """A program of csmith's, with polls before its arithmetic."""
    generator = random.Random("csmith %d" % seed)
    options = ["--seed", str(seed), "--quiet", "--max-funcs", str(generator.randint(3, 9)),
               "--max-block-depth", str(generator.randint(2, 4)),
               "--max-expr-complexity", str(generator.randint(4, 10))]
    for option, chance in (("float", .3), ("longlong", .9), ("builtins", .3),
                           ("packed-struct", .6), ("bitfields", .7), ("volatiles", .7),
                           ("jumps", .9), ("unions", .8), ("inline-function", .5)):
        options.append(("--" if generator.random() < chance else "--no-") + option)
    options += ["--disable-builtin-kinds", "x86"]
    polls = generator.choice((0, 1, 2, 2))
    try:
        made = subprocess.run(["csmith", *options], stdout=subprocess.PIPE, timeout=60)
    except subprocess.TimeoutExpired:
        raise Discard("csmith does not end")
    if made.returncode or not made.stdout:
        raise Discard("csmith gave up")
    text = made.stdout.decode()
    names = sorted(set(re.findall(r"\bsafe_\w+(?=\()", text)))
    polling = ['#include "fuzz.h"'] + [
        "#define %s(...) (fuzz_poll(), (%s)(__VA_ARGS__))" % (name, name) for name in names]
    text = text.replace('#include "csmith.h"\n',
                        '#include "csmith.h"\n' + "\n".join(polling) + "\n", 1)
    flags = ["-w", "-I" + CSMITH, "-I" + FUZZ, "-DPOLLS=%d" % polls]
    flags += generator.choice(EXTRA_FLAGS)
    with open(path, "w") as file:
        file.write(header("csmith " + " ".join(options), level, flags, "x86_64") + text)


def own(seed, level, path):
    generator = random.Random("own %d" % seed)
    flags = ["-w", "-fwrapv", "-I" + FUZZ, "-DPOLLS=%d" % generator.choice((0, 1, 2, 2))]
    flags += generator.choice(EXTRA_FLAGS)
    with open(path, "w") as file:
        file.write(header("own %d" % seed, level, flags, "aarch64") + generate.program(seed))


KINDS = {"csmith": csmith, "own": own}


def level_of(seed):
    return "O%d" % (seed % 4)


class SeedRange:
    """A file KIND.campaign: seeds that are part of the tests, a test each, named
    seed-N.  Its lines:
      SEEDS: FIRST-LAST
      MODES: of MODES above
    """

    def __init__(self, source, build):
        self.build = build
        self.kind = os.path.splitext(os.path.basename(source))[0]
        with open(source, encoding="utf-8") as file:
            text = file.read()
        first, last = re.search(r"^SEEDS: (\d+)-(\d+)$", text, re.M).groups()
        self.seeds = range(int(first), int(last) + 1)
        self.modes = re.search(r"^MODES: (.*)$", text, re.M).group(1).split()

    def cases(self):
        return [("seed", str(seed)) for seed in self.seeds]

    def run(self, _, seed, where):
        """If plain clang has no opinion of the program, or no mode can move it,
        another one in its place."""
        where = os.path.join(where, seed)
        os.makedirs(where, exist_ok=True)
        for number in range(int(seed), int(seed) + 5 * REPLACEMENT, REPLACEMENT):
            level = level_of(number)
            source = os.path.join(where, "%s-%d.c" % (self.kind, number))
            try:
                KINDS[self.kind](number, level, source)
                program = RandomProgram(source, self.build)
                program.expected(where)
                for mode in self.modes:
                    if program.run_decided(level, mode, where) == NO_POLL:
                        raise Discard(source)
                shutil.rmtree(where)
                return
            except Discard:
                pass
        raise Failure("five programs of which plain clang has no opinion, or that have no poll; "
                      "the last is " + source)


class Campaign:
    def __init__(self, options):
        self.options = options
        self.build = os.path.abspath(options.build)
        self.root = os.path.join(self.build, "fuzz")
        self.failures = os.path.join(self.root, "failures")
        os.makedirs(self.failures, exist_ok=True)
        self.count = collections.Counter()
        self.failed = []

    def one(self, kind, seed):
        name = "%s-%d" % (kind, seed)
        level = self.options.level or level_of(seed)
        where = os.path.join(self.root, name)
        os.makedirs(where, exist_ok=True)
        source = os.path.join(where, name + ".c")
        try:
            KINDS[kind](seed, level, source)
            self.modes(name, RandomProgram(source, self.build), level, where)
            self.count[kind] += 1
        except Discard:
            self.count["discarded"] += 1
        if not self.options.keep:
            shutil.rmtree(where)

    def modes(self, name, program, level, where):
        try:
            self.modes_decided(name, program, level, where)
        finally:
            self.count["moves between nodes"] += program.moved

    def modes_decided(self, name, program, level, where):
        try:
            program.expected(where)
        except Failure as failure:
            self.report(name, program, "plain", str(failure))
            return
        for mode in self.options.modes.split(","):
            start = time.monotonic()
            try:
                how = program.run_decided(level, mode, where)
                self.count[mode + (", " + how if how else "")] += 1
            except Failure as failure:
                self.report(name, program, mode, str(failure))
                if COMPILING in str(failure):
                    return
            if self.options.verbose:
                print("  %s %s %s: %.1f s" % (name, level, mode, time.monotonic() - start),
                      flush=True)

    def report(self, name, program, mode, text):
        self.failed.append((name, mode))
        shutil.copy(program.source, self.failures)
        with open(os.path.join(self.failures, name + ".txt"), "a") as file:
            file.write("--- %s\n%s\n" % (mode, text))
        print("FAIL %s %s\n%s" % (name, mode, text), flush=True)

    def summary(self):
        for what in sorted(self.count):
            print("%-24s %d" % (what, self.count[what]))
        programs = sum(self.count[kind] for kind in KINDS)
        print("%d programs, %d failures: %s" % (programs, len(self.failed), " ".join(
            "%s/%s" % failure for failure in self.failed)))


def main():
    parser = argparse.ArgumentParser(prog="run", description=__doc__.partition("\n")[0])
    parser.add_argument("build")
    parser.add_argument("-n", type=int, default=20, help="programs (20)")
    parser.add_argument("--minutes", type=float, default=0, help="end after so long")
    parser.add_argument("--seed", type=int, default=1, help="the first one (1)")
    parser.add_argument("--kind", choices=sorted(KINDS), help="one generator only")
    parser.add_argument("--level", help="optimisation level; default: in turn")
    parser.add_argument("--modes", default=",".join(MODES), help="of %(default)s")
    parser.add_argument("--keep", action="store_true", help="keep what is built")
    parser.add_argument("--verbose", "-v", action="store_true", help="time each mode")
    options = parser.parse_args()
    campaign = Campaign(options)
    kinds = [options.kind] if options.kind else sorted(KINDS)
    end = time.monotonic() + options.minutes * 60 if options.minutes else float("inf")
    with contextlib.suppress(KeyboardInterrupt):
        for number in range(options.n):
            if time.monotonic() > end:
                break
            campaign.one(kinds[number % len(kinds)], options.seed + number // len(kinds))
    campaign.summary()
    return 1 if campaign.failed else 0

