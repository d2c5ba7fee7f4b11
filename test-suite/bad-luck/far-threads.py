"""Threads on other machines' nodes: keys, links, and the ends of them."""

import os
import re
import signal
import time

from machines import Daemon, Hastening, Proxy
from nodes import EXIT_SAVED
from program import Failure, Program, Skip

RESULT = r"ready [\d ]+\ncounted\n"
LOST = (r"popcorn-run: node far: (the link was cut while threads were there: .*"
        r"|its process ended, and with it a part of the program)\n")


def begin(luck, nodes, arguments=()):
    """away.c, a thread of it on each of the nodes; and home's pid."""
    started = luck.start(luck.tool("popcorn-run"), *nodes, luck.program("away"), luck.path("stop"),
                         *arguments)
    started.until(lambda: "ready" in started.said(), "its threads have left")
    return started, int(re.search(r"ready (\d+)", started.said())[1])


def stop(luck):
    open(luck.path("stop"), "w").close()


def there_and_back(luck, *options, nodes=None, **daemon_options):
    daemon = Daemon(luck, *options, **daemon_options)
    started, _ = begin(luck, nodes or daemon.nodes())
    stop(luck)
    started.ends(7, RESULT, 10)
    luck.expect(7, "good\n", luck.tool("popcorn-run"), *(nodes or daemon.nodes()),
                luck.program("visits"))
    daemon.ends_well()


def test_there_and_back(luck):
    there_and_back(luck)


def test_there_and_back_emulated(luck):
    there_and_back(luck, "--isa", "arm=qemu:aarch64")


def test_there_and_back_from_emulated(luck):
    daemon = Daemon(luck, "--isa", "arm=qemu:aarch64")
    nodes = ["arm=qemu:aarch64" if word == "x86=local" else word for word in daemon.nodes()]
    started, _ = begin(luck, nodes)
    stop(luck)
    started.ends(7, RESULT, 10)
    daemon.ends_well()


def test_plain_there_and_back(luck):
    there_and_back(luck, "--plain", key=None)


def test_unix_socket(luck):
    path = os.path.join(luck.run_directory, "daemon")
    there_and_back(luck, key=None, address="unix:" + path,
                   nodes=["--node", "x86=local", "--node", "far=unix:" + path])


def test_three_machines(luck):
    """A thread that goes from one to another comes by its home."""
    one, two = Daemon(luck), Daemon(luck, "--isa", "arm=qemu:aarch64")
    nodes = one.nodes(name="far") + two.nodes(name="arm")[2:4]
    trace = luck.path("trace")
    started, home = begin(luck, [*nodes, "--trace", trace])
    first = re.search(r"ready \d+ (\d+)", started.said())[1]
    for tid, node in ((first, "arm"), (str(home), "far"), (first, "x86"), (str(home), "arm"),
                      (str(home), "x86"), (first, "far")):
        luck.expect(0, "", luck.tool("popcorn"), "migrate", str(started.pid), "--thread", tid, node)
    stop(luck)
    started.ends(7, RESULT, 10)
    if "threads_left=6" not in open(trace).read():
        raise Failure(open(trace).read())
    one.ends_well()
    two.ends_well()


def two_programs(luck, **daemon_options):
    daemon = Daemon(luck, **daemon_options)
    pairs = [luck.start(luck.tool("popcorn-run"), *daemon.nodes(), luck.program("visits"))
             for _ in range(4)]
    for started in pairs:
        started.ends(7, "good\n")
    daemon.ends_well()


def test_two_programs(luck):
    two_programs(luck)


def test_moved_meanwhile(luck):
    """All threads come home, and the program moves as a whole, there too; and back."""
    daemon = Daemon(luck)
    started, _ = begin(luck, daemon.nodes())
    for node in ("far", "x86"):
        luck.expect(0, "", luck.tool("popcorn"), "migrate", str(started.pid), node)
    stop(luck)
    started.ends(7, RESULT, 10)
    daemon.ends_well()


def test_saved_meanwhile(luck):
    daemon = Daemon(luck)
    started, _ = begin(luck, daemon.nodes())
    luck.expect(0, ".*", luck.tool("popcorn"), "checkpoint", str(started.pid),
                "-o", luck.path("saved"))
    started.ends(EXIT_SAVED, r"ready [\d ]+\n", 10)
    stop(luck)
    luck.expect(7, "", luck.tool("popcorn"), "restore", luck.path("saved"))
    daemon.ends_well()


def test_not_from_there(luck):
    """A program that is on a visit as a whole keeps its threads together."""
    daemon = Daemon(luck)
    nodes = [*daemon.nodes(), "--start", "x86", "--at", "0.1:far"]
    started = luck.start(luck.tool("popcorn-run"), *nodes, luck.program("steady"),
                         luck.path("stop"), luck.path("beats"))
    started.until(lambda: "brings" in daemon.said() and os.path.exists(luck.path("beats")),
                  "it has moved")
    time.sleep(0.3)
    luck.expect(1, "popcorn migrate: threads leave from a node of popcorn-run's own machine only\n",
                luck.tool("popcorn"), "migrate", str(started.pid), "--thread", "1", "x86")
    stop(luck)
    started.process.wait(10)
    daemon.ends_well()


def of_suite(luck, name):
    suite = os.path.dirname(luck.folder)
    return Program(os.path.join(suite, "thread", name + ".c"), luck.build).popcorn(
        luck.path(name), "O2")


def clocks(luck):
    return of_suite(luck, "clocks")


def test_shares_a_file(luck):
    """Another machine cannot have the file's pages: threads stay, and hear why."""
    daemon = Daemon(luck)
    why = "popcorn: threads stay on their node: the program shares a file's pages, and the node " \
          "is on another machine\n"
    luck.expect(0, "(%s)+1200 1200 0\n(300 90[0-3] 300\n){4}" % why, luck.tool("popcorn-run"),
                *daemon.nodes(), of_suite(luck, "shared-file"))
    daemon.ends_well()


def test_other_clocks(luck):
    """Machines whose CLOCK_MONOTONIC has begun long before, and long after, home's."""
    app = clocks(luck)
    for offset in (50000, -int(time.monotonic()) // 2):
        prefix = ("unshare", "--time", "--monotonic", str(offset))
        if luck.output(*prefix, "true")[0]:
            raise Skip("no time namespaces for us")
        daemon = Daemon(luck, prefix=prefix)
        luck.expect(0, "forwards\n", luck.tool("popcorn-run"), *daemon.nodes(), app)
        daemon.ends_well()


def test_clocks_when_a_link_gets_faster(luck):
    """What a thread hears of home is not later than its own time."""
    daemon = Daemon(luck)
    proxy = Hastening(daemon.port, 60)
    luck.expect(0, "forwards\n", luck.tool("popcorn-run"), *daemon.nodes(port=proxy.own),
                clocks(luck))
    proxy.close()
    daemon.ends_well()


# --- Ends ----------------------------------------------------------------------

def process_there(luck, started, home):
    """The node's process: neither home, nor popcorn-run, nor an agent."""
    found = [pid for pid in luck.processes() if pid not in (home, started.pid)
             and "popcornd" not in open("/proc/%d/cmdline" % pid).read()]
    if len(found) != 1:
        raise Failure("processes %s" % found)
    return found[0]


def agent_there(daemon):
    return int(re.findall(r"agent (\d+)\n", daemon.said())[-1])


def lost(luck, end, **daemon_options):
    """Its node ends: so does the program, with one line."""
    daemon = Daemon(luck, **daemon_options)
    started, home = begin(luck, daemon.nodes())
    end(daemon, started, home)
    started.ends(125, r"ready [\d ]+\n" + LOST, 10)
    return daemon


def test_process_killed(luck):
    lost(luck, lambda daemon, started, home:
         os.kill(process_there(luck, started, home), signal.SIGKILL)).ends_well()


def test_agent_killed(luck):
    daemon = lost(luck, lambda daemon, started, home: os.kill(agent_there(daemon), signal.SIGKILL))
    daemon.says("was ended by signal 9")
    daemon.ends_well()


def test_daemon_ends(luck):
    lost(luck, lambda daemon, started, home: daemon.process.terminate()).process.wait(20)


def test_daemon_killed(luck):
    lost(luck, lambda daemon, started, home: daemon.process.kill()).process.wait(20)


def test_link_cut(luck):
    daemon = Daemon(luck)
    proxy = Proxy(daemon.port)
    started, _ = begin(luck, daemon.nodes(port=proxy.own))
    proxy.close()
    started.ends(125, r"ready [\d ]+\n" + LOST, 10)
    daemon.says("has ended")
    daemon.ends_well()


def test_home_killed(luck):
    daemon = Daemon(luck)
    started, home = begin(luck, daemon.nodes())
    os.kill(home, signal.SIGKILL)
    started.ends(128 + signal.SIGKILL, r"ready [\d ]+\n", 10)
    daemon.says("has ended")
    daemon.ends_well()


def test_origin_killed(luck):
    daemon = Daemon(luck)
    started, _ = begin(luck, daemon.nodes())
    started.process.kill()
    started.process.wait(10)
    daemon.says("has ended")
    os.unlink(luck.run_directory + "/popcorn/%d" % started.pid)
    daemon.ends_well()


def test_fault(luck):
    """As if the thread had never left."""
    near = ["--node", "near=local"]
    daemon = Daemon(luck)
    nodes = daemon.nodes()
    started, _ = begin(luck, nodes[:2] + near + nodes[2:], ["fault"])
    stop(luck)
    started.ends(128 + signal.SIGSEGV, r"ready [\d ]+\n", 10)
    daemon.ends_well()


def test_exec(luck):
    daemon = Daemon(luck)
    started, _ = begin(luck, daemon.nodes(), ["exec"])
    stop(luck)
    started.ends(5, r"ready [\d ]+\nexecuted\n", 10)
    daemon.ends_well()


# --- Threads that cannot leave ---------------------------------------------------

def stays(luck, nodes, why):
    stop(luck)
    luck.expect(7, r"popcorn: node far: %s\npopcorn_migrate_thread: .*\n" % why + RESULT,
                luck.tool("popcorn-run"), *nodes, luck.program("away"), luck.path("stop"))


def test_wrong_key(luck):
    daemon = Daemon(luck)
    luck.expect(0, "", luck.tool("popcorn"), "key", luck.path("other"))
    stays(luck, daemon.nodes(key=luck.path("other")), "TLS handshake: .*")
    daemon.says("refused: TLS handshake")
    daemon.ends_well()


def test_nobody_listens(luck):
    daemon = Daemon(luck)
    daemon.process.kill()
    daemon.process.wait(10)
    stays(luck, daemon.nodes(), ".*[Cc]onnection refused")


def test_not_welcome(luck):
    daemon = Daemon(luck, "--allow-build", luck.program("steady"))
    stays(luck, daemon.nodes(), "this program is not welcome here")
    daemon.ends_well()


# --- At every record -------------------------------------------------------------

def at_every_record(luck, then_of, step=1, restart=False, whole=False):
    """Something happens to the Nth record of a run, for each N, or each step-th: either its
    result is right, or it ends with one line."""
    step = int(os.environ.get("POPCORN_TEST_RECORDS", step))
    daemon = Daemon(luck)
    right = wrong = 0
    for number in range(1, 4000, step):
        if restart and daemon.process.poll() is not None:
            daemon = Daemon(luck)
        proxy = Proxy(daemon.port, number)
        proxy.then = then_of(daemon, proxy)
        started = luck.start(luck.tool("popcorn-run"), *daemon.nodes(port=proxy.own),
                             luck.program("visits"))
        try:
            status = started.process.wait(20)
        except Exception:
            started.fail("record %d: does not end" % number)
        met = proxy.count >= number
        proxy.close()
        said = started.said()
        if status == 7 and re.fullmatch(r"(popcorn: node far: .*\n)*good\n", said):
            right += 1
        elif status == 125 and not whole and re.fullmatch(LOST, said):
            wrong += 1
        else:
            started.fail("record %d: exit status %d" % (number, status))
        luck.started.remove(started)
        started.file.close()
        if not met:
            break
    if number < 60 or (not whole and wrong * step < 60) or right < 1:
        raise Failure("%d records, %d good ends, %d others" % (number, right, wrong))
    return daemon


def test_cut_at_every_record(luck):
    at_every_record(luck, lambda daemon, proxy: proxy.cut, 5).ends_well()


def test_daemon_killed_at_every_record(luck):
    def killer(daemon, proxy):
        def then(data):
            daemon.process.kill()
            daemon.process.wait()
            time.sleep(0.05)
            proxy.cut()
        return then
    at_every_record(luck, killer, 13, True).ends_well()


def test_delay_of_every_record(luck):
    at_every_record(luck, lambda daemon, proxy: proxy.later, 13, whole=True).ends_well()


def test_every_record_twice(luck):
    at_every_record(luck, lambda daemon, proxy: proxy.twice, 13).ends_well()


def test_every_record_behind_the_next(luck):
    at_every_record(luck, lambda daemon, proxy: proxy.behind_the_next, 13).ends_well()


def test_damage_to_every_record(luck):
    at_every_record(luck, lambda daemon, proxy: proxy.damaged, 13).ends_well()


# --- libfabric -------------------------------------------------------------------

FABRIC = "fabric:127.0.0.1:0"


def test_fabric_there_and_back(luck):
    there_and_back(luck, address=FABRIC)


def test_fabric_there_and_back_emulated(luck):
    there_and_back(luck, "--isa", "arm=qemu:aarch64", address=FABRIC)


def test_fabric_two_programs(luck):
    two_programs(luck, address=FABRIC)


def test_fabric_daemon_ends(luck):
    lost(luck, lambda daemon, started, home: daemon.process.terminate(),
         address=FABRIC).process.wait(20)


def test_fabric_daemon_killed(luck):
    lost(luck, lambda daemon, started, home: daemon.process.kill(),
         address=FABRIC).process.wait(20)


def test_fabric_agent_killed(luck):
    daemon = lost(luck, lambda daemon, started, home: os.kill(agent_there(daemon), signal.SIGKILL),
                  address=FABRIC)
    daemon.says("was ended by signal 9")
    daemon.ends_well()
