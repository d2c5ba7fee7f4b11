/* options.h - what popcorn-run and `popcorn restore` have in common. */
#ifndef PCN_AGENT_OPTIONS_H
#define PCN_AGENT_OPTIONS_H

#include "agent.h"

/* Their help, an option a line. */
extern const char options_help[];

void options_init(struct options *o);
/* Takes the option at argv[*i] and its value; 1: taken, 0: not one of these,
 * -errno with the message. */
int options_take(struct options *o, int argc, char **argv, int *i,
		 struct error *error);
/* After all options: defaults, names of nodes. */
int options_finish(struct options *o, struct error *error);

#endif
