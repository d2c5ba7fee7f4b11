"""Nodes on other machines: ways there, links that are cut."""

import os
import re
import socket
import time

from machines import Daemon, Proxy
from program import Failure, Program
from visits import (EXIT_LINK, LINK, between_two_machines, ends_with, origin_killed,
                    run_there_and_back, there_and_back, two_programs)


def test_threads_there_and_back(luck):
    run_there_and_back(luck)


def test_threads_there_and_back_emulated(luck):
    run_there_and_back(luck, "--isa", "arm=qemu:aarch64")


def test_plain_there_and_back(luck):
    run_there_and_back(luck, "--plain", key=None)


def test_memory_there_and_back(luck):
    run_there_and_back(luck, what="big")


def test_wanted_isa(luck):
    daemon = Daemon(luck, "--isa", "x86=local", "--isa", "arm=qemu:aarch64")
    nodes = daemon.nodes()
    nodes[3] += ",isa=aarch64"
    steady = luck.steady(nodes=nodes)
    steady.migrate("far")
    if "aarch64" not in luck.output(luck.tool("popcorn"), "ps")[1]:
        raise Failure("not on aarch64")
    steady.finishes()
    daemon.ends_well()
    daemon = Daemon(luck, "--isa", "x86=local")
    nodes[3] = daemon.nodes()[3] + ",isa=aarch64"
    steady = luck.steady(nodes=nodes)
    steady.migrate("far", 1, "popcorn migrate: node far: no node of that ISA here\n")
    steady.finishes()
    daemon.ends_well()


def test_between_two_machines(luck):
    between_two_machines(luck)


def test_unix_socket(luck):
    path = os.path.join(luck.run_directory, "daemon")
    daemon = Daemon(luck, key=None, address="unix:" + path)
    steady = luck.steady(nodes=["--node", "x86=local", "--node", "far=unix:" + path])
    there_and_back(steady)
    steady.finishes()
    daemon.ends_well()


def test_nobody_listens(luck):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    luck.expect(0, "", luck.tool("popcorn"), "key", luck.path("key"))
    steady = luck.steady(nodes=["--node", "x86=local", "--node", "far=tcp:127.0.0.1:%d" % port,
                                "--key", luck.path("key")])
    steady.migrate("far", 1, "popcorn migrate: node far: .*[Cc]onnection refused\n")
    steady.finishes()


def test_hosts(luck):
    """Nodes from a file, a list, a Slurm job: taken, or refused with the place."""
    daemon = Daemon(luck)
    hosts = luck.path("hosts")

    def write(text):
        with open(hosts, "w") as file:
            file.write(text)

    write("# comment\n\n127.0.0.1 port=%d slots=4 name=far  # this one\n" % daemon.port)
    steady = luck.steady(nodes=["--hostfile", hosts, "--key", daemon.key])
    steady.migrate("far")
    steady.migrate("local")
    steady.finishes()
    steady = luck.steady(nodes=["-H", "127.0.0.1:%d" % daemon.port, "--key", daemon.key])
    steady.migrate("127.0.0.1")
    steady.finishes()
    daemon.ends_well()

    run = [luck.tool("popcorn-run"), "--key", daemon.key]
    app = luck.program("streams")
    for text, why in (("127.0.0.1 port=0\n", "hosts:1: 'port=0'.*"),
                      ("# x\n127.0.0.1 slots=many\n", "hosts:2: 'slots=many'.*"),
                      ("127.0.0.1 name=\n", "hosts:1: 'name='.*"),
                      ("127.0.0.1 name=" + "n" * 40, "hosts:1: 'name=.*"),
                      ("127.0.0.1\n127.0.0.1\n", "hosts:2: node '127.0.0.1' is named twice"),
                      ("x" * 2000, "hosts:1: line too long"),
                      ("no.such.host.invalid", "hosts:1: no.such.host.invalid: .*"),
                      ("# nothing\n", "hosts: no hosts")):
        write(text)
        luck.expect(125, "popcorn-run: .*%s\n" % why, *run, "--hostfile", hosts, app)
    luck.expect(125, ".*No such file.*\n", *run, "--hostfile", luck.path("none"), app)
    luck.expect(125, ".*HOST,HOST.*\n", *run, "-H", "127.0.0.1,,", app)
    for nodes, why in (("a[1-", "no ]"), ("a[3-1]", "a range of numbers.*"),
                       ("a[1-3]]", "a name.*"), ("a[]", "a range of numbers.*"),
                       ("a[1-9999999999]", "a range of numbers.*"), (",", "a name.*"),
                       ("a[x]", "a range of numbers.*"), ("", ".*no Slurm job"),
                       ("127.0.0.[1-99]", "too many nodes"), ("127.0.[0-9].[1-9]", "too many.*")):
        luck.expect(125, "popcorn-run: .*%s\n" % why, *run, "--slurm", app,
                    env=dict(luck.environment, SLURM_JOB_NODELIST=nodes))
    for nodes in ("127.0.0.[1-3,07],127.0.1.1", "127.0.[0-1].[1-2]"):
        luck.expect(9, "total 0\n", *run, "--slurm", app,
                    env=dict(luck.environment, SLURM_JOB_NODELIST=nodes))


def hops_there(luck, program, app, every, pause):
    """What it does, and its timeline; at every so many polls it stays so many microseconds."""
    trace = luck.path("trace")
    settings = dict(POPCORN_SELF=every, POPCORN_SELF_PAUSE=pause)
    daemon = Daemon(luck, "--isa", "arm=qemu:aarch64", env=settings)
    got = luck.output(
        luck.tool("popcorn-run"), *daemon.nodes(), "--quiet", "--trace", trace,
        "--hop", "20:0-1:13", app, *program.args, seconds=60,
        env=dict(luck.environment, **settings))
    daemon.ends_well()
    with open(trace) as file:
        return got, file.read()


def test_many_programs(luck):
    """Of the test-suite, hopping between this machine and an emulated other one."""
    suite = os.path.dirname(luck.folder)
    moves = 0
    for name in ("migrate/qsort-callback", "migrate/setjmp-nested", "migrate/function-pointers",
                 "thread/mutex-counter", "thread/condition-queue", "thread/tls"):
        program = Program(os.path.join(suite, name + ".c"), luck.build)
        app = program.popcorn(luck.path(os.path.basename(name)), "O1")
        natively = luck.output(app, *program.args)
        # One that polls seldom ends before it has been met often.
        for every, pause in ("97", "4000"), (program.every, "4000"), (program.every, "40000"):
            got, events = hops_there(luck, program, app, every, pause)
            failed = [line for line in events.splitlines()
                      if "event=failed" in line and "the program ended" not in line]
            if got != natively or failed:
                raise Failure("%s: %s, natively %s\n%s" % (name, got, natively, events))
            if events.count("event=move") >= 4:
                break
        moves += events.count("event=move")
    if moves < 20:
        raise Failure("only %d moves" % moves)


def test_two_programs(luck):
    two_programs(luck)


def test_stays_with_what_cannot_follow(luck):
    daemon = Daemon(luck)
    ours, theirs = socket.socketpair()
    steady = luck.steady(nodes=daemon.nodes(), pass_fds=[theirs.fileno()])
    steady.migrate("far", 1, r"popcorn migrate: the program cannot leave: its descriptor %d "
                             r"\(socket .*\) belongs to this machine\n" % theirs.fileno())
    steady.finishes()
    ours.close()
    theirs.close()
    daemon.ends_well()


def test_checkpoint_while_away(luck):
    daemon = Daemon(luck, "--isa", "arm=qemu:aarch64")
    steady = luck.steady("threads", nodes=daemon.nodes())
    steady.migrate("far")
    saved = luck.path("saved")
    steady.popcorn(0, "", "checkpoint", "-o", saved, "--leave-running")
    steady.goes_on()
    steady.migrate("x86")
    steady.migrate("far")
    steady.popcorn(0, "", "checkpoint", "-o", saved)
    steady.ends(75, "")
    daemon.says("has ended")
    restored = luck.restored(luck.tool("popcorn"), "restore", saved)
    restored.finishes()
    daemon.ends_well()


# --- Links that are cut ------------------------------------------------------

def at_every_record(luck, then_of, restart):
    """The link ends at the Nth record of a move, for each N: the program goes on."""
    daemon = Daemon(luck)
    for number in range(1, 200):
        if restart and daemon.process.poll() is not None:
            daemon = Daemon(luck)
        proxy = Proxy(daemon.port, number)
        proxy.then = then_of(daemon, proxy)
        for path in (luck.path("stop"), luck.path("beats")):
            if os.path.exists(path):
                os.unlink(path)
        steady = luck.steady("threads", nodes=daemon.nodes(port=proxy.own))
        status, output = luck.output(luck.tool("popcorn"), "migrate", str(steady.pid), "far")
        if status:
            if not re.fullmatch("popcorn migrate: node far: .*\n", output):
                raise Failure("record %d: %s" % (number, output))
            steady.goes_on()
            steady.finishes(r"(popcorn-run: node far: .*\n)?good\n")
        proxy.close()
        if not status:
            steady.ends(EXIT_LINK, "popcorn-run: %s\n" % LINK)
            break
    if number < 6:
        raise Failure("moved at record %d" % number)
    return daemon


def test_link_cut_at_every_record(luck):
    at_every_record(luck, lambda daemon, proxy: proxy.cut, False).ends_well()


def test_daemon_killed_at_every_record(luck):
    def killer(daemon, proxy):
        def then(data):
            daemon.process.kill()
            daemon.process.wait()
            time.sleep(0.1)
            proxy.cut()
        return then
    at_every_record(luck, killer, True).ends_well()


def test_link_cut_while_away(luck):
    daemon = Daemon(luck)
    proxy = Proxy(daemon.port)
    steady = luck.steady("threads", nodes=daemon.nodes(port=proxy.own))
    steady.migrate("far")
    proxy.close()
    steady.ends(EXIT_LINK, "popcorn-run: %s\n" % LINK)
    daemon.says("has ended")
    before = steady.beat()
    time.sleep(0.1)
    if steady.beat() != before:
        raise Failure("the copy goes on")
    daemon.ends_well()


def test_daemon_ends_while_away(luck):
    daemon = ends_with(luck, lambda daemon: daemon.process.terminate())
    daemon.says("1 programs are sent away")


def test_daemon_killed_while_away(luck):
    ends_with(luck, lambda daemon: daemon.process.kill())


def test_origin_killed_while_away(luck):
    origin_killed(luck)
