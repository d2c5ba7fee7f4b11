"""Streams, signals and the end of a program that is on another machine."""

import signal
import socket
import subprocess
import threading
import time

from machines import Daemon
from program import Failure
from visits import big_input, copies, stop_and_continue


def test_streams_pipe(luck):
    daemon = Daemon(luck)
    with subprocess.Popen(["cat", big_input(luck)], stdout=subprocess.PIPE) as cat:
        copies(luck, daemon, cat.stdout)
    daemon.ends_well()


def test_streams_file(luck):
    daemon = Daemon(luck)
    with open(big_input(luck), "rb") as file:
        copies(luck, daemon, file)
    daemon.ends_well()


def test_streams_emulated(luck):
    daemon = Daemon(luck, "--isa", "arm=qemu:aarch64")
    with subprocess.Popen(["cat", big_input(luck, 900000)], stdout=subprocess.PIPE) as cat:
        copies(luck, daemon, cat.stdout, hops="50:5-40:1")
    daemon.ends_well()


def test_streams_socket(luck):
    daemon = Daemon(luck)
    ours, theirs = socket.socketpair()
    with open(big_input(luck), "rb") as file:
        data = file.read()
    sender = threading.Thread(target=lambda: (ours.sendall(data), ours.close()))
    sender.start()
    copies(luck, daemon, theirs)
    sender.join()
    daemon.ends_well()


def test_output_is_not_read(luck):
    """Back-pressure: the program waits, and all comes in the end; it can even leave."""
    daemon = Daemon(luck)
    hold = luck.path("hold")
    big_input(luck)
    with open(luck.path("input"), "rb") as source:
        run = subprocess.Popen([luck.tool("popcorn-run"), *daemon.nodes(), "--at", "100:far",
                                luck.program("streams"), "hold", hold], stdin=source,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=luck.environment, cwd=luck.where)
        daemon.says("brings")
        open(hold, "w").close()
        time.sleep(1)
        out, err = run.communicate(timeout=30)
    with open(luck.path("input"), "rb") as file:
        if out != file.read() or run.returncode != 9:
            raise Failure("status %d, %d bytes, %r" % (run.returncode, len(out), err))
    daemon.ends_well()


def test_reader_goes_away(luck):
    daemon = Daemon(luck)
    big_input(luck)
    with open(luck.path("input"), "rb") as source:
        run = subprocess.Popen([luck.tool("popcorn-run"), *daemon.nodes(), "--at", "100:far",
                                luck.program("streams"), "slow"], stdin=source,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=luck.environment, cwd=luck.where)
        daemon.says("brings")
        time.sleep(0.3)
        run.stdout.close()
        status = run.wait(30)
        run.stderr.close()
    if status not in (128 + signal.SIGPIPE, 1):  # python's children may ignore it
        raise Failure("status %d" % status)
    daemon.ends_well()


def test_statuses(luck):
    daemon = Daemon(luck)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        steady = luck.steady(nodes=daemon.nodes())
        steady.migrate("far")
        steady.process.send_signal(number)
        steady.ends(128 + number, "")
    steady = luck.steady("handles", nodes=daemon.nodes())
    steady.migrate("far")
    steady.process.send_signal(signal.SIGTERM)
    steady.process.send_signal(signal.SIGHUP)
    steady.until(lambda: "!!" in steady.said(), "both are handled")
    steady.migrate("x86")
    steady.process.send_signal(signal.SIGINT)
    steady.until(lambda: "!!!" in steady.said(), "this one too")
    steady.finishes("!!!good\nTERM 1 INT 1 HUP 1\n")
    daemon.ends_well()


def test_stop_and_continue(luck):
    stop_and_continue(luck)
