"""A program's visit to another machine, over any kind of link; what strangers say to one."""

import os
import signal
import socket
import subprocess
import time

from luck import Started, Steady
from machines import Daemon
from program import Failure

EXIT_LINK = 76
LINK = "node far: the link was cut while the program was there: .*"


def there_and_back(steady, far="far"):
    for _ in range(2):
        steady.migrate(far)
        if steady.state()["node"] != far:
            raise Failure("not there: %s" % steady.state())
        steady.migrate("x86")


def run_there_and_back(luck, *options, what="threads", **daemon_options):
    daemon = Daemon(luck, *options, **daemon_options)
    steady = luck.steady(what, nodes=daemon.nodes())
    there_and_back(steady)
    steady.finishes()
    steady = luck.steady(what, nodes=daemon.nodes())
    steady.migrate("far")
    steady.finishes()
    daemon.ends_well()


def between_two_machines(luck, **first_options):
    first, second = Daemon(luck, **first_options), Daemon(luck, "--isa", "arm=qemu:aarch64")
    nodes = first.nodes(name="one") + second.nodes(name="two")[2:4]
    steady = luck.steady("threads", nodes=nodes)
    for node in ("one", "two", "one", "x86", "two"):
        steady.migrate(node)
    steady.finishes()
    first.ends_well()
    second.ends_well()


def two_programs(luck, **daemon_options):
    daemon = Daemon(luck, "--max", "2", **daemon_options)
    first = luck.steady("threads", nodes=daemon.nodes())
    second = Second(luck, daemon.nodes())
    first.migrate("far")
    second.migrate("far")
    third = Second(luck, daemon.nodes(), "third")
    third.migrate("far", 1, "popcorn migrate: node far: as many programs as may be are here "
                            "already\n")
    first.migrate("x86")
    daemon.until(lambda: daemon.said().count("has ended") >= 1, "the first one's agent ends")
    third.migrate("far")
    for program in (first, second, third):
        program.finishes()
    daemon.ends_well()


def Second(luck, nodes, name="second"):
    class Other(Steady):
        def __init__(self):
            self.stop, self.beats = luck.path("stop-" + name), luck.path("beats-" + name)
            Started.__init__(self, luck, [luck.tool("popcorn-run"), *nodes,
                                          luck.program("steady"), self.stop, self.beats], {})
            self.goes_on()

    other = Other()
    luck.started.append(other)
    return other


def refuses_wrong_key(luck, **daemon_options):
    daemon = Daemon(luck, **daemon_options)
    luck.expect(0, "", luck.tool("popcorn"), "key", luck.path("other"))
    steady = luck.steady(nodes=daemon.nodes(key=luck.path("other")))
    steady.migrate("far", 1, "popcorn migrate: node far: TLS handshake: .*\n")
    daemon.says("refused: TLS handshake")
    if "brings" in daemon.said():
        raise Failure(daemon.said())
    steady.finishes()
    daemon.ends_well()


def ends_with(luck, end, **daemon_options):
    daemon = Daemon(luck, **daemon_options)
    steady = luck.steady("threads", nodes=daemon.nodes())
    steady.migrate("far")
    end(daemon)
    steady.ends(EXIT_LINK, "popcorn-run: %s\n" % LINK)
    before = steady.beat()
    time.sleep(0.1)
    if steady.beat() != before:
        raise Failure("the copy goes on")
    daemon.process.wait(20)
    return daemon


def origin_killed(luck, **daemon_options):
    daemon = Daemon(luck, **daemon_options)
    steady = luck.steady("threads", nodes=daemon.nodes())
    steady.migrate("far")
    steady.process.kill()
    steady.process.wait()
    daemon.says("has ended")
    before = steady.beat()
    time.sleep(0.1)
    if steady.beat() != before:
        raise Failure("the copy goes on")
    for name in os.listdir(luck.run_directory + "/popcorn"):
        os.unlink(luck.run_directory + "/popcorn/" + name)
    daemon.ends_well()


def big_input(luck, lines=300000):
    with open(luck.path("input"), "w") as file:
        file.writelines("%d\n" % i for i in range(lines))
    return luck.path("input")


def copies(luck, daemon, source, *more, how="slow", hops="50:5-40:1", status=9):
    """streams.c moved about while it copies: not a byte is lost or doubled."""
    trace = luck.path("trace")
    command = [luck.tool("popcorn-run"), "--trace", trace, "--hop", hops, *daemon.nodes(),
               luck.program("streams"), how, *more]
    done = subprocess.run(command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=luck.environment, cwd=luck.where, timeout=60)
    with open(luck.path("input"), "rb") as file:
        expected = file.read()
    with open(trace) as file:
        events = file.read()
    failed = [line for line in events.splitlines()  # the last one may come too late
              if "event=failed" in line and "the program ended" not in line]
    if (done.returncode != status or done.stdout != expected
            or done.stderr != b"total %d\n" % len(expected) or failed):
        raise Failure("status %d, %d of %d bytes, %r\n%s" % (
            done.returncode, len(done.stdout), len(expected), done.stderr, events))
    if events.count("event=move") < 3:
        raise Failure("hardly moved:\n" + events)


def stop_and_continue(luck, **daemon_options):
    daemon = Daemon(luck, **daemon_options)
    steady = luck.steady("threads", nodes=daemon.nodes(), preexec_fn=os.setpgrp)
    steady.migrate("far")
    for _ in range(3):
        steady.process.send_signal(signal.SIGTSTP)
        steady.until(lambda: is_stopped(steady.pid), "popcorn-run stops")
        time.sleep(0.2)
        before = steady.beat()
        time.sleep(0.2)
        if steady.beat() != before:
            raise Failure("the program goes on")
        steady.process.send_signal(signal.SIGCONT)
        steady.goes_on()
    steady.migrate("x86")
    steady.finishes()
    daemon.ends_well()


def is_stopped(pid):
    with open("/proc/%d/stat" % pid) as file:
        return file.read().rsplit(")", 1)[1].split()[0] == "T"


def connect(daemon):
    sock = socket.create_connection(("127.0.0.1", daemon.port))
    sock.settimeout(20)
    return sock


def rest(sock):
    data = b""
    try:
        while True:
            more = sock.recv(65536)
            if not more:
                return data
            data += more
    except (ConnectionError, OSError):
        return data
