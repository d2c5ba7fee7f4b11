/* The kernel enters the run time's _start; see crt/popcorn64/crt1.c. */
