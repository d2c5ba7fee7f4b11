# Each file holds input, commands and expected output.
#
#   python3 /usr/lib/llvm-19/build/utils/lit/lit.py -v --param build=build compiler/test
import os

import lit.formats

here = os.path.dirname(__file__)
llvm = lit_config.params.get("llvm", "/usr/lib/llvm-19")
build = os.path.abspath(lit_config.params.get("build", os.path.join(here, "../../build")))

config.name = "compiler"
config.test_format = lit.formats.ShTest(execute_external=True)
config.suffixes = [".c", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = here
config.test_exec_root = os.path.join(build, "compiler-test")
config.environment["PATH"] = ":".join(
    [os.path.join(build, "bin"), os.path.join(llvm, "bin"), os.environ["PATH"]])
config.substitutions += [
    ("%layout", os.path.join(build, "libexec/popcorn/popcorn-layout")),
    ("%libexec", os.path.join(build, "libexec")),
    ("%lib", os.path.join(build, "lib/popcorn")),
    ("%aarch64", "qemu-aarch64 -cpu neoverse-n1"),
    ("%inputs", os.path.join(here, "Inputs")),
]
