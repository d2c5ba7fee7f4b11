/*
 * entry-points.h - the portable symbols that native code knows by name.
 *
 * The linker keeps these although no portable code needs them; all else that
 * nobody refers to goes.  One line each: POPCORN_ENTRY_POINT("name").
 */

/* musl's: from the initial stack to main() and exit(). */
POPCORN_ENTRY_POINT("__popcorn_start_c")

/* The side-stack pointer, a thread-local of musl's that the run time sets. */
POPCORN_ENTRY_POINT("__popcorn_side_sp")
