"""Stacks, memory, threads that run out."""

import os
import re

from luck import NODES
from program import Failure

OVERFLOW = r"popcorn: stack overflow in thread \d+: %s fill \d+ KiB \(%s\)\n"


def test_stack_overflow(luck):
    program = luck.program("overflow", "O1")
    for what, says in (("calls", "calls"), ("locals", "local variables")):
        for where, limit in (((), "ulimit -s"), (("thread",), "pthread_attr_setstacksize")):
            line = OVERFLOW % (says, limit)
            luck.expect(-11, line, program, what, *where)
            luck.expect(139, line, luck.tool("popcorn-run"), *NODES, program, what, *where)


def test_stack_overflow_on_emulated_node(luck):
    line = OVERFLOW % ("calls", "ulimit -s") + "qemu: uncaught target signal 11 .*\n"
    luck.expect(139, line, luck.tool("popcorn-run"), *NODES, "--start", "arm",
                luck.program("overflow", "O1"), "calls")


def test_no_memory_for_records(luck):
    """The program asks for it, with 4 KiB to 2 MiB left."""
    program = luck.program("exhausted")
    for depth in ("10", "2000", "100000"):
        luck.expect(0, "(?s)(refused\n){3}saved\n", program, depth)


def test_no_memory_to_move(luck):
    """The agent asks for it: one line, and the program goes on."""
    run = luck.start(luck.tool("popcorn-run"), *NODES, luck.program("exhausted"), "30000",
                     "wait", luck.path("stop"))
    run.until(lambda: "ready\n" in run.said(), "a full address space")
    for command in (("migrate", str(run.pid), "arm"),
                    ("checkpoint", str(run.pid), "-o", luck.path("saved")),
                    ("migrate", str(run.pid), "arm")):
        luck.expect(1, "popcorn %s: (the program has no memory to be captured|"
                    "cannot save: Cannot allocate memory)\n" % command[0],
                    luck.tool("popcorn"), *command)
    open(luck.path("stop"), "w").close()
    run.ends(0, "ready\ndone\n")


def test_no_memory_on_the_node(luck):
    """Its process has little memory: the program goes on at the source."""
    emulator = luck.path("qemu-aarch64")
    with open(emulator, "w") as file:
        file.write("#!/bin/sh\nexec prlimit --as=$(cat %s) /usr/bin/qemu-aarch64 \"$@\"\n"
                   % luck.path("room"))
    os.chmod(emulator, 0o755)
    open(luck.path("room"), "w").close()
    steady = luck.steady("threads", env=dict(
        luck.environment, PATH=luck.where + ":" + os.environ["PATH"]))
    for room in (100, 200, 300, 400):
        with open(luck.path("room"), "w") as file:
            file.write(str(room * 1000000))
        status, output = luck.output(luck.tool("popcorn"), "migrate", str(steady.pid), "arm")
        if status and not re.fullmatch("popcorn migrate: node arm: .*\n", output):
            raise Failure("%d %s" % (status, output))
        steady.goes_on()
        if not status:
            break
    steady.finishes("(?s)(qemu[-_\\w]*: [^\n]*\n|popcorn: [^\n]*\n)*good\n")
    if room == 100:
        raise Failure("100 MB were enough")


def test_no_memory_for_the_program(luck):
    """mmap, brk and pthread_create fail as they do anywhere."""
    luck.expect(0, "malloc: Out of memory\nthread: Resource temporarily unavailable\n",
                luck.program("no-memory"))
