/* verify.h - proves that the slices of an executable are one program. */
#ifndef PCN_LIPO_VERIFY_H
#define PCN_LIPO_VERIFY_H

#include <stdio.h>

#include "fat.h"

struct findings {
	FILE *out; /* one line for each finding, the first MAX of each kind */
	size_t count;
	/* What was looked at, for the summary. */
	size_t symbols, data_bytes, functions, landing_pads;
};

/* Symbol addresses, sections and data of the portable part, and the notes. */
void pcn_verify_layout(const struct fat *fat, struct findings *findings);
/* The tables of functions: equal but for the resume functions. */
void pcn_verify_functions(const struct fat *fat, struct findings *findings);
/* Every landing pad belongs to one call. */
void pcn_verify_landing_pads(const struct image *image,
			     struct findings *findings);

void pcn_finding(struct findings *findings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
