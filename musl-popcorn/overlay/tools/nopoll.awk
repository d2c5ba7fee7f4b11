# Marks the functions of a preprocessed file as needing no polls; see
# arch/popcorn64/arch.mak.  Only what the file and headers beside it define is
# marked: the mark on a declaration would reach another file's function.  An
# alias keeps it, because a static function that only an alias refers to gets
# clang's annotations from there.

function mark(on) {
	if (on == marked) return
	marked = on
	if (on)
		print "#pragma clang attribute push(" \
			"__attribute__((annotate(\"popcorn.nopoll\"))), " \
			"apply_to = function)"
	else
		print "#pragma clang attribute pop"
}

# A line marker: `# line "file" flags`.
/^# [0-9]+ "/ {
	own = $3 !~ /\/(include|arch|internal)\/.*\.h"$/ && $3 !~ /^"</
	if (!own) mark(0)
	print
	line = $2 - 1
	next
}

{
	line++
	if (/^extern / && !/__alias__/) declaration = 1
	if (declaration) {
		if (marked) {
			mark(0)
			printf "# %d\n", line
		}
		# A structure may be declared along with an object of it.
		depth += gsub(/{/, "{") - gsub(/}/, "}")
		if (/;[ \t]*$/ && !depth) declaration = 0
	} else if (own && !marked && NF) {
		mark(1)
		printf "# %d\n", line
	}
	print
}

END { mark(0) }
