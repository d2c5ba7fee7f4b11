"""Nodes on other machines, over libfabric."""

import os
import signal
import socket
import subprocess

import visits
from machines import Daemon

FABRIC = "fabric:127.0.0.1:0"  # libfabric's tcp


def fabric_request(luck, key):
    """What libfabric says first when it connects."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        steady = luck.steady(nodes=["--node", "x86=local", "--node",
                                    "far=fabric:127.0.0.1:%d" % port, "--key", key])
        command = luck.start(luck.tool("popcorn"), "migrate", str(steady.pid), "far")
        sock = server.accept()[0]
        data = sock.recv(4096)
        sock.close()
        command.ends(1, "popcorn migrate: node far: .*\n")
        steady.finishes()
    return data


def carriers(luck):
    def name(pid):
        try:
            with open("/proc/%d/comm" % pid) as file:
                return file.read().strip()
        except OSError:
            return None
    return [pid for pid in luck.processes() if name(pid) == "popcorn-fabric"]


def test_there_and_back(luck):
    visits.run_there_and_back(luck, address=FABRIC)


def test_there_and_back_emulated(luck):
    visits.run_there_and_back(luck, "--isa", "arm=qemu:aarch64", address=FABRIC)


def test_plain_there_and_back(luck):
    visits.run_there_and_back(luck, "--plain", key=None, address=FABRIC)


def test_memory_there_and_back(luck):
    visits.run_there_and_back(luck, what="big", address=FABRIC)


def test_wrong_key(luck):
    visits.refuses_wrong_key(luck, address=FABRIC)


def test_two_programs(luck):
    visits.two_programs(luck, address=FABRIC)


def test_with_tcp(luck):
    """From one machine by libfabric to another one by a socket."""
    visits.between_two_machines(luck, address=FABRIC)


def test_streams(luck):
    daemon = Daemon(luck, address=FABRIC)
    with subprocess.Popen(["cat", visits.big_input(luck)], stdout=subprocess.PIPE) as cat:
        visits.copies(luck, daemon, cat.stdout)
    daemon.ends_well()


def test_stop_and_continue(luck):
    visits.stop_and_continue(luck, address=FABRIC)


def test_silent_connections(luck):
    """Nothing, something else, part of a request, a request and nothing more."""
    daemon = Daemon(luck, address=FABRIC)
    request = fabric_request(luck, daemon.key)
    silent = [visits.connect(daemon) for _ in range(80)]
    for number, data in enumerate((os.urandom(3000), request[:4], request[:16], request[:20],
                                   request[:-1], request, request + bytes(5000))):
        for sock in silent[10 * number:10 * number + 10]:
            sock.sendall(data)
    steady = luck.steady(nodes=daemon.nodes())
    visits.there_and_back(steady)
    steady.finishes()
    daemon.says("refused: the other side does not answer")
    for sock in silent:
        sock.close()
    daemon.ends_well()


def test_nobody_listens(luck):
    daemon = Daemon(luck, address=FABRIC)
    daemon.ends_well()
    daemon.until(lambda: not carriers(luck), "its carrier ends")
    steady = luck.steady(nodes=daemon.nodes())
    steady.migrate("far", 1, "popcorn migrate: node far: .*Connection refused\n")
    steady.finishes()


def test_daemon_ends_while_away(luck):
    daemon = visits.ends_with(luck, lambda daemon: daemon.process.terminate(), address=FABRIC)
    daemon.says("1 programs are sent away")


def test_daemon_killed_while_away(luck):
    visits.ends_with(luck, lambda daemon: daemon.process.kill(), address=FABRIC)


def test_origin_killed_while_away(luck):
    visits.origin_killed(luck, address=FABRIC)


def test_carriers_killed(luck):
    def end(daemon):
        for pid in carriers(luck):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:  # it has nothing to carry any more
                pass
        daemon.says("libfabric's process has gone")
    visits.ends_with(luck, end, address=FABRIC)
