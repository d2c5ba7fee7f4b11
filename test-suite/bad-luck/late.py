"""A program that goes on on another machine before all of its memory is there."""

import os
import re
import shutil
import signal
import time

from luck import GOOD
from machines import Daemon, Slow
from nodes import plain_user
from program import Failure

MIB = 1 << 20


def begin(luck, daemon, what, mib=16, port=None, options=()):
    return luck.start(luck.tool("popcorn-run"), "--trace", luck.path("trace"), *options,
                      *daemon.nodes(port=port), luck.program("late"), what, str(mib))


def events(luck, event):
    with open(luck.path("trace"), encoding="utf-8") as file:
        return re.findall("event=%s .*" % event, file.read())


def does(luck, *deeds, options=(), late=True, **daemon_options):
    """Each, while memory takes a second and more to come; or has taken it."""
    daemon = Daemon(luck, *options, **daemon_options)
    daemon.key = luck.path("key")
    for what in deeds:
        slow = Slow(daemon.port, 12 * MIB)
        begin(luck, daemon, what, port=slow.own).ends(GOOD, "good\n", seconds=120)
        slow.close()
        if bool(events(luck, "memory")) != late:
            raise Failure("memory came %s" % ("with the program" if late else "late"))
    daemon.ends_well()


def test_access(luck):
    does(luck, "nothing", "threads")


def test_system_calls(luck):
    does(luck, "calls")


def test_children(luck):
    does(luck, "fork", "spawn")


def test_maps(luck):
    does(luck, "grow", "give-back", "map-again", "map-file", "protect")


def test_moves_on(luck):
    does(luck, "back")


def test_emulated(luck):
    does(luck, "threads", "calls", "fork", "give-back", "back",
         options=("--isa", "arm=qemu:aarch64"))


def test_saved(luck):
    does(luck, "save")
    luck.expect(GOOD, "good\n", luck.tool("popcorn"), "restore", luck.path("late.saved"))


def as_plain_user(luck, *prefix):
    """How a daemon of somebody who may not ask the kernel to wait for pages begins."""
    user = plain_user()
    os.mkdir(luck.path("cache"))
    luck.expect(0, "", luck.tool("popcorn"), "key", luck.path("key"))
    shutil.copy(luck.path("key"), luck.path("their-key"))
    os.chmod(luck.path("their-key"), 0o600)
    os.chmod(luck.path("cache"), 0o700)
    for name in ("", "cache", "their-key"):
        os.chown(luck.path(name), user, user)
    return dict(key="their-key", prefix=(
        "setpriv", "--reuid=%d" % user, "--regid=%d" % user, "--clear-groups", *prefix))


def test_plain_user(luck):
    """Its kernel does not wait for pages: system calls go by copies."""
    does(luck, "calls", "threads", "fork", options=("--allow-user", "any"), **as_plain_user(luck))


def test_without_userfaultfd(luck):
    """The program waits for all, and then it is there."""
    begins = as_plain_user(luck, os.path.join(luck.folder, "../lib/without-userfaultfd"))
    for isa in (), ("--isa", "arm=qemu:aarch64"):
        does(luck, "calls", "threads", "fork", "back", late=False,
             options=("--allow-user", "any", *isa), **begins)


def test_eager(luck):
    """With --eager it waits; without, it does not: the link is the same."""
    daemon = Daemon(luck)
    pauses = []
    for options in ((), ("--eager",)):
        slow = Slow(daemon.port, 12 * MIB)
        begin(luck, daemon, "nothing", 24, slow.own, options).ends(GOOD, "good\n", seconds=60)
        slow.close()
        pauses.append(float(re.search(r"pause_ms=([\d.]+)", events(luck, "move")[0])[1]))
    if events(luck, "memory"):
        raise Failure("memory came late")
    # 19 MiB that are not zero take a second and a half.
    if pauses[1] < 1400 or pauses[0] > pauses[1] / 2:
        raise Failure("pauses %.0f and %.0f ms" % tuple(pauses))
    daemon.ends_well()


def half_there(luck, then):
    """Runs there, and waits for memory that does not come."""
    daemon = Daemon(luck)
    slow = Slow(daemon.port, 64 * MIB, stop=6 * MIB)
    started = begin(luck, daemon, "nothing", port=slow.own)
    started.until(lambda: os.path.exists(luck.path("trace")) and events(luck, "move"), "moves")
    time.sleep(0.5)
    then(daemon, slow)
    if "good" in started.said() or "WRONG" in started.said():
        raise Failure("it went on: %s" % started.said())
    started.ends(76, "popcorn-run: node far: the link was cut while the program was there: .*\n")
    return daemon


def test_link_cut(luck):
    half_there(luck, lambda daemon, slow: slow.cut()).ends_well()


def test_agent_killed(luck):
    """Nobody sees zeroes where memory has not come."""
    def kill(daemon, slow):
        for line in re.findall(r"agent (\d+)", daemon.said()):
            os.kill(int(line), signal.SIGKILL)
        slow.cut()
    half_there(luck, kill).ends_well()


def test_asked_to_leave_meanwhile(luck):
    """It leaves when its memory is there."""
    daemon = Daemon(luck)
    slow = Slow(daemon.port, 12 * MIB)
    started = begin(luck, daemon, "nothing", port=slow.own)
    started.until(lambda: os.path.exists(luck.path("trace")) and events(luck, "move"), "moves")
    luck.expect(0, "", luck.tool("popcorn"), "migrate", str(started.process.pid), "x86")
    if not events(luck, "memory"):
        raise Failure("memory is not there")
    started.ends(GOOD, "good\n", seconds=60)
    daemon.ends_well()
