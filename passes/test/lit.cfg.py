# One folder per pass; each file holds input, command and expected output.
#
#   python3 /usr/lib/llvm-19/build/utils/lit/lit.py -v passes/test
#
# Parameters: build (the build tree), plugin (default the build tree's), llvm
# (the prefix of LLVM 19).
import os

import lit.formats

here = os.path.dirname(__file__)
llvm = lit_config.params.get("llvm", "/usr/lib/llvm-19")
build = lit_config.params.get("build", os.path.join(here, "../../build"))
plugin = os.path.abspath(lit_config.params.get(
    "plugin", os.path.join(build, "libexec/popcorn/PopcornPasses.so")))
if not os.path.exists(plugin):
    lit_config.fatal("no plug-in at %s; build it or give -Dbuild=TREE" % plugin)

config.name = "popcorn-passes"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".ll", ".c"]
config.test_source_root = here
config.test_exec_root = os.path.abspath(os.path.join(build, "passes-test"))
config.environment["PATH"] = os.path.join(llvm, "bin") + ":" + os.environ["PATH"]
config.substitutions += [
    ("%opt", "opt -load-pass-plugin=%s" % plugin),
    ("%clang", "clang -w -O1 --target=riscv64-linux-musl -S -emit-llvm -o -"),
]
