"""Threads on other nodes, and what becomes of a program when those are gone."""

import os
import re
import signal
import time

from luck import NODES
from nodes import EXIT_SAVED
from program import Failure

THREE = [*NODES, "--node", "other=local"]
EMULATED = [*THREE[2:4], *THREE[:2], *THREE[4:]]  # at home
BUSY = r"popcorn: another operation is under way\n"
RESULT = r"ready [\d ]+\ncounted\n"


def begin(luck, nodes=THREE, arguments=(), program="away", **options):
    """The program, its threads away; and its processes: home's pid first."""
    app = luck.program(program)
    started = luck.start(luck.tool("popcorn-run"), *nodes, app, luck.path("stop"), *arguments,
                         **options)
    started.until(lambda: "ready" in started.said(), "its threads have left")
    home = int(re.search(r"ready (\d+)", started.said())[1])
    others = [pid for pid in luck.processes() if pid not in (home, started.pid)]
    return started, home, others


def emulated_by(luck, script):
    """An environment whose emulator is a shell script."""
    emulator = luck.path("qemu-aarch64")
    with open(emulator, "w") as file:
        file.write("#!/bin/sh\n" + script)
    os.chmod(emulator, 0o755)
    return dict(luck.environment, PATH=luck.where + ":/usr/bin:/bin")


def test_there_and_back(luck):
    started, _, _ = begin(luck)
    open(luck.path("stop"), "w").close()
    started.ends(7, RESULT, 5)


def lose_node(luck, is_wanted):
    started, _, others = begin(luck)
    wanted = [pid for pid in others if is_wanted(open("/proc/%d/cmdline" % pid).read())]
    os.kill(wanted[0], signal.SIGKILL)
    started.ends(125, r"ready [\d ]+\npopcorn-run: node \w+: its process ended, and with it a part "
                      r"of the program\n", 5)


def test_node_killed(luck):
    lose_node(luck, lambda command: "qemu" not in command)


def test_emulated_node_killed(luck):
    lose_node(luck, lambda command: "qemu" in command)


def test_empty_node_killed(luck):
    """Nobody is there, and nothing that is nowhere else: it begins anew when somebody comes."""
    started, _, (node,) = begin(luck, NODES, program="leaves")
    os.kill(node, signal.SIGKILL)
    started.until(lambda: not os.path.exists("/proc/%d" % node), "its agent has heard")
    open(luck.path("stop"), "w").close()
    started.ends(0, r"ready \d+\nagain\n", 5)


def test_home_killed(luck):
    started, home, _ = begin(luck)
    os.kill(home, signal.SIGKILL)
    started.ends(128 + signal.SIGKILL, r"ready [\d ]+\n", 5)


def test_emulated_home(luck):
    started, _, _ = begin(luck, EMULATED)
    open(luck.path("stop"), "w").close()
    started.ends(7, RESULT, 5)


def test_emulated_home_killed(luck):
    started, home, _ = begin(luck, EMULATED)
    os.kill(home, signal.SIGKILL)
    started.ends(128 + signal.SIGKILL, r"ready [\d ]+\n", 5)


def test_emulated_home_fault(luck):
    started, _, _ = begin(luck, EMULATED, ["fault"])
    open(luck.path("stop"), "w").close()
    started.ends(128 + signal.SIGSEGV, r"ready [\d ]+\n(qemu: uncaught target signal .*\n)?", 5)


def test_home_goes_about(luck):
    """The program moves, and from wherever it is a thread leaves."""
    started, home, _ = begin(luck)
    tids = re.search(r"ready \d+ (\d+) (\d+)", started.said()).groups()
    for home, away in (("arm", "x86"), ("other", "arm"), ("arm", "other"), ("x86", "arm")):
        luck.expect(0, "", luck.tool("popcorn"), "migrate", str(started.pid), home)
        for tid, node in zip(tids, (away, home)):
            luck.expect(0, "", luck.tool("popcorn"), "migrate", str(started.pid), "--thread", tid,
                        node)
    open(luck.path("stop"), "w").close()
    started.ends(7, RESULT, 5)


def test_environment_of_emulated_home(luck):
    """What its emulator was told is not the program's, what the user preloads is."""
    for preloaded in (None, "libm.so.6"):
        environment = {key: value for key, value in luck.environment.items() if key != "LD_PRELOAD"}
        if preloaded:
            environment["LD_PRELOAD"] = preloaded
        wanted = sorted("%s=%s" % pair for pair in environment.items())
        status, output = luck.output(luck.tool("popcorn-run"), *EMULATED, luck.program("environment"),
                                     env=environment)
        if status or sorted(output.splitlines()) != wanted:
            raise Failure("%d: %s, not %s" % (status, output, wanted))


def test_emulator_preloads_nothing(luck):
    """It makes no userfaultfd: threads stay, and what it was told is not the program's."""
    environment = emulated_by(luck, "unset LD_PRELOAD\nexec /usr/bin/qemu-aarch64 \"$@\"\n")
    nodes = EMULATED[:4]
    luck.expect(0, "((?!POPCORN_USERFAULT).*\n)*", luck.tool("popcorn-run"), *nodes,
                luck.program("environment"), env=environment)
    open(luck.path("stop"), "w").close()
    luck.expect(7, r"popcorn: threads stay on their node: this kernel has no userfaultfd\n"
                   r"popcorn_migrate_thread: Not supported\n" + RESULT,
                luck.tool("popcorn-run"), *nodes, luck.program("away"), luck.path("stop"),
                env=environment)
    luck.expect(7, r"popcorn: node arm: userfaultfd: Function not implemented\n"
                   r"popcorn_migrate_thread: .*\n" + RESULT,
                luck.tool("popcorn-run"), *NODES, luck.program("away"), luck.path("stop"),
                env=environment)


def test_agent_killed(luck):
    """Nobody waits for pages or answers that do not come."""
    started, _, _ = begin(luck)
    started.process.kill()
    started.process.wait(timeout=5)
    os.unlink(luck.run_directory + "/popcorn/%d" % started.pid)


def test_no_such_node(luck):
    """Two threads want to a node whose emulator is gone by then."""
    environment = emulated_by(luck, "exit 1\n")
    app = luck.program("away")
    open(luck.path("stop"), "w").close()
    luck.expect(7, r"popcorn: node arm: its process ended before it was ready\n"
                   r"popcorn_migrate_thread: Broken pipe\n" + RESULT,
                luck.tool("popcorn-run"), *NODES, app, luck.path("stop"),
                env=environment)


def test_too_few_addresses(luck):
    """What threads share has a sparse table, which the user's limit may forbid."""
    app = luck.program("away")
    open(luck.path("stop"), "w").close()
    luck.expect(7, r"popcorn: no room for a table of \d+ MiB of addresses \(ulimit -v\?\)\n"
                   r"popcorn_migrate_thread: Out of memory\n" + RESULT,
                "/bin/sh", "-c", 'ulimit -v 700000; exec "$@"', "sh",
                luck.tool("popcorn-run"), "--node", "x86=local", "--node", "other=local",
                app, luck.path("stop"))


def test_moved_meanwhile(luck):
    """A move brings all threads home first, and they go on together."""
    started, _, _ = begin(luck)
    luck.expect(0, "", luck.tool("popcorn"), "migrate", str(started.pid), "other")
    open(luck.path("stop"), "w").close()
    started.ends(7, RESULT, 5)


def test_saved_meanwhile(luck):
    started, _, _ = begin(luck)
    luck.expect(0, ".*", luck.tool("popcorn"), "checkpoint", str(started.pid),
                "-o", luck.path("saved"))
    started.ends(EXIT_SAVED, r"ready [\d ]+\n", 5)
    open(luck.path("stop"), "w").close()
    luck.expect(7, "", luck.tool("popcorn"), "restore", luck.path("saved"))
    started.ends(EXIT_SAVED, RESULT) # to the same file


def test_moved_by_command(luck):
    """The main thread, out of a sleep, and one that is away already."""
    trace = luck.path("trace")
    started, home, _ = begin(luck, [*THREE, "--trace", trace])
    first = re.search(r"ready \d+ (\d+)", started.said())[1]
    for tid, node in ((str(home), "arm"), (first, "other"), (str(home), "other"),
                      (first, "x86"), (str(home), "x86"), (first, "arm")):
        luck.expect(0, "", luck.tool("popcorn"), "migrate", str(started.pid), "--thread", tid, node)
    open(luck.path("stop"), "w").close()
    started.ends(7, RESULT, 5)
    if "threads_left=6" not in open(trace).read():
        raise Failure(open(trace).read())


def test_command_in_vain(luck):
    started, home, _ = begin(luck, [*THREE, "--timeout", "1"])
    for tid, node, says in (("1", "other", "popcorn migrate: no thread 1 came to a poll\n"),
                            ("x", "other", "popcorn migrate: no such thread\n"),
                            (str(home), "nowhere", "popcorn migrate: no node 'nowhere'.*\n")):
        luck.expect(1, says, luck.tool("popcorn"), "migrate", str(started.pid), "--thread", tid, node)
    open(luck.path("stop"), "w").close()
    started.ends(7, RESULT, 5)


def test_exec(luck):
    """Another program is begun: threads elsewhere end with the old one."""
    started, _, _ = begin(luck, arguments=["exec"])
    open(luck.path("stop"), "w").close()
    started.ends(5, r"ready [\d ]+\nexecuted\n", 5)


def test_fault(luck):
    """As if the thread had never left."""
    for nodes in (THREE, [*THREE[:2], "--node", "other=local", *THREE[2:4]]):
        started, _, _ = begin(luck, nodes, ["fault"])
        open(luck.path("stop"), "w").close()
        started.ends(128 + signal.SIGSEGV, r"ready [\d ]+\n(qemu: uncaught target signal .*\n)?", 5)
        os.unlink(luck.path("stop"))


def exits(luck, how, nodes, says="end 1\n", status=9):
    """At some moments, by a thread on each of the nodes, or main."""
    for node in nodes:
        for microseconds in (0, 700, 5000, 20000):
            started = luck.start(luck.tool("popcorn-run"), *THREE, luck.program("exits"),
                                 how, node, str(microseconds))
            started.ends(status, "ready\n" + says, 10)


def test_exit_away(luck):
    """exit() while others wait, fault, hop, come and go; its handlers run once."""
    exits(luck, "exit", ("1", "2"))


def test_exit_at_home(luck):
    exits(luck, "exit", ("0", "main"))


def test_return_from_main(luck):
    exits(luck, "return", ("main",))


def test_quick_exit_away(luck):
    """Its handlers run; nothing is flushed."""
    exits(luck, "quick_exit", ("1", "2"), says="")


def test_short_exit_away(luck):
    exits(luck, "_exit", ("1", "2"), says="")


def test_abort_away(luck):
    exits(luck, "abort", ("1", "2"), r"(qemu: uncaught target signal .*\n)?", 128 + signal.SIGABRT)


def test_exit_and_move(luck):
    """exit() at about the time at which all are to come home and go on elsewhere."""
    for node in ("2", "main"):
        for milliseconds in (0, 40, 90):
            started = luck.start(luck.tool("popcorn-run"), *THREE, luck.program("exits"),
                                 "exit", node, "100000")
            started.until(lambda: "ready" in started.said(), "all is under way")
            time.sleep(milliseconds / 1000)
            luck.output(luck.tool("popcorn"), "migrate", str(started.pid), "other")
            # Threads go on until the process ends.
            started.ends(9, r"ready\n(%s)*end 1\n(%s)*" % (BUSY, BUSY), 10)


def test_moved_before_shared(luck):
    """Threads wait for the first node to begin when the program moves; then they ask again."""
    environment = emulated_by(luck, "sleep 0.4\nexec /usr/bin/qemu-aarch64 \"$@\"\n")
    started = luck.start(luck.tool("popcorn-run"), *THREE, luck.program("exits"), "exit", "1", "0",
                         env=environment)
    time.sleep(0.2)
    luck.expect(0, "", luck.tool("popcorn"), "migrate", str(started.pid), "other")
    started.ends(9, r"(%s)*ready\nend 1\n" % BUSY, 10)


def test_spread_goes_on(luck):
    """POPCORN_SPREAD moves a thread on whose first poll was on a way of its own."""
    trace = luck.path("trace")
    luck.expect(7, "", luck.tool("popcorn-run"), "--node", "x86=local", "--node", "other=local",
                "--trace", trace, luck.program("spreads"),
                env=dict(luck.environment, POPCORN_SPREAD="50"))
    left = int(re.search(r"threads_left=(\d+)", open(trace).read())[1])
    if left < 50:
        raise Failure("threads left %d times" % left)
