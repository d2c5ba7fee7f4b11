"""Descriptors, processes, memory of the tools that run out: one line, and the program goes on."""

import os
import re
import resource
import shutil
import socket
import time

from luck import NODES
from program import Failure, Skip

BESIDE = ["--node", "other=local"]
# What an emulator without memory or threads says before it ends.
EMULATOR = r"((qemu[-_\w]*: |[^\n:]*/qemu-aarch64: |prlimit: )[^\n]*\n)*"
USER = 100000 + os.getpid()  # a test beside this one is somebody else


def asked(luck, steady, *command, prefix=()):
    """It is done, or one line says why not; the program goes on.  Is it done?"""
    status, output = luck.output(*prefix, luck.tool("popcorn"), command[0], str(steady.pid),
                                 *command[1:], seconds=15)
    if not (status == 0 and output == ""
            or status == 1 and re.fullmatch("popcorn %s: [^\n]{15,}\n" % command[0], output)):
        raise Failure("popcorn %s: %d\n%s" % (" ".join(command), status, output))
    steady.goes_on()
    return status == 0


def all_asked(luck, steady, **options):
    return [asked(luck, steady, *command, **options) for command in (
        ("migrate", "other"), ("checkpoint", "--leave-running", "-o", luck.path("saved")),
        ("migrate", "arm"))]


def started(luck, *prefix):
    """A steady program, or None if it does not begin, for which one line says why."""
    run = luck.start(*prefix, luck.tool("popcorn-run"), *NODES, *BESIDE,
                     luck.program("steady"), luck.path("stop"), luck.path("beats"), "threads")
    try:
        return luck.joined(run)
    except Failure:
        if run.process.poll() is None:
            raise
    # 1: the program's own
    if run.process.returncode not in (1, 125) or run.said().count("\n") != 1:
        run.fail("ended with %d" % run.process.returncode)
    return None


def ends(steady):
    steady.finishes("(?s)" + EMULATOR + "good\n")


def processes_of_user():
    """Zombies too: they count."""
    found = []
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.stat("/proc/" + name).st_uid == USER:
                found.append(name)
        except OSError:
            pass
    return found


def all_gone():
    """What came before takes none of the room of what comes."""
    deadline = time.monotonic() + 10
    while processes_of_user():
        if time.monotonic() > deadline:
            raise Failure("processes are left: %s" % processes_of_user())
        time.sleep(0.005)


def sweep(luck, option, rooms, *prefix):
    """popcorn-run, the program and its targets have so much: from too little to enough."""
    done = []
    for room in rooms:
        all_gone()
        steady = started(luck, *prefix, "prlimit", "--%s=%d" % (option, room))
        done.append(all_asked(luck, steady, prefix=prefix) if steady else [None])
        if steady:
            ends(steady)
    if done[0] != [None] or [True] * 3 not in done:
        raise Failure(str(done))
    # All or nothing would show nothing.
    if not any(False in answers for answers in done):
        raise Failure(str(done))


def test_descriptors(luck):
    sweep(luck, "nofile", (*range(4, 24), 40))


def limit(steady, which, soft):
    """popcorn-run's alone; the hard limit stays, so that the soft one may go up again."""
    hard = resource.prlimit(steady.pid, which)[1]
    resource.prlimit(steady.pid, which, (hard if soft is None else soft, hard))


def test_descriptors_later(luck):
    """popcorn-run alone runs out of them, with a program on its way."""
    done = []
    for room in range(8, 28):
        steady = luck.steady("threads", nodes=NODES + BESIDE)
        limit(steady, resource.RLIMIT_NOFILE, room)
        done.append(all_asked(luck, steady))
        steady.finishes()
    if any(done[0]) or not all(done[-1]):
        raise Failure(str(done))


def test_descriptors_of_the_command(luck):
    steady = luck.steady("threads", nodes=NODES + BESIDE)
    done = [all_asked(luck, steady, prefix=("prlimit", "--nofile=%d" % room))
            for room in range(4, 10)]
    if all(done[0]) or not all(done[-1]):
        raise Failure(str(done))
    steady.finishes()


def connected(luck, steady):
    one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    one.connect(luck.run_directory + "/popcorn/%d" % steady.pid)
    return one


def test_commands_that_say_nothing(luck):
    """All places are taken, or all descriptors: who comes next hears so."""
    for room, why in ((1000, "too many commands at the same time"),
                      (20, "its popcorn-run has too many open files")):
        steady = luck.steady("threads")
        limit(steady, resource.RLIMIT_NOFILE, room)
        silent = [connected(luck, steady) for _ in range(16)]
        for _ in range(5):
            steady.popcorn(1, "popcorn migrate: %s\n" % why, "migrate", "arm", seconds=10)
        for one in silent:
            one.close()
        limit(steady, resource.RLIMIT_NOFILE, None)
        steady.migrate("arm")
        steady.finishes()


def as_user(luck):
    """A prefix that runs what follows as somebody with no other process."""
    if os.geteuid():
        raise Skip("only root can become somebody else")
    for folder in (luck.where, luck.run_directory):
        shutil.chown(folder, USER, USER)
    return ("setpriv", "--reuid=%d" % USER, "--regid=%d" % USER, "--clear-groups")


def test_processes(luck):
    """No process for a target, no thread of it, one by one; then all of them."""
    sweep(luck, "nproc", range(0, 20), *as_user(luck))


def test_processes_of_the_program(luck):
    """fork, popcorn_fork and pthread_create fail as fork does anywhere."""
    prefix = as_user(luck)
    answers = set()
    says = "(%s(popcorn(-run)?: [^\n]*\n)?(threads|fork|popcorn_fork): [^\n]*\n){3}" % EMULATOR
    for room in range(2, 12):
        all_gone()
        output = luck.expect(0, says, *prefix, "prlimit", "--nproc=%d" % room,
                             luck.tool("popcorn-run"), *NODES, luck.program("forks"))
        answers |= set(re.findall("^[a-z_]*: .*", output, re.M))
    for what in ("threads", "fork"):
        if not {what + ": good", what + ": Resource temporarily unavailable"} <= answers:
            raise Failure(str(answers))
    # What a copy fails at, an emulator decides.
    copies = {answer for answer in answers if answer.startswith("popcorn_fork: ")}
    if "popcorn_fork: good" not in copies or len(copies) < 2:
        raise Failure(str(answers))


# From where the dynamic loader finds what it needs.
def test_address_space(luck):
    sweep(luck, "as", [n * 1000000 for n in (12, 20, 30, 60, 100, 150, 200, 300)] + [1 << 40])


def test_data(luck):
    sweep(luck, "data", [n * 100000 for n in (20, 30, 50, 100, 200, 500, 1000, 2000, 10000)])


def test_memory_of_the_agent(luck):
    """popcorn-run alone has no more than it uses and some pages."""
    for which, name in ((resource.RLIMIT_AS, "VmSize"), (resource.RLIMIT_DATA, "VmData")):
        for pages in (0, 1, 2, 4, 8, 20, 40):
            steady = luck.steady("threads", nodes=NODES + BESIDE)
            with open("/proc/%d/status" % steady.pid, encoding="utf-8") as file:
                size = int(re.search(name + r":\s*(\d+) kB", file.read()).group(1)) * 1024
            limit(steady, which, size + pages * 4096)
            if all_asked(luck, steady)[0]:
                raise Failure("%s: a native node's process needs no memory?" % name)
            limit(steady, which, None)
            steady.migrate("arm")
            ends(steady)
