"""A program that goes on on another machine before all of its memory is there."""

import os
import re
import shutil
import signal
import time

from luck import GOOD
from machines import Daemon, Proxy, Slow
from nodes import plain_user
from program import Failure

MIB = 1 << 20
NAMES = ("x86", "far", "arm")  # of nodes


def begin(luck, daemon, what, mib=16, port=None, options=(), to=1, prefix=()):
    return luck.start(*prefix, luck.tool("popcorn-run"), "--trace", luck.path("trace"), *options,
                      *daemon.nodes(port=port), "--node", "arm=qemu:aarch64",
                      luck.program("late"), what, str(mib), *([str(to)] if to != 1 else []))


def events(luck, event, to=None):
    if not os.path.exists(luck.path("trace")):
        return []
    with open(luck.path("trace"), encoding="utf-8") as file:
        return [line for line in re.findall("event=%s .*" % event, file.read())
                if to is None or "to=%s/" % NAMES[to] in line]


def does(luck, *deeds, options=(), late=True, to=1, run=(), key="key", **daemon_options):
    """Each, while memory takes a second and more to come; or has taken it.  to: a node, where it
    goes on from far."""
    daemon = Daemon(luck, *options, key=key, **daemon_options)
    if not run:
        daemon.key = luck.path("key")
    for what in deeds:
        slow = Slow(daemon.port, 12 * MIB, home=to != 1)
        begin(luck, daemon, what, port=slow.own, to=to, prefix=run).ends(
            GOOD, "good\n", seconds=120)
        slow.close()
        if bool(events(luck, "memory", to)) != late:
            raise Failure("%s: memory came %s" % (what, "with the program" if late else "late"))
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
    for name in (luck.run_directory, "", "cache", "their-key"):
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


def half_there(luck, then, to=1):
    """Runs there, and waits for memory that does not come."""
    daemon = Daemon(luck)
    slow = Slow(daemon.port, 64 * MIB, stop=6 * MIB, home=to != 1)
    started = begin(luck, daemon, "nothing", port=slow.own, to=to)
    started.until(lambda: events(luck, "move", to), "moves")
    time.sleep(0.5)
    then(daemon, slow)
    if "good" in started.said() or "WRONG" in started.said():
        raise Failure("it went on: %s" % started.said())
    started.ends(76, "popcorn-run: node far: the link was cut while the program%s was there: .*\n"
                 % ("" if to == 1 else "'s memory"))
    return daemon


def kill_agent(daemon, slow):
    for line in re.findall(r"agent (\d+)", daemon.said()):
        os.kill(int(line), signal.SIGKILL)
    slow.cut()


def test_link_cut(luck):
    half_there(luck, lambda daemon, slow: slow.cut()).ends_well()


def test_agent_killed(luck):
    """Nobody sees zeroes where memory has not come."""
    half_there(luck, kill_agent).ends_well()


def test_asked_to_leave_meanwhile(luck):
    """It leaves when its memory is there."""
    asked_meanwhile(luck, 1, "migrate", "x86").ends_well()


def asked_meanwhile(luck, to, command, *arguments):
    daemon = Daemon(luck)
    slow = Slow(daemon.port, 12 * MIB, home=to != 1)
    started = begin(luck, daemon, "linger", port=slow.own, to=to)
    started.until(lambda: events(luck, "move", to), "moves")
    luck.expect(0, "", luck.tool("popcorn"), command, str(started.process.pid), *arguments)
    if not events(luck, "memory", to):
        raise Failure("memory is not there")
    open(luck.path("late.stop"), "w").close()
    started.ends(GOOD, "good\n", seconds=60)
    slow.close()
    return daemon


# --- The way home ------------------------------------------------------------

def test_home_access(luck):
    does(luck, "nothing", "threads", to=0)


def test_home_system_calls(luck):
    does(luck, "calls", to=0)


def test_home_children(luck):
    does(luck, "fork", "spawn", to=0)


def test_home_maps(luck):
    does(luck, "grow", "give-back", "map-again", "map-file", "protect", to=0)


def test_home_moves_on(luck):
    """At once, whole; or one thread alone."""
    does(luck, "back", "leave", to=0)


def test_home_saved(luck):
    """What it says is a file at home, and a file again when it is restored."""
    does(luck, "save", to=0)
    luck.expect(GOOD, "", luck.tool("popcorn"), "restore", luck.path("late.saved"))


def test_home_from_emulated(luck):
    does(luck, "threads", "calls", "back", to=0, options=("--isa", "arm=qemu:aarch64"))


def test_home_emulated(luck):
    """It comes from far to a node of this machine that is emulated."""
    does(luck, "threads", "calls", "fork", "give-back", "back", to=2)


def test_home_plain_user(luck):
    begins = as_plain_user(luck)
    does(luck, "calls", "threads", "fork", "leave", to=0, options=("--allow-user", "any"),
         run=begins["prefix"], **begins)


def test_home_without_userfaultfd(luck):
    begins = as_plain_user(luck)
    refused = (*begins["prefix"], os.path.join(luck.folder, "../lib/without-userfaultfd"))
    for to in 0, 2:
        does(luck, "calls", "threads", "fork", "back", late=False, to=to,
             options=("--allow-user", "any"), run=refused, **begins)


def test_home_eager(luck):
    daemon = Daemon(luck)
    pauses = []
    for options in ((), ("--eager",)):
        slow = Slow(daemon.port, 12 * MIB, home=True)
        begin(luck, daemon, "nothing", 24, slow.own, options, to=0).ends(GOOD, "good\n", seconds=60)
        slow.close()
        pauses.append(float(re.search(r"pause_ms=([\d.]+)", events(luck, "move", 0)[0])[1]))
    if events(luck, "memory"):
        raise Failure("memory came late")
    if pauses[1] < 1400 or pauses[0] > pauses[1] / 2:
        raise Failure("pauses %.0f and %.0f ms" % tuple(pauses))
    daemon.ends_well()


def test_home_link_cut(luck):
    for to in 0, 2:
        half_there(luck, lambda daemon, slow: slow.cut(), to).ends_well()


def test_home_agent_killed(luck):
    for to in 0, 2:
        half_there(luck, kill_agent, to).ends_well()


def test_home_link_cut_at_records(luck):
    """It ends as it should or not at all."""
    daemon = Daemon(luck)
    lost = []
    for number in range(5, 2000, 23):
        proxy = Proxy(daemon.port, number)
        proxy.then = proxy.cut
        started = begin(luck, daemon, "threads", 2, proxy.own, to=0)
        status = started.process.wait(30)
        met = proxy.count >= number
        proxy.close()
        cut = re.fullmatch(r"popcorn-run: node far: the link was cut while (.*) was there: .*\n",
                           started.said())
        if cut and status == 76:
            lost.append(cut[1])
        elif events(luck, "move", 1) and (status, started.said()) != (GOOD, "good\n"):
            started.fail("record %d: exit status %d" % (number, status))
        if not met:
            break
    if met or not {"the program", "the program's memory"} <= set(lost):
        raise Failure("lost: %s" % lost)
    daemon.ends_well()


def test_home_daemon_ends(luck):
    def end(daemon, slow):
        daemon.ends_well()
        slow.cut()
    half_there(luck, end, 0)


def test_home_origin_killed(luck):
    """Nobody waits for memory that nobody brings."""
    for to in 0, 2:
        daemon = Daemon(luck)
        slow = Slow(daemon.port, 64 * MIB, stop=6 * MIB, home=True)
        started = begin(luck, daemon, "nothing", port=slow.own, to=to)
        started.until(lambda: events(luck, "move", to), "moves")
        time.sleep(0.5)
        started.process.kill()
        started.process.wait()
        daemon.says("has ended")
        daemon.ends_well()
        slow.close()
        os.unlink(luck.run_directory + "/popcorn/%d" % started.pid)
        luck.check_nothing_left()
        if started.said():
            raise Failure("it went on: %s" % started.said())


def test_home_origin_killed_later(luck):
    """A program that has come home whole needs nobody."""
    daemon = Daemon(luck)
    slow = Slow(daemon.port, 12 * MIB, home=True)
    started = begin(luck, daemon, "linger", port=slow.own, to=0)
    started.until(lambda: events(luck, "memory", 0), "has its memory")
    daemon.says("has ended")
    started.process.kill()
    started.process.wait()
    time.sleep(0.3)
    open(luck.path("late.stop"), "w").close()
    started.until(lambda: started.said() == "good\n", "goes on alone")
    os.unlink(luck.run_directory + "/popcorn/%d" % started.pid)
    slow.close()
    daemon.ends_well()


def test_home_asked_to_leave_meanwhile(luck):
    asked_meanwhile(luck, 0, "migrate", "far").ends_well()


def test_home_saved_meanwhile(luck):
    asked_meanwhile(luck, 0, "checkpoint", "-o", luck.path("saved"), "--leave-running").ends_well()
    luck.expect(GOOD, "", luck.tool("popcorn"), "restore", luck.path("saved"))


def test_home_ends_meanwhile(luck):
    """A program that ends, or is ended, before all has come."""
    daemon = Daemon(luck)
    slow = Slow(daemon.port, 64 * MIB, stop=6 * MIB, home=True)
    started = begin(luck, daemon, "nothing", port=slow.own, to=0)
    started.until(lambda: events(luck, "move", 0), "moves")
    time.sleep(0.5)
    started.process.terminate()
    started.ends(128 + signal.SIGTERM, "")
    daemon.says("has ended")
    slow.close()
    daemon.ends_well()
