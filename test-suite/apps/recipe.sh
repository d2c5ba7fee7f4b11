# shellcheck shell=sh disable=SC2034
# Read by build and own-tests: sets what a recipe may use, then reads it.  In are
# here, name, side and build.
#
# A recipe sets
#   package, version   the distribution's source package, upstream's version
#   programs           what it makes, as paths in its tree
#   needs              other recipes, whose libraries it finds in $prefix
#   every              moved: its processes sleep for a moment at each so manyth
#                      poll, so that they live long enough to be moved (997)
#   hops               moved: how often a process moves, and within how many ms
#                      the next time, as popcorn-run has it (20:0.2-10)
#   reference          plain, if some of its tests fail with plain clang and musl,
#                      too: then a mode passes if whatever passes there does
# and defines functions that run in the tree:
#   prepare            once, in the sources: what no compiler has part in
#   build              configures, makes, installs libraries into $prefix
#   own_tests          runs the package's own tests; its status tells
#   short_tests        those of them that `make check` has time for
#   list_passed        reads the log of the tests, prints a line for each that
#                      passed, the same each time
#   count_passed       without a reference it is enough to count them

out=$build/apps/$side
source=$build/apps/source
tree=$out/tree/$name
prefix=$out/prefix
jobs=${JOBS:-$(nproc)}
needs=
programs=
reference=
every=997
hops=20:0.2-10

case $side in
popcorn)
	cc=$build/bin/popcorn-clang
	ar=$build/bin/popcorn-ar
	ranlib=$build/bin/popcorn-ranlib
	nm=$build/bin/popcorn-nm
	;;
plain | plain-*)
	isa=x86_64
	[ "$side" = plain ] || isa=${side#plain-}
	PLAIN_MUSL=$build/plain
	export PLAIN_MUSL
	cc="$here/../lib/plain-clang $isa"
	ar=llvm-ar-19
	ranlib=llvm-ranlib-19
	nm=llvm-nm-19
	;;
*)
	echo "no such side: $side" >&2
	exit 2
	;;
esac

# Libraries are found where earlier packages put them, and nowhere else.
PKG_CONFIG_LIBDIR=$prefix/lib/pkgconfig
export PKG_CONFIG_LIBDIR
# Test scripts compare what programs say.
LC_ALL=C
export LC_ALL

# configure ARGS... - the package's own ./configure.
configure() {
	./configure CC="$cc" AR="$ar" RANLIB="$ranlib" NM="$nm" \
		CPPFLAGS="-I$prefix/include" LDFLAGS="-L$prefix/lib" \
		--prefix="$prefix" "$@"
}

# tools - for makefiles that take them as variables.
tools() {
	make -j"$jobs" CC="$cc" AR="$ar" RANLIB="$ranlib" NM="$nm" "$@"
}

# What automake's test driver says; most packages have it.
list_passed() {
	sed -n 's/^PASS: //p'
}

count_passed() {
	list_passed | wc -l
}

# try FUNCTION DIRECTORY LOG - runs it there; its status is in `tried'.  Not behind
# || or in an `if', where -e means nothing.
try() {
	set +e
	(set -ex && cd "$2" && $1) >"$3" 2>&1 9>&- </dev/null
	tried=$?
	set -e
}

# attempt FUNCTION DIRECTORY LOG - the same; ends the script if it fails.
attempt() {
	try "$@"
	[ $tried = 0 ] && return
	tail -n 40 "$3" >&2
	echo "$name ($side): $1 failed; all of it: $3" >&2
	exit 1
}

prepare() {
	:
}

short_tests() {
	own_tests
}

[ -e "$here/$name.recipe" ] || {
	echo "no recipe for $name" >&2
	exit 2
}
# shellcheck disable=SC1090
. "$here/$name.recipe"
