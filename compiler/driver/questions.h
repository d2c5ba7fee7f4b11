/* questions.h - what build systems ask a compiler. */
#ifndef PCN_DRIVER_QUESTIONS_H
#define PCN_DRIVER_QUESTIONS_H

#include <stdio.h>

#include "options.h"
#include "tools.h"

/* Answers options->question on standard output.  0 or -errno. */
int pcn_question_answer(const struct tools *tools,
			const struct options *options, struct error *error);
/* Version, target, ISAs, where installed; for --version and -v. */
void pcn_version_print(const struct tools *tools, FILE *out);

#endif
