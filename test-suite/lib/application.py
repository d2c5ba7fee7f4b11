"""An application of the test-suite: a file NAME.app names a program that
apps/build makes, and how to run it.  Keys as in program.py, besides:
  PROGRAM  lua or speedtest1
In ARGS, %bench is the folder of the benchmarks.  Times that the program prints
are taken out of its output."""

import concurrent.futures
import os
import re
import subprocess

from program import Failure, Program

RECIPE = {"lua": "lua", "speedtest1": "sqlite"}


class Application(Program):
    def __init__(self, source, build):
        super().__init__(source, build)
        self.suite = os.path.dirname(self.lib)
        bench = os.path.join(self.suite, "bench")
        self.args = [word.replace("%bench", bench) for word in self.args]
        self.program = self.header["PROGRAM"]

    def build_once(self, side):
        """Path of the program; apps/build makes it if it is not fresh."""
        done = subprocess.run(
            [os.path.join(self.suite, "apps", "build"), RECIPE[self.program], side,
             self.build], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=1800)
        if done.returncode:
            raise Failure("building %s (%s) failed:\n%s" % (
                self.program, side, done.stdout.decode(errors="replace")[-3000:]))
        return os.path.join(self.build, "apps", side, self.program)

    def popcorn(self, where, level):
        return self.build_once("popcorn")

    def plain(self, where, level):
        return self.build_once("plain")

    def output_of(self, output):
        return re.sub(rb" *\d+\.\d\d\ds", b"", super().output_of(output))


def build_all(build):
    """Both programs with both compilers, two at a time."""
    apps = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "apps")
    jobs = [(Application(os.path.join(apps, name), build), side)
            for side in ("plain", "popcorn")
            for name in ("speedtest1.app", "lua-fib.app")]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(app.build_once, side) for app, side in jobs]:
            done.result()
