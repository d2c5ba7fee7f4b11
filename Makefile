# A thin face on CMake; no target needs an argument.
#
#   make              build everything into build/
#   make demo         install what is missing, build, move Lua and SQLite about, and one thread of k-means
#   make check        install what is missing, build, run all tests
#   make check-apps   real packages with all their own tests, in all modes; prints the table of docs/COMPATIBILITY.md
#   make check-asan   the same tests with sanitizers in the host tools
#   make bench        measure against plain clang; bench-record writes docs/BENCHMARKS.md
#   make posix        the Open POSIX Test Suite, every 17th program; STEP=1 for all
#   make fuzz         random C programs, self-migrated, against plain clang; N=500 for more
#   make litmus       memory consistency of threads on two and three nodes, each test 100,000 times; RUNS=1000 for less
#   make fuzz-readers  whatever reads outside input, ten minutes each; MINUTES=1 for less
#   make lint         format and static checks
#   make install      to PREFIX (/usr/local)

PREFIX = /usr/local
BUILD = build

all: $(BUILD)/build.ninja
	cmake --build $(BUILD)

$(BUILD)/build.ninja:
	cmake --preset default

dependencies-%:
	@scripts/install-dependencies build $*

demo: dependencies-demo
	@$(MAKE) --no-print-directory all
	@scripts/demo $(BUILD)

check: dependencies-check
	@$(MAKE) --no-print-directory all
	@scripts/check $(BUILD)

check-apps: dependencies-check
	@$(MAKE) --no-print-directory all
	@scripts/check-apps $(BUILD) $(APPS)

check-asan: dependencies-check
	cmake --preset asan
	cmake --build build-asan
	@scripts/check build-asan

bench bench-record: dependencies-check dependencies-bench
	@$(MAKE) --no-print-directory all
	@scripts/bench $(BUILD) $(if $(filter bench-record,$@),--record)

posix: dependencies-check
	@$(MAKE) --no-print-directory all
	@test-suite/posix/run --step $(or $(STEP),17) $(BUILD)

fuzz: dependencies-check
	@$(MAKE) --no-print-directory all
	@test-suite/fuzz/run $(if $(N),-n $(N)) $(BUILD)

litmus: dependencies-check
	@$(MAKE) --no-print-directory all
	@scripts/litmus $(BUILD) -v -n $(or $(RUNS),100000)

fuzz-readers: dependencies-check
	@$(MAKE) --no-print-directory all
	cmake --build $(BUILD) --target fuzz-readers
	@test-suite/fuzz-readers/run $(if $(MINUTES),-m $(MINUTES)) $(BUILD)

lint: dependencies-lint
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@scripts/lint $(BUILD)

install: all
	cmake --install $(BUILD) --prefix $(PREFIX)

clean:
	rm -rf $(BUILD) build-asan

.PHONY: all demo check check-apps check-asan bench bench-record posix fuzz litmus fuzz-readers lint install clean
