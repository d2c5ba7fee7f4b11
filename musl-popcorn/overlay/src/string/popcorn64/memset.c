/* Native, one per ISA: see ../../../../build. */
