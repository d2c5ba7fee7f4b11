"""Signals to popcorn-run: for the program, wherever it is."""

import os
import re
import signal
import subprocess

from luck import NODES
from program import Failure

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def state(pid):
    """Its letter in /proc; none when it is gone."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return None


def test_not_handled(luck):
    for node in ("x86", "arm"):
        for number in ENDING:
            steady = luck.steady()
            steady.migrate(node)
            steady.process.send_signal(number)
            steady.ends(128 + number, "(qemu: uncaught target signal .*\n)?")


def test_handled(luck):
    """Each arrives once: here, there, and while it moves."""
    steady = luck.steady("handles")
    for node in ("x86", "arm", "x86"):
        steady.migrate(node)
        for number in ENDING:
            steady.process.send_signal(number)
            steady.goes_on()
    # popcorn-run passes them on when it gets to it.
    mover = luck.start(luck.tool("popcorn"), "migrate", str(steady.pid), "arm")
    steady.process.send_signal(signal.SIGTERM)
    mover.ends(0, "")
    steady.until(lambda: steady.said().count("!") == 10, "ten signals arrive")
    steady.finishes("!{10}good\nTERM 4 INT 3 HUP 3\n")


def test_stopped_and_continued(luck):
    """SIGTSTP stops both, SIGCONT lets both go on; nothing else is lost."""
    for node in ("x86", "arm"):
        # A group of its own: in an orphaned one SIGTSTP stops nobody.
        steady = luck.steady("threads", process_group=0)
        steady.migrate(node)
        steady.process.send_signal(signal.SIGTSTP)
        # An emulator that was about to stop would do so after a SIGCONT.
        steady.until(lambda: all(state(pid) == "T" for pid in luck.processes()),
                     "popcorn-run and the program stop")
        steady.process.send_signal(signal.SIGCONT)
        steady.goes_on()
        steady.finishes()


def test_while_the_target_starts(luck):
    """A signal ends the program in the middle of a move: no target is left."""
    for _ in range(3):
        steady = luck.steady("big")
        mover = luck.start(luck.tool("popcorn"), "migrate", str(steady.pid), "arm")
        steady.process.send_signal(signal.SIGTERM)
        steady.ends(128 + signal.SIGTERM, "(qemu: uncaught target signal .*\n)?")
        mover.process.wait(10)
        if mover.process.returncode and not re.fullmatch(
                "popcorn migrate: .*\n", mover.said()):
            raise Failure(mover.said())


def test_pipe_closed(luck):
    """Nobody reads what the program writes: it ends as it would alone."""
    for node in ("x86", "arm"):
        reader, writer = os.pipe()
        os.close(reader)
        running = subprocess.Popen(
            [luck.tool("popcorn-run"), *NODES, "--start", node, luck.program("short"), "1"],
            stdout=writer, stderr=subprocess.DEVNULL, env=luck.environment)
        os.close(writer)
        if running.wait(30) != 128 + signal.SIGPIPE:
            raise Failure("on %s: %d" % (node, running.returncode))
