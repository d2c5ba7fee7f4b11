"""fuzz.py FILE COUNT - popcorn-lipo on damaged copies: it may refuse, not crash."""
import random
import subprocess
import sys

path, count = sys.argv[1], int(sys.argv[2])
good = open(path, "rb").read()
shoff = int.from_bytes(good[0x28:0x30], "little")
random.seed(1)
for i in range(count):
    data = bytearray(good)
    # Headers, notes and tables are where sizes and offsets stand.
    areas = [(0, 64), (shoff, len(good)), (0, len(good)), (0x17000, 0x20000)]
    low, high = areas[i % len(areas)]
    for _ in range(random.randint(1, 8)):
        at = random.randrange(low, min(high, len(data)))
        data[at] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
    if i % 10 == 9:
        del data[random.randrange(len(data)):]
    open(path + ".fuzz", "wb").write(data)
    for command in (["-info"], ["-verify"], ["-thin", "x86_64"], ["-thin", "aarch64"]):
        tail = ["-o", path + ".out"] if command[0] == "-thin" else []
        run = subprocess.run(["popcorn-lipo", *command, path + ".fuzz", *tail],
                             capture_output=True, timeout=60)
        # A sanitizer's exit status is 1, too.
        refused = run.returncode == 1 and run.stderr.startswith(b"popcorn-lipo: error: ")
        if run.returncode and not refused:
            raise SystemExit("copy %d: %s ended with %d: %s" % (
                i, command, run.returncode, run.stderr.decode(errors="replace")))
