/* Signal frames are the run time's. */
