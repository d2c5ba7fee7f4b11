"""One program of the test-suite: its header, its builds, its modes.

The header is the first comment of the source file.  Its lines "KEY: value", of which a key
may have several:
  MODES      of MODES below; default: usual, which stands for all
             but nodes, spread, spread-user, spread-emulated and links
  LEVELS     O0 O1 O2 O3 Os; default: O2
  CFLAGS     for both compilers
  ARGS       of the program
  STDIN      text given to the program ("\\n" is a line end)
  SELF       N of POPCORN_SELF=N; default 1
  SPREAD     N of POPCORN_SPREAD=N: about each Nth poll takes a thread elsewhere;
             default 100
  REFERENCE  ISA of the plain program whose output is right; default x86_64.
             aarch64 for long double, which is IEEE quad there and for us
  SECONDS    time-out of one run; default 60
  HOP        MIN-MAX milliseconds between moves or saves; default 2-40
  START      node that moves begin on, x86 or arm; default x86
  MOVES      how many are wanted; a program that ends earlier is slowed down
             and run again; default 3
"""

import contextlib
import fcntl
import json
import os
import re
import shlex
import shutil
import subprocess

import nodes

MODES = ("native", "verify", "self", "qemu", "qemu-self", "nodes", "move", "save", "spread",
         "spread-user", "spread-emulated", "links")
USUAL = MODES[:MODES.index("nodes")] + ("move", "save")
EMULATOR = {"x86_64": [], "aarch64": ["qemu-aarch64", "-cpu", "neoverse-n1"]}


class Failure(Exception):
    pass


class NoEnd(Failure):
    """Not in the time that it was given."""


class Skip(Exception):
    pass


def quote(command):
    return " ".join(shlex.quote(word) for word in command)


class Program:
    def __init__(self, source, build):
        self.source = source
        self.build = build
        self.lib = os.path.dirname(os.path.abspath(__file__))
        self.header = header = self.read_header()
        self.modes = header.get("MODES", "usual").replace("usual", " ".join(USUAL)).split()
        self.levels = header.get("LEVELS", "O2").split()
        self.cflags = shlex.split(header.get("CFLAGS", ""))
        self.args = shlex.split(header.get("ARGS", ""))
        self.stdin = header.get("STDIN", "").encode().decode("unicode_escape").encode()
        self.every = header.get("SELF", "1")
        self.spread = header.get("SPREAD", "100")
        self.reference = header.get("REFERENCE", "x86_64")
        self.seconds = int(header.get("SECONDS", "60"))
        self.hop = header.get("HOP", "2-40")
        self.moves = int(header.get("MOVES", "3"))
        self.start = header.get("START", "x86")
        for mode in self.modes:
            if mode not in MODES:
                raise ValueError("%s: no such mode: %s" % (source, mode))

    def read_header(self):
        header = {}
        with open(self.source, encoding="utf-8") as file:
            for line in file:
                key, colon, value = line.strip(" */\n").partition(": ")
                if colon and key.isupper():
                    header[key] = (header.get(key, "") + " " + value.strip()).strip()
                if line.strip().endswith("*/"):
                    break
        return header

    def cases(self):
        return [(level, mode) for level in self.levels for mode in self.modes]

    # --- Builds, shared by the modes of a level ---------------------------

    def tool(self, name):
        return os.path.join(self.build, "bin", name)

    def compile(self, command, output):
        """Runs the compiler; raises Failure with what it printed."""
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=300)
        except subprocess.TimeoutExpired:
            raise Failure("compiling takes too long:\n$ " + quote(command))
        if done.returncode:
            raise Failure("compiling failed:\n$ %s\nstatus %d\n%s" % (
                quote(command), done.returncode, done.stdout.decode(errors="replace")))
        if not os.path.exists(output):
            raise Failure("compiler made nothing:\n$ " + quote(command))

    def newest_input(self):
        """Time of the last change of anything a build depends on."""
        inputs = [self.source]
        for folder in ("bin", "libexec/popcorn", "lib/popcorn"):
            for at, _, names in os.walk(os.path.join(self.build, folder)):
                inputs += [os.path.join(at, name) for name in names]
        inputs += [os.path.join(self.lib, name) for name in os.listdir(self.lib)]
        return max(os.stat(path).st_mtime for path in inputs if os.path.exists(path))

    @contextlib.contextmanager
    def once(self, where, name, newest):
        """Holds a lock; yields the path to make, or None if it is newer."""
        os.makedirs(where, exist_ok=True)
        path = os.path.join(where, name)
        with open(path + ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            fresh = (os.path.exists(path)
                     and os.stat(path).st_mtime >= newest)
            yield None if fresh else path

    def popcorn(self, where, level):
        """Path of the program as popcorn-clang makes it."""
        name = "app." + level
        with self.once(where, name, self.newest_input()) as path:
            if path:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
                self.compile([self.tool("popcorn-clang"), "-" + level, "-I" + self.lib,
                              *self.cflags,
                              "-o", path, self.source], path)
        return os.path.join(where, name)

    def thin(self, where, level, isa):
        app = self.popcorn(where, level)
        name = "app.%s.%s" % (level, isa)
        with self.once(where, name, os.stat(app).st_mtime) as path:
            if path:
                self.compile([self.tool("popcorn-lipo"), "-thin", isa, app,
                              "-o", path], path)
        return os.path.join(where, name)

    def plain(self, where, level):
        """Path of the program as plain clang makes it."""
        name = "plain." + level
        newest = max(os.stat(path).st_mtime for path in (
            self.source, os.path.join(self.lib, "check.h"),
            os.path.join(self.build, "plain", self.reference, "complete")))
        with self.once(where, name, newest) as path:
            if path:
                os.environ["PLAIN_MUSL"] = os.path.join(self.build, "plain")
                self.compile([os.path.join(self.lib, "plain-clang"), self.reference,
                              "-" + level, "-DPLAIN",
                              "-I" + os.path.join(self.lib, "plain"), "-I" + self.lib,
                              *self.cflags, "-o", path, self.source], path)
        return os.path.join(where, name)

    def expected(self, where, level):
        """Exit status and output of the plain program, as run() gives them."""
        name = "expected.%s.json" % level
        plain = self.plain(where, level)
        newest = max(os.stat(path).st_mtime for path in (self.source, plain))
        with self.once(where, name, newest) as path:
            if path:
                status, output = self.execute(
                    EMULATOR[self.reference] + [plain, *self.args], where)
                if b": not true: " in output:  # as check.h says
                    raise Failure("the plain program fails:\n" + tail(output))
                with open(path, "w") as file:
                    json.dump([status, output.decode("latin-1")], file)
        with open(os.path.join(where, name)) as file:
            status, output = json.load(file)
        return status, output.encode("latin-1")

    # --- Runs -------------------------------------------------------------

    def execute(self, command, where, user=None, **environment):
        """Status (negative: signal) and output of a command."""
        scratch = os.path.join(where, "scratch.%d" % os.getpid())
        os.makedirs(scratch, exist_ok=True)
        if user is not None:
            shutil.chown(scratch, user, user)
            command = ["setpriv", "--reuid=%d" % user, "--regid=%d" % user, "--clear-groups",
                       *command]
            environment["PATH"] = "/usr/local/bin:/usr/bin:/bin"
        try:
            done = subprocess.run(
                command, input=self.stdin, cwd=scratch, timeout=self.seconds,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env=dict(os.environ, **environment))
        except subprocess.TimeoutExpired as late:
            raise NoEnd("no end after %d s:\n$ %s\n%s" % (
                self.seconds, quote(command), tail(late.stdout)))
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return done.returncode, self.output_of(done.stdout)

    def output_of(self, output):
        """Without what the emulator says when a signal ends the program."""
        return re.sub(rb"qemu: uncaught target signal .*\n", b"", output)

    def run(self, level, mode, where):
        expected = self.expected(where, level)
        app = self.popcorn(where, level)
        command = [app, *self.args]
        if mode == "verify":
            verify = [self.tool("popcorn-lipo"), "-verify", app]
            status, output = self.execute(verify, where)
            if status:
                raise Failure("$ %s\n%s" % (quote(verify), tail(output)))
            return
        if mode in ("qemu", "qemu-self"):
            command[0] = self.thin(where, level, "aarch64")
            command = EMULATOR["aarch64"] + command
        if mode in ("native", "qemu"):
            got = self.execute(command, where)
        elif mode in ("self", "qemu-self"):
            got = self.execute(command, where, POPCORN_SELF=self.every)
        elif mode == "nodes":
            expected = nodes.as_shell(expected)
            got = nodes.beside(self, command, where)
        elif mode == "move":
            expected = nodes.as_shell(expected)
            got = nodes.moved(self, command, where)
        elif mode == "spread":
            expected = nodes.as_shell(expected)
            got = nodes.spread(self, command, where)
        elif mode == "spread-user":
            expected = nodes.as_shell(expected)
            got = nodes.spread(self, command, where, user=nodes.plain_user())
        elif mode == "spread-emulated":
            expected = nodes.as_shell(expected)
            got = nodes.spread(self, command, where, home="arm")
        elif mode == "links":
            expected = nodes.as_shell(expected)
            got = nodes.links(self, command, where)
        else:
            expected = nodes.as_shell(expected)
            got = nodes.saved(self, command, where)
        self.compare(expected, got, mode, command)

    def compare(self, expected, got, mode, command):
        if expected == got:
            return
        text = "mode %s: $ %s\n" % (mode, quote(command))
        if expected[0] != got[0]:
            text += "exit status %d, expected %d\n" % (got[0], expected[0])
        if expected[1] != got[1]:
            text += first_difference(expected[1], got[1])
        raise Failure(text)


def tail(output, lines=20):
    text = (output or b"").decode(errors="replace").splitlines()
    return "\n".join(text[-lines:]) + "\n"


def first_difference(expected, got):
    old, new = expected.splitlines(), got.splitlines()
    for number, (a, b) in enumerate(zip(old, new), 1):
        if a != b:
            break
    else:
        number = min(len(old), len(new)) + 1
    show = lambda lines: b"\n    ".join(lines[number - 1:number + 4]).decode(errors="replace")
    return ("outputs differ at line %d (expected %d lines, got %d)\n"
            "  expected:\n    %s\n  got:\n    %s\n" % (
                number, len(old), len(new), show(old), show(new)))
