"""Bad luck on purpose: what a file bad-luck/NAME.py needs to bring it about.

Each function test_X(luck) in such a file is one test.  It may use its own folder
luck.where and the runtime directory, luck.run_directory, which no other test sees.  After it,
no process, socket or half-written file may be left.
"""

import glob
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from program import Failure, Program, quote, tail

NODES = ["--node", "x86=local", "--node", "arm=qemu:aarch64"]
GOOD = 7  # exit status of steady.c


def names(source):
    """The tests of a file."""
    with open(source, encoding="utf-8") as file:
        return re.findall(r"^def test_(\w+)\(luck\)", file.read(), re.M)


def run(source, name, build, where):
    spec = importlib.util.spec_from_file_location("scenario", source)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    luck = Luck(source, build, where, name)
    try:
        getattr(module, "test_" + name)(luck)
        luck.check_nothing_left()
    finally:
        luck.clean_up()


class Luck:
    def __init__(self, source, build, where, name):
        self.folder = os.path.dirname(source)
        self.build = build
        self.built = os.path.dirname(where)  # programs, for all files here
        self.where = os.path.join(where, name)
        shutil.rmtree(self.where, ignore_errors=True)
        os.makedirs(self.where)
        # A socket's address is short, whatever folder all this is built in.
        self.run_directory = tempfile.mkdtemp(prefix="popcorn-")
        self.environment = dict(os.environ, XDG_RUNTIME_DIR=self.run_directory)
        for key in [key for key in self.environment if key.startswith("POPCORN_")]:
            del self.environment[key]
        self.started = []

    def tool(self, name):
        return os.path.join(self.build, "bin", name)

    def path(self, name):
        return os.path.join(self.where, name)

    def program(self, name, level="O2"):
        program = Program(os.path.join(self.folder, name + ".c"), self.build)
        return program.popcorn(os.path.join(self.built, "built", name), level)

    # --- Running and looking ----------------------------------------------

    def output(self, *command, seconds=30, **options):
        """Exit status and output of a command, both streams in one."""
        options.setdefault("env", self.environment)
        options.setdefault("stdin", subprocess.DEVNULL)
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, cwd=self.where,
                                  stderr=subprocess.STDOUT, timeout=seconds, **options)
        except subprocess.TimeoutExpired as late:
            raise Failure("hangs:\n$ %s\n%s" % (quote(command), tail(late.stdout)))
        return done.returncode, done.stdout.decode(errors="replace")

    def expect(self, status, says, *command, **options):
        """The command ends so, and its whole output matches `says`."""
        got, output = self.output(*command, **options)
        if got != status or not re.fullmatch(says, output):
            raise Failure("$ %s\nexit status %d, expected %d\n%s\nexpected: %s" % (
                quote(command), got, status, output, says))
        return output

    def start(self, *command, **options):
        started = Started(self, command, options)
        self.started.append(started)
        return started

    def steady(self, *what, nodes=NODES, prefix=(), **options):
        """steady.c under popcorn-run, on its way."""
        steady = Steady(self, what, nodes, prefix, options)
        self.started.append(steady)
        return steady

    def joined(self, started):
        """The steady program that has been started so."""
        started.__class__ = Steady
        started.stop, started.beats = self.path("stop"), self.path("beats")
        started.goes_on()
        return started

    def restored(self, *command, **options):
        """What restores a saved steady program."""
        steady = Steady(self, None, None, command, options)
        self.started.append(steady)
        return steady

    def is_mine(self, pid):
        try:
            with open("/proc/%s/environ" % pid, "rb") as file:
                return ("XDG_RUNTIME_DIR=%s\0" % self.run_directory).encode() in file.read()
        except OSError:
            return False

    def processes(self):
        return [int(name) for name in os.listdir("/proc")
                if name.isdigit() and int(name) != os.getpid() and self.is_mine(name)]

    def check_nothing_left(self):
        deadline = time.monotonic() + 3
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.02)
        left = self.processes()
        if left:
            raise Failure("processes are left: %s" % [command_of(pid) for pid in left])
        files = (glob.glob(self.run_directory + "/popcorn/*")
                 + glob.glob(self.where + "/**/*.tmp", recursive=True))
        if files:
            raise Failure("files are left: %s" % files)

    def clean_up(self):
        for started in self.started:
            if started.process.poll() is None:
                started.process.kill()
                started.process.wait()
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.where, ignore_errors=True)
        shutil.rmtree(self.run_directory, ignore_errors=True)


def command_of(pid):
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            return "%d %s" % (pid, file.read().replace(b"\0", b" ").decode())
    except OSError:
        return str(pid)


def where_it_is(pid):
    """Of each thread: state, where in the kernel it waits, its system call."""
    lines = [command_of(pid)]
    for task in sorted(glob.glob("/proc/%d/task/*" % pid)):
        try:
            with open(task + "/stat", encoding="utf-8") as file:
                state = file.read().rsplit(")", 1)[1].split()[0]
            with open(task + "/wchan", encoding="utf-8") as file:
                waits = file.read()
            with open(task + "/syscall", encoding="utf-8") as file:
                call = file.read().strip()
        except OSError:
            continue
        lines.append("  %s %s %s, system call %s" % (os.path.basename(task), state, waits, call))
    return "\n".join(lines)


class Started:
    """A command that runs while the test goes on."""

    def __init__(self, luck, command, options):
        self.luck = luck
        self.command = command
        self.file = open(luck.path("output.%d" % len(luck.started)), "w+b")
        options.setdefault("env", luck.environment)
        options.setdefault("stdin", subprocess.DEVNULL)
        # Whatever started the tests may ignore some.
        options.setdefault("preexec_fn", lambda: [
            signal.signal(number, signal.SIG_DFL)
            for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGTSTP)])
        self.process = subprocess.Popen(command, stdout=self.file, cwd=luck.where,
                                        stderr=subprocess.STDOUT, **options)
        self.pid = self.process.pid

    def said(self):
        self.file.seek(0)
        return self.file.read().decode(errors="replace")

    def fail(self, why):
        raise Failure("$ %s\n%s\n%s" % (quote(self.command), why, self.said()))

    def until(self, condition, what, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                self.fail("not in time: " + what)
            time.sleep(0.005)

    def ends(self, status, says, seconds=30):
        try:
            got = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.fail("does not end\n" + "\n".join(map(where_it_is, self.luck.processes())))
        if got != status or not re.fullmatch(says, self.said()):
            self.fail("exit status %d, expected %d and %s" % (got, status, says))


class Steady(Started):
    """steady.c, which checks itself until it is told to end."""

    def __init__(self, luck, what, nodes, prefix, options):
        # All of one test share these: a restored one goes on where it was.
        self.stop, self.beats = luck.path("stop"), luck.path("beats")
        command = list(prefix)
        if what is not None:
            command += [luck.tool("popcorn-run"), *nodes, luck.program("steady"),
                        self.stop, self.beats, *what]
        super().__init__(luck, command, options)
        self.goes_on()

    def beat(self):
        try:
            return os.stat(self.beats).st_size
        except OSError:
            return 0

    def goes_on(self):
        before = self.beat()
        self.until(lambda: self.beat() > before + 2 or self.process.poll() is not None,
                   "the program goes on")
        if self.process.poll() is not None:
            self.fail("ended with %d" % self.process.returncode)

    def popcorn(self, status, says, command, *arguments, **options):
        return self.luck.expect(status, says, self.luck.tool("popcorn"), command,
                                str(self.pid), *arguments, **options)

    def migrate(self, node, status=0, says="", **options):
        self.popcorn(status, says, "migrate", node, **options)
        self.goes_on()

    def state(self):
        """What popcorn ps says: pid of the program, node, moves."""
        listing = self.luck.output(self.luck.tool("popcorn"), "ps")[1]
        for line in listing.splitlines()[1:]:
            fields = line.split()
            if fields and fields[0] == str(self.pid):
                return {"program": fields[1], "node": fields[2], "moves": int(fields[4])}
        self.fail("not in popcorn ps:\n" + listing)

    def finishes(self, says="good\n"):
        open(self.stop, "w").close()
        self.ends(GOOD, says)
        os.unlink(self.stop)
