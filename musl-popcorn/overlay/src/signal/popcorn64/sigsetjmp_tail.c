/* Rewritten by the compiler; see src/setjmp/popcorn64/longjmp.c. */
