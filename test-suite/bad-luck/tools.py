"""The tools' manners: help, exit statuses, progress on a terminal."""

import os
import pty
import re
import select
import subprocess

from luck import NODES
from program import Failure


def test_help(luck):
    for tool, option in (("popcorn-run", "--help"), ("popcorn", "--help"),
                         ("popcorn-lipo", "--help"), ("popcorn-clang", "--help"),
                         ("../libexec/popcorn/popcorn-layout", "--help")):
        luck.expect(0, r"(?is)usage: .{100,}|.*usage: .{100,}", luck.tool(tool), option)
    for command in ("ps", "migrate", "checkpoint", "restore", "inspect"):
        luck.expect(0, "(?s)usage: popcorn %s.*" % command, luck.tool("popcorn"), command,
                    "--help")
    for tool in ("popcorn-run", "popcorn", "popcorn-lipo", "popcorn-clang"):
        luck.expect(0, "(?s).*[0-9]+\\.[0-9]+.*", luck.tool(tool), "--version")


def test_wrong_use(luck):
    for status, says, tool, *words in (
            (125, r"popcorn-run: no program \(try --help\)\n", "popcorn-run"),
            (125, r"popcorn-run: unknown option -x \(try --help\)\n", "popcorn-run", "-x"),
            (125, "popcorn-run: --node needs a value\n", "popcorn-run", "--node"),
            (125, "popcorn-run: --timeout nan: seconds expected\n", "popcorn-run",
             "--timeout", "nan", "x"),
            (1, "(?s)usage: popcorn COMMAND.*", "popcorn"),
            (1, r"popcorn: no command 'fly' \(try --help\)\n", "popcorn", "fly"),
            (1, r"popcorn migrate: PID and NODE expected \(try --help\)\n", "popcorn",
             "migrate", "1"),
            (1, r"popcorn checkpoint: PID and -o FILE expected \(try --help\)\n", "popcorn",
             "checkpoint", "1"),
            (1, r"popcorn restore: FILE expected \(try --help\)\n", "popcorn", "restore"),
            (1, r"popcorn inspect: FILE expected \(try --help\)\n", "popcorn", "inspect"),
            (1, r"popcorn ps: unknown argument x \(try --help\)\n", "popcorn", "ps", "x"),
            (1, "(?s)Usage: popcorn-lipo.*", "popcorn-lipo"),
            (1, "popcorn-lipo: error: no file named\n", "popcorn-lipo", "-info")):
        luck.expect(status, says, luck.tool(tool), *words)


def test_wrong_values(luck):
    """popcorn-run's options, one wrong at a time, and programs that are none."""
    program = luck.program("short")
    for option, says, *values in (
            ("--hop", "--hop %s: N:MIN-MAX[:SEED] expected", "", "x", "3", "3:1", "3:2-1", "-1:1-2",
             "+1:1-2", "3:1-2x", "3:1-2:", "3:1-2:x", "3:nan-nan", "3:-2--1", "4294967296:1-2"),
            ("--at", "--at %s: MS:NODE expected", "", "5", "x:x86", ":x86", "5:", "-5:x86"),
            ("--at", "--at: no node 'arn'", "5:arn"),
            ("--start", "--start: no node '%s'", "", "arn", "7", "-1"),
            ("--timeout", "--timeout %s: seconds expected", "", "x", "0", "5x", "-1", "inf"),
            ("--node", "'%s': a node's name has 1 to 31 characters", "", "=local", 32 * "x"),
            ("--node", "'%s': a node is NAME=local, NAME=qemu:ISA or NAME=tcp:HOST:PORT", "a=", "a=ssh:b", "a"),
            ("--node", "unknown ISA 'vax'", "a=qemu:vax"),
            ("--node", "node 'x86' is named twice", "x86=local"),
            ("--trace", "%s: No such file or directory", "/no/file"),
            ("--trace", "%s: Is a directory", luck.where)):
        for value in values:
            line = "popcorn-run: %s\n" % says.replace("%s", value)
            for words in ((option, value), (option + "=" + value,)):
                luck.expect(125, re.escape(line), luck.tool("popcorn-run"), *NODES, *words, program)
    for name, text in (("text", "text"), ("empty", "")):
        with open(luck.path(name), "w") as file:
            file.write(text)
    none = "not a program made by popcorn-clang"
    for name, why in ((luck.path("none"), "No such file or directory"), ("none", "not found"),
                      ("", "not found"), (luck.where, "not a file"), ("/dev/null", "not a file"),
                      (luck.path("text"), none), (luck.path("empty"), none),
                      (os.path.realpath("/bin/true"), none)):
        luck.expect(125, "popcorn-run: %s: %s\n" % (name or "''", why), luck.tool("popcorn-run"),
                    name)


def test_wrong_words(luck):
    """popcorn's: nodes, files, options without their value."""
    steady = luck.steady()
    steady.migrate("arn", 1, "popcorn migrate: no node 'arn'; there are: x86, arm\n")
    steady.migrate("", 1, "popcorn migrate: no node ''; there are: x86, arm\n")
    steady.migrate("2", 1, "popcorn migrate: no node '2'; there are: x86, arm\n")
    steady.migrate("1")
    steady.finishes()
    program = luck.program("short")
    with open(luck.path("text"), "w") as file:
        file.write("text")
    for command in ("inspect", "restore"):
        for name, why in ((luck.path("none"), "No such file or directory"),
                          (luck.where, "not a saved process"), ("/dev/null", "not a saved process"),
                          (luck.path("text"), "too short for a saved process"),
                          (program, "not an ELF core file")):
            luck.expect(1, "popcorn %s: %s: %s\n" % (command, name, why), luck.tool("popcorn"),
                        command, name)
    for says, *words in (("-o needs a value", "checkpoint", "1", "-o"),
                         ("--exe needs a value", "restore", "x", "--exe"),
                         ("--node needs a value", "restore", "--node"),
                         (r"unknown argument --bad \(try --help\)", "restore", "--bad", "x"),
                         (r"unknown argument 2 \(try --help\)", "checkpoint", "1", "2")):
        luck.expect(1, "popcorn %s: %s\n" % (words[0], says), luck.tool("popcorn"), *words)


def test_full_output(luck):
    """Nobody is told that all is well when nothing could be written."""
    for tool, *words in (("popcorn", "ps"), ("popcorn-lipo", "-info", luck.program("short"))):
        with open("/dev/full", "w") as full:
            done = subprocess.run([luck.tool(tool), *words], stdout=full, stderr=subprocess.PIPE,
                                  env=luck.environment)
        if done.returncode != 1 or not re.fullmatch(
                b"popcorn[^\n]*: cannot write: No space left on device\n", done.stderr):
            raise Failure("%s: %d %s" % (tool, done.returncode, done.stderr))
    # The program's output and exit status stay as they are.
    luck.expect(9, "short\npopcorn-run: /dev/full: could not be written whole: "
                "No space left on device\n", luck.tool("popcorn-run"), "--trace", "/dev/full",
                luck.program("short"))


def test_settings(luck):
    """What is no number is said once, and left out."""
    program = luck.program("short")
    for name in ("POPCORN_SELF", "POPCORN_SELF_SEED", "POPCORN_SELF_PAUSE", "POPCORN_CHECK",
                 "POPCORN_TRACE", "POPCORN_LOG"):
        for value in ("x", "-1", "1x", " 1", 25 * "9"):
            luck.expect(9, "popcorn: %s is not a number: left out\nshort\n" % name, program,
                        env=dict(luck.environment, **{name: value}))
        luck.expect(9, "short\n", program, env=dict(luck.environment, **{name: ""}))
    for value in ("", "x", "-1", "0", "99", 25 * "9"):
        luck.expect(9, "short\n", program, env=dict(luck.environment, POPCORN_CHANNEL_FD=value))


def test_long_runtime_directory(luck):
    """A longer one than sockets can be named in is an error, never another directory."""
    longest = 108 - len("/popcorn/2147483647") - 1
    for length, status, says in (
            (longest, 0, r"PID .*\n"),
            (longest + 1, 1, "popcorn ps: XDG_RUNTIME_DIR: .* address allows\n(PID .*\n)?")):
        directory = luck.run_directory + "/" + "x" * (length - len(luck.run_directory) - 1)
        environment = dict(luck.environment, XDG_RUNTIME_DIR=directory)
        os.mkdir(directory)
        luck.expect(status, says, luck.tool("popcorn"), "ps", env=environment)
        luck.expect(125 if status else 9, says.replace(" ps", "-run") if status else "short\n",
                    luck.tool("popcorn-run"), luck.program("short"), "0", env=environment)


def on_terminal(luck, *command):
    """What a command writes to a terminal, and its exit status."""
    terminal, end = pty.openpty()
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=end, stderr=end,
                               cwd=luck.where, env=luck.environment)
    os.close(end)
    output = b""
    while True:
        if not select.select([terminal], [], [], 30)[0]:
            running.kill()
            raise Failure("hangs: %s" % output)
        try:
            data = os.read(terminal, 4096)
        except OSError:  # EIO: everybody has closed it
            break
        if not data:
            break
        output += data
    os.close(terminal)
    return running.wait(10), output.decode()


def test_progress(luck):
    """On a terminal a move says what it did; elsewhere it is silent."""
    steady = luck.steady("big")
    steady.migrate("arm", says="")
    status, output = on_terminal(luck, luck.tool("popcorn"), "migrate", str(steady.pid), "x86")
    if status or not re.fullmatch(r"\d+\.\d MB moved, paused for [\d.]+ ms\r\n", output):
        raise Failure("%d: %r" % (status, output))
    if float(output.split()[0]) < 32:
        raise Failure("32 MiB were in use: " + output)
    status, output = on_terminal(luck, luck.tool("popcorn"), "checkpoint", str(steady.pid),
                                 "--leave-running", "-o", luck.path("saved"))
    if status or not re.fullmatch(r"(\rsaving: [\d.]+ MB, \d+ MB/s  )*(\r\n)?", output):
        raise Failure("%d: %r" % (status, output))
    steady.finishes()
