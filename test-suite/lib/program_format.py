"""A lit test format: a program's source file is expanded to one test per
optimisation level and mode, all against the output of plain clang; a file of
bad-luck/ to one test per function; a campaign, NAME.campaign, to one test per
seed of the random programs of kind NAME."""

import os
import sys

import lit.Test
import lit.formats

import luck
from application import Application
from program import Program, Failure, Skip
from recipe import Recipe

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "fuzz"))
from campaign import SeedRange

KINDS = {".c": Program, ".app": Application, ".recipe": Recipe, ".campaign": SeedRange}


class ProgramFormat(lit.formats.FileBasedTest):
    def __init__(self, build):
        self.build = build

    def load(self, source):
        return KINDS[os.path.splitext(source)[1]](source, self.build)

    def getTestsForPath(self, suite, path_in_suite, lit_config, config):
        # A test asked for by its full name, "fib.c/O2-self", has no file.
        name = path_in_suite[-1]
        if name.startswith(".") or os.path.splitext(name)[1] not in config.suffixes:
            return
        source = suite.getSourcePath(path_in_suite)
        only = lit_config.params.get("mode")
        if source.endswith(".py"):
            for case in luck.names(source) if not only else ():
                yield lit.Test.Test(suite, path_in_suite + (case,), config)
            return
        program = self.load(source)
        for level, mode in program.cases():
            if only and mode not in only.split(","):
                continue
            yield lit.Test.Test(
                suite, path_in_suite + ("%s-%s" % (level, mode),), config)

    def execute(self, test, lit_config):
        source = test.suite.getSourcePath(test.path_in_suite[:-1])
        where = os.path.join(
            test.suite.exec_root, *test.path_in_suite[:-1])
        try:
            if source.endswith(".py"):
                luck.run(source, test.path_in_suite[-1], self.build, where)
                return lit.Test.PASS, ""
            level, mode = test.path_in_suite[-1].split("-", 1)
            self.load(source).run(level, mode, where)
            return lit.Test.PASS, ""
        except Skip as reason:
            return lit.Test.UNSUPPORTED, str(reason)
        except Failure as failure:
            return lit.Test.FAIL, str(failure)
