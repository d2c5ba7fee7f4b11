"""Runs of a program under popcorn-run: moved about, saved and restored.

The program runs under self-migration too, which makes short ones last long
enough to be met in the middle.  Moments are random; a failure names the seed,
which POPCORN_TEST_SEED brings back.
"""

import os
import random
import re
import shutil
import subprocess
import tempfile
import time
import zlib

NODES = ["--node", "x86=local", "--node", "arm=qemu:aarch64"]
# Microseconds slept at each self-migration: the next is tried while a program
# ends before it was met often enough.
PAUSES = ("0", "100", "1000", "10000", "100000")
EXIT_SAVED = 75
PLAIN_USER = 99999


def seed_of(program, mode):
    given = os.environ.get("POPCORN_TEST_SEED")
    return int(given) if given else zlib.crc32((program.source[-40:] + mode).encode())


def status_of_shell(status):
    """popcorn-run says 128 + n where subprocess says -n."""
    return 128 - status if status < 0 else status


def as_shell(result):
    return status_of_shell(result[0]), result[1]


def moved(program, command, where):
    from program import Failure

    seed = seed_of(program, "move")
    moves = 0
    for pause in PAUSES:
        with tempfile.NamedTemporaryFile(dir=where, prefix="trace") as trace:
            run = [program.tool("popcorn-run"), *NODES, "--quiet",
                   "--start", program.start, "--hop",
                   "%d:%s:%d" % (max(10, program.moves), program.hop, seed), "--trace", trace.name, *command]
            result = program.execute(run, where, POPCORN_SELF=program.every,
                                     POPCORN_SELF_PAUSE=pause)
            events = open(trace.name).read()
        moves = len(re.findall(r"event=move ", events))
        # The last one may come too late.
        failed = [line for line in re.findall(r".*event=[a-z-]*fail.*", events)
                  if "the program ended" not in line]
        if failed:
            raise Failure("a move failed:\n$ %s\n%s" % (" ".join(run), "\n".join(failed[:5])))
        if moves >= program.moves:
            break
    if not moves:
        raise Failure("ended before its first move:\n$ %s\n%s" % (
            " ".join(run), result[1][-400:].decode(errors="replace")))
    return result


def plain_user():
    """One for whom the kernel does not wait for pages."""
    from program import Skip

    if os.geteuid():
        raise Skip("only root can become somebody else")
    with open("/proc/sys/vm/unprivileged_userfaultfd") as file:
        if file.read().strip() != "0":
            raise Skip("userfaultfd serves the kernel for everybody (vm.unprivileged_userfaultfd)")
    return PLAIN_USER


def spread(program, command, where, where_to=(*NODES, "--node", "other=local"), home="x86",
           user=None):
    """Every thread by itself, at random polls, to one of three nodes."""
    from program import Failure

    for every in (program.spread, "4", "1"):
        with tempfile.NamedTemporaryFile(dir=where, prefix="trace") as trace:
            run = [program.tool("popcorn-run"), *where_to, "--quiet",
                   "--start", home, "--trace", trace.name, *command]
            if user is not None:
                shutil.chown(trace.name, user, user)
            result = program.execute(run, where, user, POPCORN_SPREAD=every)
            left = re.search(r"event=exit .*threads_left=(\d+)", open(trace.name).read())
        if left and int(left[1]) >= program.moves:
            return result
    if not left or not int(left[1]):
        raise Failure("no thread ever left:\n$ %s\n%s" % (
            " ".join(run), result[1][-400:].decode(errors="replace")))
    return result


def links(program, command, where):
    """The same, but the other nodes are on another machine, of which there is a popcornd."""
    from program import Failure

    with tempfile.TemporaryDirectory(prefix="popcornd-") as folder:
        address = "unix:%s/listen" % folder
        daemon = subprocess.Popen(
            [program.tool("popcornd"), "--listen", address, "--cache", folder + "/cache",
             "--isa", "x86=local", "--isa", "arm=qemu:aarch64"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 10
            while not os.path.exists(folder + "/listen"):
                if time.monotonic() > deadline or daemon.poll() is not None:
                    raise Failure("popcornd does not listen")
                time.sleep(0.005)
            return spread(program, command, where, [
                "--node", "x86=local", "--node", "far=" + address,
                "--node", "arm=%s,isa=aarch64" % address])
        finally:
            daemon.terminate()
            daemon.wait()


class Running:
    """A program under popcorn-run or popcorn restore, output to a file."""

    def __init__(self, program, command, stdin, scratch, environment):
        self.command = command
        self.output = tempfile.TemporaryFile(dir=scratch)
        self.reader, writer = os.pipe()
        self.process = subprocess.Popen(command, stdin=stdin, stdout=writer,
                                        stderr=subprocess.STDOUT, cwd=scratch,
                                        env=environment)
        os.close(writer)
        # A pipe, so that a restored program writes to its restorer's.
        self.copier = subprocess.Popen(["cat"], stdin=self.reader, stdout=self.output)
        os.close(self.reader)

    def end(self, seconds):
        try:
            status = self.process.wait(seconds)
        finally:
            if self.process.poll() is None:
                self.process.kill()
        self.copier.wait(10)
        self.output.seek(0)
        return status, self.output.read()


def save_at(program, running, file, pause, deadline):
    """Saves after `pause` seconds; True if saved, False if it had ended."""
    time.sleep(pause)
    while True:
        done = subprocess.run(
            [program.tool("popcorn"), "checkpoint", str(running.process.pid), "-o", file],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        if not done.returncode:
            return True, b""
        if running.process.poll() is not None:
            return False, done.stdout
        if time.monotonic() > deadline:
            return False, done.stdout
        time.sleep(0.002)


def beside(program, command, where):
    """Two nodes, but nobody moves it: what it does of its own."""
    return program.execute([program.tool("popcorn-run"), *NODES, *command], where)


def saved(program, command, where):
    from program import Failure

    seed = seed_of(program, "save")
    generator = random.Random(seed)
    low, high = (int(ms) / 1000 for ms in program.hop.split("-"))
    said = b""
    for attempt in PAUSES:
        environment = dict(os.environ, POPCORN_SELF=program.every,
                           POPCORN_SELF_PAUSE=attempt)
        scratch = tempfile.mkdtemp(dir=where, prefix="scratch")
        file = os.path.join(scratch, "saved")
        stdin_path = os.path.join(scratch, "stdin")
        with open(stdin_path, "wb") as stdin:
            stdin.write(program.stdin)
        stdin = open(stdin_path, "rb")
        whole, saves = b"", 0
        run = [program.tool("popcorn-run"), *NODES, "--quiet", *command]
        try:
            while True:
                running = Running(program, run, stdin, scratch, environment)
                is_saved = False
                if saves < 4:
                    pause = generator.uniform(low, high)
                    is_saved, said = save_at(program, running, file, pause,
                                             time.monotonic() + program.seconds)
                status, output = running.end(program.seconds)
                whole += output
                if not is_saved or status != EXIT_SAVED:
                    break
                saves += 1
                run = [program.tool("popcorn"), "restore", *NODES, "--quiet", "--start",
                       ("arm", "x86")[saves % 2 == 0], file]
        except subprocess.TimeoutExpired:
            running.process.kill()
            raise Failure("no end after %d s (seed %d, %d saves):\n$ %s\n" % (
                program.seconds, seed, saves, " ".join(run)))
        finally:
            stdin.close()
            subprocess.run(["rm", "-rf", scratch])
        if saves >= min(3, program.moves) or saves and attempt == PAUSES[-1]:
            return status, program.output_of(whole)
    raise Failure("never saved:\n$ %s\n%s%s" % (
        " ".join(run), said.decode(errors="replace"), whole[-400:].decode(errors="replace")))
