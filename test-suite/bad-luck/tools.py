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
