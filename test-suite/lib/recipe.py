"""A package's own tests: a file NAME.recipe in apps/ says how to build a package
and run its tests, apps/own-tests runs them in a mode.  Keys in its first comment:
  CHECK    modes that `make check` runs, with the short tests
  ALL      modes that `make check-apps` runs, with all; default: APP_MODES
  SELF     N of POPCORN_SELF=N; default 97
  SECONDS  time-out of one mode; default 600
  NOTE     for the table in docs/COMPATIBILITY.md: what was wrong
A package without a function own_tests has only .app tests."""

import os
import re
import subprocess

from program import Failure, tail

APP_MODES = ("native", "self", "qemu", "moved", "spread")


class Recipe:
    def __init__(self, source, build):
        self.source = source
        self.build = build
        self.name = os.path.splitext(os.path.basename(source))[0]
        with open(source, encoding="utf-8") as file:
            self.text = file.read()
        header = dict(re.findall(r"^# ([A-Z]+): (.*)$", self.text, re.M))
        self.check = header.get("CHECK", "").split()
        self.all = header.get("ALL", " ".join(APP_MODES)).split()
        if "own_tests()" not in self.text:
            self.all = []
        self.every = header.get("SELF", "97")
        self.seconds = int(header.get("SECONDS", "600"))
        self.note = header.get("NOTE", "")
        for mode in self.check + self.all:
            if mode not in APP_MODES:
                raise ValueError("%s: no such mode: %s" % (source, mode))

    def cases(self):
        return [("short", mode) for mode in self.check]

    def own_tests(self, which, mode):
        """What apps/own-tests counted, as a dictionary; raises Failure."""
        command = [os.path.join(os.path.dirname(self.source), "own-tests"),
                   *(["--short"] if which == "short" else []),
                   self.name, mode, self.build]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, timeout=self.seconds,
                env=dict(os.environ, POPCORN_SELF=self.every))
        except subprocess.TimeoutExpired:
            raise Failure("no end after %d s: %s" % (self.seconds, " ".join(command)))
        counts = dict(re.findall(rb"(\w+)=(\d+)", done.stdout))
        if done.returncode:
            raise Failure("$ %s\n%s" % (" ".join(command), tail(done.stderr, 50)))
        return {key.decode(): int(value) for key, value in counts.items()}

    def run(self, which, mode, where):
        self.own_tests(which, mode)
