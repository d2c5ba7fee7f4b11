"""Saved processes and executables that are damaged, foreign, or have no room."""

import os
import random
import re
import subprocess

from luck import NODES
from program import Failure

HERE = os.path.dirname(os.path.abspath(__file__))
NO_ROOM = "(No space left on device|File too large)"


def save(luck):
    """A saved steady program; its executable."""
    steady = luck.steady("threads")
    steady.popcorn(0, "", "checkpoint", "-o", luck.path("saved"))
    steady.ends(75, "")
    return luck.path("saved")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def test_truncated_checkpoint(luck):
    whole = read(save(luck))
    cut = luck.path("cut")
    for size in (0, 1, 63, 64, 119, 200, 4095, 4096, len(whole) // 2, len(whole) - 1):
        write(cut, whole[:size])
        luck.expect(1, "popcorn restore: %s: .*\n" % cut, luck.tool("popcorn"), "restore",
                    *NODES, cut)
        luck.expect(1, "popcorn inspect: %s: .*\n" % cut, luck.tool("popcorn"), "inspect",
                    cut)
    steady = luck.restored(luck.tool("popcorn"), "restore", *NODES, luck.path("saved"))
    steady.finishes("")
    if read(luck.path("output.0")) != b"good\n":  # its standard output, a file
        raise Failure("it said " + repr(read(luck.path("output.0"))))


def test_flipped_checkpoint(luck):
    """One bit is another, in the tables or in memory: one line, nothing begins."""
    whole = read(save(luck))
    flipped = luck.path("flipped")
    generator = random.Random(1)
    head = int.from_bytes(whole[72:80], "little") + int.from_bytes(whole[96:104], "little")
    for i in range(60):
        data = bytearray(whole)
        data[generator.randrange((head, len(whole))[i % 2])] ^= 1 << generator.randrange(8)
        write(flipped, data)
        command = ("inspect", "restore")[i % 3 == 0]
        luck.expect(1, "popcorn %s: %s: .*\n" % (command, flipped), luck.tool("popcorn"),
                    command, flipped)


def test_flipped_executable(luck):
    """One bit of headers or names: popcorn-run and popcorn-lipo refuse or go on."""
    whole = read(luck.program("short"))
    flipped = luck.path("flipped")
    generator = random.Random(1)
    shoff = int.from_bytes(whole[40:48], "little")
    write(flipped, b"")
    os.chmod(flipped, 0o755)
    for i in range(60):
        data = bytearray(whole)
        low, high = ((0, 64), (shoff, len(whole)))[i % 2]
        data[generator.randrange(low, high)] ^= 1 << generator.randrange(8)
        write(flipped, data)
        status, output = luck.output(luck.tool("popcorn-run"), flipped)
        # With another entry the kernel runs it as it is.
        if (status, output) != (9, "short\n") and not (status == 125 and re.fullmatch(
                "popcorn(-run)?: [^\n]*\n", output)) and not (i % 2 == 0 and status > 128):
            raise Failure("popcorn-run: status %d\n%s" % (status, output))
        status, output = luck.output(luck.tool("popcorn-lipo"), "-info", flipped)
        if status not in (0, 1) or status and (
                not output.startswith("popcorn-lipo: error: ") or output.count("\n") != 1):
            raise Failure("status %d\n%s" % (status, output))
    for size in (0, 10, 63, 64, 5000, len(whole) // 2):
        write(flipped, whole[:size])
        luck.expect(125, "popcorn-run: %s: .*\n" % flipped, luck.tool("popcorn-run"), flipped)


def test_flipped_slice(luck):
    """The ELF header of the slice that a move wants: it moves, or stays and goes on."""
    program = luck.program("steady")
    whole = read(program)
    at = whole.index(b"\x7fELF", 1)
    generator = random.Random(1)
    refused = 0
    for i in range(24):
        data = bytearray(whole)
        data[at + (i, 24 + i % 8, generator.randrange(64))[i // 8]] ^= 1 << generator.randrange(8)
        flipped = luck.path("flipped%d" % i)
        write(flipped, data)
        os.chmod(flipped, 0o755)
        steady = luck.restored(luck.tool("popcorn-run"), *NODES, flipped, luck.path("stop"),
                               luck.path("beats"))
        status, output = luck.output(luck.tool("popcorn"), "migrate", str(steady.pid), "arm")
        if status and not (status == 1 and re.fullmatch("popcorn migrate: [^\n]*\n", output)):
            raise Failure("byte %d: %d %s" % (i, status, output))
        refused += status
        steady.goes_on()
        steady.finishes("(?s)(.*\n)?good\n")  # what an emulator says
    if refused < 5:
        raise Failure("refused %d times" % refused)


def test_checkpoint_of_another_build(luck):
    saved, other = save(luck), luck.path("other")
    luck.expect(0, "", luck.tool("popcorn-clang"), "-O1", os.path.join(HERE, "steady.c"),
                "-o", other, seconds=120)
    says = "popcorn restore: %s is not the executable that was saved\n" % other
    luck.expect(1, says, luck.tool("popcorn"), "restore", *NODES, "--exe", other, saved)
    luck.expect(1, "popcorn restore: %s: No such file or directory\n" % luck.path("gone"),
                luck.tool("popcorn"), "restore", *NODES, "--exe", luck.path("gone"), saved)


def test_descriptor_lost(luck):
    """A file of the program has gone: it is named, nothing is begun."""
    saved = save(luck)
    beats = luck.path("beats")
    os.unlink(beats)
    luck.expect(1, r"popcorn restore: descriptor \d+ \(file %s\): No such file or directory\n"
                % beats, luck.tool("popcorn"), "restore", *NODES, saved)


def disk_full(luck, steady, saved):
    """The old file stays, no other is left, the program goes on."""
    write(saved, b"old")
    for options in (("--leave-running",), ()):
        steady.popcorn(1, "popcorn checkpoint: (cannot save|%s\\.tmp): %s\n"
                       % (saved, NO_ROOM), "checkpoint", *options, "-o", saved)
        if read(saved) != b"old" or os.listdir(os.path.dirname(saved)) != ["saved"]:
            raise Failure(str(os.listdir(os.path.dirname(saved))))
        steady.goes_on()


def test_full_disk(luck):
    """A small file system, if we may mount one; else a limit on files' sizes."""
    folder = luck.path("disk")
    os.mkdir(folder)
    small = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
    if subprocess.run(small, stderr=subprocess.DEVNULL).returncode:
        test_file_too_large(luck)
        return
    try:
        steady = luck.steady("big")
        disk_full(luck, steady, os.path.join(folder, "saved"))
        steady.finishes()
    finally:
        subprocess.run(["umount", folder], check=True)


def test_file_too_large(luck):
    """RLIMIT_FSIZE: no SIGXFSZ, which would end the program."""
    os.mkdir(luck.path("limited"))
    steady = luck.steady("big", prefix=("prlimit", "--fsize=100000"))
    disk_full(luck, steady, luck.path("limited/saved"))
    steady.popcorn(1, "popcorn migrate: cannot extract the aarch64 slice of .*: "
                   "File too large\n", "migrate", "arm")
    steady.goes_on()
    steady.finishes()


def test_programs_own_checkpoint_too_large(luck):
    write(luck.path("saved"), b"old")
    luck.expect(0, "refused: File too large\nstill there: old\nsaved\n", luck.program("saves"))
    if "saved.tmp" in os.listdir(luck.where):
        raise Failure("a half-written file is left")


def test_nowhere_to_save(luck):
    steady = luck.steady()
    gone = luck.path("no/such/folder/saved")
    steady.popcorn(1, "popcorn checkpoint: %s: No such file or directory\n" % gone,
                   "checkpoint", "-o", gone)
    steady.popcorn(1, "popcorn checkpoint: %s: Is a directory\n" % luck.where,
                   "checkpoint", "-o", luck.where)
    steady.goes_on()
    steady.finishes()
