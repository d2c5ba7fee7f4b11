/* hosts.h - nodes named by others: a file of hosts, a list, a Slurm job. */
#ifndef PCN_AGENT_HOSTS_H
#define PCN_AGENT_HOSTS_H

#include "error.h"
#include "node.h"

/* "HOST [port=N] [slots=N] [name=NAME]" a line; # begins a comment. */
int hosts_add_file(struct nodes *nodes, const char *path, struct error *error);
/* "HOST[:PORT],HOST...". */
int hosts_add_list(struct nodes *nodes, const char *list, struct error *error);
/* SLURM_JOB_NODELIST: "tux[01-03,7],login". */
int hosts_add_slurm(struct nodes *nodes, const char *list, struct error *error);

#endif
