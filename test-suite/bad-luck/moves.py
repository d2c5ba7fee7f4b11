"""Moves that fail on the way: the program goes on where it was."""

import os
import re
import signal
import subprocess
import threading
import time

from luck import GOOD, NODES
from nodes import EXIT_SAVED
from program import Failure, Skip

HERE = os.path.dirname(os.path.abspath(__file__))


def test_no_slice(luck):
    """An executable for x86_64 alone."""
    source = os.path.join(HERE, "steady.c")
    app = luck.path("app")
    luck.expect(0, "", luck.tool("popcorn-clang"), "-O1", "--popcorn-isas=x86_64",
                source, "-o", app, seconds=120)
    steady = luck.restored(luck.tool("popcorn-run"), *NODES, app, luck.path("stop"),
                           luck.path("beats"))
    steady.migrate("arm", 1, "popcorn migrate: %s: no slice for aarch64\n" % app)
    steady.finishes()


def test_emulator_absent(luck):
    luck.expect(125, r"popcorn-run: qemu-aarch64 is not installed \(package qemu-user\)\n",
                luck.tool("popcorn-run"), *NODES, "/bin/true",
                env=dict(luck.environment, PATH=luck.where))


def test_emulator_vanishes(luck):
    emulator = luck.path("qemu-aarch64")
    with open(emulator, "w") as file:
        file.write("#!/bin/sh\n")
    os.chmod(emulator, 0o755)
    steady = luck.steady(env=dict(luck.environment, PATH=luck.where + ":/usr/bin:/bin"))
    os.unlink(emulator)
    steady.migrate("arm", 1, "popcorn migrate: %s: No such file or directory\n" % emulator)
    steady.finishes()


def test_emulator_ends_at_once(luck):
    emulator = luck.path("qemu-aarch64")
    with open(emulator, "w") as file:
        file.write("#!/bin/sh\nexit 1\n")
    os.chmod(emulator, 0o755)
    steady = luck.steady(env=dict(luck.environment, PATH=luck.where + ":/usr/bin:/bin"))
    steady.migrate("arm", 1, "popcorn migrate: node arm: its process ended before it was ready\n")
    steady.finishes()


def set_step(luck, step):
    with open(luck.path("step"), "w") as file:
        file.write(str(step))


def kill_at_every_step(luck, emulator):
    """The node's process is killed before and after each message of a move; then,
    with nothing more to be killed at, the move succeeds."""
    os.symlink(os.path.join(HERE, "dying-emulator"), luck.path(emulator))
    steady = luck.steady("threads", nodes=[
        "--node", "x86=local", "--node", "other=qemu:" + emulator[5:]],
        env=dict(luck.environment, PATH=luck.where + ":" + os.environ["PATH"]))
    for step in range(100):
        set_step(luck, step)
        status, output = luck.output(luck.tool("popcorn"), "migrate", str(steady.pid), "other")
        steady.goes_on()
        if not status:
            break
        if not re.fullmatch("popcorn migrate: node other: .*\n", output):
            raise Failure("step %d: %s" % (step, output))
    # READY, STATE, FDS, CWD, RESTORED: before and after each, at least.
    if step < 10 or steady.state()["node"] != "other":
        raise Failure("moved at step %d: %s" % (step, steady.state()))
    steady.finishes()


def test_native_target_dies_at_every_step(luck):
    kill_at_every_step(luck, "qemu-x86_64")


def test_emulated_target_dies_at_every_step(luck):
    kill_at_every_step(luck, "qemu-aarch64")


def test_forked_copy_dies_at_every_step(luck):
    """popcorn_fork fails, or the copy was there and its parent hears how it ended."""
    os.symlink(os.path.join(HERE, "dying-emulator"), luck.path("qemu-aarch64"))
    answers = []
    for step in range(100):
        set_step(luck, step)
        output = luck.expect(
            0, "(popcorn(-run)?: [^\n]*\n)?popcorn_fork: [^\n]*\n", luck.tool("popcorn-run"), *NODES,
            luck.program("forks"), "alone", seconds=20,
            env=dict(luck.environment, PATH=luck.where + ":" + os.environ["PATH"]))
        answers.append(output.split(": ")[-1].strip())
        if answers[-1] == "good":
            break
    if step < 10 or len(set(answers) - {"good", "signal 9"}) != 1:
        raise Failure(str(answers))


def test_many_at_once(luck):
    """Six commands at the same time: each moves it or says why not."""
    steady = luck.steady("threads")
    for node in ("arm", "x86", "arm", "x86"):
        commands = [subprocess.Popen(
            [luck.tool("popcorn"), "migrate", str(steady.pid), node], env=luck.environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(6)]
        ends = []
        for command in commands:
            output = command.communicate(timeout=30)[0].decode()
            ends.append((command.returncode, output))
            if (command.returncode, output) not in (
                    (0, ""), (1, "popcorn migrate: another operation is under way\n")):
                raise Failure(str(ends))
        if not any(status == 0 for status, _ in ends):
            raise Failure("none moved it: %s" % ends)
        steady.goes_on()
    steady.finishes()


def test_command_killed(luck):
    """popcorn migrate and popcorn checkpoint die in the middle."""
    first = steady = luck.steady("big")
    saved = luck.path("saved")
    interrupted = "(popcorn(-run| restore): popcorn checkpoint was interrupted\n)*"
    for delay in (0, 0.005, 0.02, 0.05):
        for command in (["migrate", "PID", "arm"], ["checkpoint", "PID", "-o", saved],
                        ["migrate", "PID", "x86"]):
            command = subprocess.Popen(
                [luck.tool("popcorn"), *(word.replace("PID", str(steady.pid))
                                         for word in command)],
                env=luck.environment, stderr=subprocess.DEVNULL)
            try:
                command.wait(delay)
            except subprocess.TimeoutExpired:
                command.kill()
                command.wait()
            try:
                steady.goes_on()
            except Failure:
                # The file was whole already.
                if steady.process.returncode != EXIT_SAVED:
                    raise
                steady = luck.restored(luck.tool("popcorn"), "restore", *NODES, saved)
    # A restored one goes on with the file that was its output.
    steady.finishes(interrupted + ("good\n" if steady is first else ""))
    if not re.fullmatch(interrupted + "good\n", first.said()):
        first.fail("does not say good at its end")


def test_while_children_come_and_go(luck):
    steady = luck.steady("children")
    for node in 5 * ("arm", "x86"):
        steady.migrate(node)
    steady.finishes()


def test_while_copies_come_and_go(luck):
    """popcorn_fork and popcorn migrate at the same time: one of them waits or says why not."""
    steady = luck.steady("copies")
    moved = 0
    for node in 10 * ("arm", "x86"):
        status, output = luck.output(luck.tool("popcorn"), "migrate", str(steady.pid), node)
        if (status, output) not in (
                (0, ""), (1, "popcorn migrate: another operation is under way\n")):
            raise Failure("%d %s" % (status, output))
        moved += not status
        steady.goes_on()
    if not moved:
        raise Failure("it never moved")
    steady.finishes()


def test_program_executes_another(luck):
    """It is no longer under control; who asks for a move hears so soon."""
    program = luck.program("executes")
    run = luck.start(luck.tool("popcorn-run"), *NODES, program)
    run.until(lambda: "now\n" in run.said(), "exec")
    says = ("popcorn %s: the program has become another one, which is not under "
            "control\n")
    luck.expect(1, says % "migrate", luck.tool("popcorn"), "migrate", str(run.pid), "arm",
                seconds=5)
    luck.expect(1, says % "checkpoint", luck.tool("popcorn"), "checkpoint", str(run.pid),
                "-o", luck.path("saved"), seconds=5)
    run.process.send_signal(signal.SIGTERM)
    run.ends(128 + signal.SIGTERM, "now\n")


def done_or_said_why(luck, command, *arguments):
    """Either it is done and nothing is said, or one line says why not."""
    status, output = luck.output(luck.tool("popcorn"), command, *arguments, seconds=10)
    if (status, output) != (0, "") and not (
            status == 1 and re.fullmatch("popcorn %s: [^\n]*\\w[^\n]*\n" % command, output)):
        raise Failure("popcorn %s: exit status %d\n%s" % (command, status, output))


def test_at_exec(luck):
    """A move is asked for again and again while a program executes itself."""
    run = luck.start(luck.tool("popcorn-run"), *NODES, luck.program("executes"), "soon")
    while "now\n" not in run.said() and run.process.poll() is None:
        done_or_said_why(luck, "migrate", str(run.pid), "arm")
        done_or_said_why(luck, "migrate", str(run.pid), "x86")
    run.process.send_signal(signal.SIGTERM)
    run.ends(128 + signal.SIGTERM, "now\n")


def at_exit(luck, *command):
    """Short programs that end while something is asked for."""
    program = luck.program("short")
    for milliseconds in range(0, 24, 2):
        run = luck.start(luck.tool("popcorn-run"), *NODES, "--quiet", program,
                         str(milliseconds))
        ended = threading.Event()
        wrong = []

        def keep_asking():
            while not ended.is_set() and not wrong:
                try:
                    done_or_said_why(luck, command[0], str(run.pid), *command[1:])
                except Failure as failure:
                    wrong.append(failure)

        asker = threading.Thread(target=keep_asking)
        asker.start()
        try:
            run.ends(9, "short\n", seconds=20)
        finally:
            ended.set()
            asker.join()
        if wrong:
            raise wrong[0]


def test_migrate_at_exit(luck):
    at_exit(luck, "migrate", "arm")


def test_checkpoint_at_exit(luck):
    at_exit(luck, "checkpoint", "--leave-running", "-o", luck.path("saved"))


def test_agent_killed(luck):
    """kill -9 of popcorn-run: the program goes on by itself; its target does not."""
    program = luck.program("short")
    for delay in (0.0, 0.01, 0.04):
        run = luck.start(luck.tool("popcorn-run"), *NODES, program, "300")
        run.until(lambda: len(luck.processes()) >= 2, "start")
        asker = subprocess.Popen([luck.tool("popcorn"), "migrate", str(run.pid), "arm"],
                                 env=luck.environment, stderr=subprocess.DEVNULL)
        try:
            asker.wait(delay)
        except subprocess.TimeoutExpired:
            pass
        run.process.kill()
        run.process.wait()
        asker.wait(10)
        run.until(lambda: "short\n" == run.said(), "the program ends by itself")
    luck.expect(0, "PID .*\n", luck.tool("popcorn"), "ps")  # sweeps the dead sockets


def test_out_of_descriptors(luck):
    """A program without a free descriptor moves, or stays and goes on."""
    steady = luck.steady("descriptors", prefix=("prlimit", "--nofile=64:64"))
    status, output = luck.output(luck.tool("popcorn"), "migrate", str(steady.pid), "arm")
    if status and not re.fullmatch("popcorn migrate: .*\n", output):
        raise Failure(output)
    steady.goes_on()
    status, output = luck.output(luck.tool("popcorn"), "checkpoint", str(steady.pid), "-o",
                                 luck.path("saved"), "--leave-running")
    if status and not re.fullmatch("popcorn checkpoint: .*\n", output):
        raise Failure(output)
    steady.finishes()


def long_handler(luck, what):
    """The program handles a signal for as long as is wanted."""
    go, stop = luck.path("go"), luck.path("stop")
    if what == "reads":
        os.mkfifo(go)
    run = luck.start(luck.tool("popcorn-run"), *NODES, luck.program("handles"), what, go, stop)
    run.until(lambda: "ready 0\n" in run.said(), "the program begins")
    return run


def stays_in_handler(luck, run, what, node, *command):
    """It is asked for in the middle of a handler, and done when that has ended."""
    go = luck.path("go")
    before = run.said()
    run.process.send_signal(signal.SIGUSR1)
    run.until(lambda: run.said() == before + "begins %d\n" % node, "the handler")
    asked = luck.start(luck.tool("popcorn"), command[0], str(run.pid), *command[1:])
    time.sleep(0.3)
    if asked.process.poll() is not None or run.said() != before + "begins %d\n" % node:
        asked.fail("it does not wait for the handler:\n" + run.said())
    if what == "reads":
        fd = os.open(go, os.O_WRONLY)
        os.write(fd, b"g")
        os.close(fd)
    else:
        open(go, "w").close()
    asked.ends(0, "", seconds=5)
    if what != "reads":
        os.unlink(go)
    return before + "begins %d\nends %d\n" % (node, node)


def move_in_handler(luck, what):
    run = long_handler(luck, what)
    for node, name in ((0, "arm"), (1, "x86"), (0, "arm")):
        says = stays_in_handler(luck, run, what, node, "migrate", name) + "now %d\n" % (not node)
        run.until(lambda: run.said() == says, "the program goes on, elsewhere")
    open(luck.path("stop"), "w").close()
    run.ends(GOOD, says + "good 1\n")


def save_in_handler(luck, what):
    run, saved = long_handler(luck, what), luck.path("saved")
    says = stays_in_handler(luck, run, what, 0, "checkpoint", "-o", saved)
    run.ends(EXIT_SAVED, says)
    # A restored one goes on with the file that was its output.
    restored = luck.start(luck.tool("popcorn"), "restore", *NODES, "--start", "arm", saved)
    run.until(lambda: run.said() == says + "now 1\n", "the program goes on, elsewhere")
    open(luck.path("stop"), "w").close()
    restored.ends(GOOD, "")
    if run.said() != says + "now 1\ngood 1\n":
        run.fail("does not say good at its end")


def test_move_in_handler_that_spins(luck):
    move_in_handler(luck, "spins")


def test_move_in_handler_that_sleeps(luck):
    move_in_handler(luck, "sleeps")


def test_move_in_handler_that_reads(luck):
    move_in_handler(luck, "reads")


def test_save_in_handler_that_spins(luck):
    save_in_handler(luck, "spins")


def test_save_in_handler_that_reads(luck):
    save_in_handler(luck, "reads")


def test_pid_of_something_else(luck):
    says = "popcorn migrate: no program under control with pid %s\n"
    for pid in (str(os.getpid()), "999999999"):
        luck.expect(1, says % pid, luck.tool("popcorn"), "migrate", pid, "arm")
    for pid in ("0", "-1", "word", "99999999999999999999", "12x"):
        luck.expect(1, "popcorn migrate: a pid is a positive number\n",
                    luck.tool("popcorn"), "migrate", pid, "arm")


def test_not_yours(luck):
    """Another user's program: root's for nobody, or the first process."""
    says = "popcorn migrate: no program under control with pid %d\n"
    if os.getuid():
        luck.expect(1, says % 1, luck.tool("popcorn"), "migrate", "1", "arm")
        return
    steady = luck.steady()
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    luck.expect(1, says % steady.pid, *nobody, luck.tool("popcorn"), "migrate",
                str(steady.pid), "arm")
    # Nor may it talk to the socket, if it could reach it.
    os.chmod(luck.run_directory, 0o755)
    os.chmod(luck.run_directory + "/popcorn", 0o755)
    os.chmod(luck.run_directory + "/popcorn/%d" % steady.pid, 0o777)
    luck.expect(1, "popcorn migrate: .*\n", *nobody, luck.tool("popcorn"), "migrate",
                str(steady.pid), "arm")
    if steady.state()["moves"]:
        raise Failure("another user moved it")
    steady.finishes()


def stays(luck, what, why, says, meanwhile=lambda: None):
    """Neither a move nor a save: one line says why, and it goes on."""
    stop = luck.path("stop")
    run = luck.start(luck.tool("popcorn-run"), *NODES, luck.program("tied"), what, stop)
    run.until(lambda: "ready\n" in run.said(), "the program")
    meanwhile()
    for command in (("migrate", str(run.pid), "arm"),
                    ("checkpoint", str(run.pid), "-o", luck.path("saved"))):
        luck.expect(1, "popcorn %s: cannot save: %s\n" % (command[0], why),
                    luck.tool("popcorn"), *command)
    open(stop, "w").close()
    run.ends(0, "ready\n" + says)


def test_memory_shared_with_a_child(luck):
    stays(luck, "shared", "the program shares anonymous memory with another process", "7\n")


NO_NAME = "a file whose pages the program shares is not found by its name"


def test_mapped_file_replaced(luck):
    """Its name is another file's, which must not be taken for it."""
    def replace():
        with open(luck.path("other"), "wb") as file:
            file.write(bytes(4096))
        os.rename(luck.path("other"), luck.path("stop.file"))
    stays(luck, "file", NO_NAME, "5\n", replace)


def test_mapped_file_removed(luck):
    stays(luck, "file", NO_NAME, "5\n", lambda: os.unlink(luck.path("stop.file")))


def test_changed_user(luck):
    if os.geteuid():
        raise Skip("only root can become somebody else")
    os.chmod(luck.where, 0o755)
    stays(luck, "user", "the program has changed its user or group", "1\n")


def test_machine_code_of_its_own(luck):
    """On the stack it keeps the program where it is, and nothing is lost."""
    stop = luck.path("stop")
    app = luck.program("generated")
    run = luck.start(luck.tool("popcorn-run"), *NODES, app, stop)
    run.until(lambda: "ready" in run.said(), "ready")
    for _ in range(3):
        luck.expect(1, "popcorn migrate: machine code that the program made itself is on the "
                    "stack\n", luck.tool("popcorn"), "migrate", str(run.pid), "arm")
    open(stop, "w").close()
    run.ends(0, "ready\ndone\n")
    for every in "1", "2", "7":
        luck.expect(0, "done\n", app, env=dict(luck.environment, POPCORN_SELF=every,
                                               POPCORN_CHECK="1"))
