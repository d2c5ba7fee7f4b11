/* An alias of longjmp; the run time restores a saved mask. */
