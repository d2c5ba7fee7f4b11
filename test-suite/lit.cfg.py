# Whole programs: each .c file is one program, run in every mode it allows.
# See README.md for the header of a test file.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import program_format

config.name = "programs"
config.suffixes = [".c", ".app", ".recipe", ".campaign"]
config.excludes = ["lib", "bench", "kernel", "fuzz-readers"]
config.test_source_root = os.path.dirname(__file__)
build = os.path.abspath(lit_config.params.get("build", "build"))
config.test_exec_root = os.path.join(build, "test-suite")
config.test_format = program_format.ProgramFormat(build)
