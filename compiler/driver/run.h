/* run.h - the tools as processes, and the files between them. */
#ifndef PCN_DRIVER_RUN_H
#define PCN_DRIVER_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include "error.h"
#include "text.h"

struct job {
	const char *tool; /* its name, for messages */
	char *said;	  /* what it wrote to stderr, when it has ended */
	pid_t pid;
	int said_fd; /* where that arrives */
};

/* -v: every command line goes to stderr first. -###: only that. */
void pcn_run_trace(bool verbose, bool dry_run);

/* Once, before any tool: a limit on files' sizes is an error, no signal. */
void pcn_run_prepare(void);
/* Starts arguments->items[0].  0 or -errno. */
int pcn_run_start(struct job *job, const struct strings *arguments,
		  struct error *error);
/* The same of `path`, which goes by the name of arguments->items[0]. */
int pcn_run_start_as(struct job *job, const char *path,
		     const struct strings *arguments, struct error *error);
/* Waits.  0, or -ECHILD when the tool failed: it has said why in job->said,
 * which is the caller's to print and free; if not, error says so. */
int pcn_run_wait(struct job *job, struct error *error);
/* Prints what it has said, and forgets it. */
void pcn_run_print(struct job *job);
/* Starts, waits, prints. */
int pcn_run(const struct strings *arguments, struct error *error);

/* The directory for intermediate files: a fresh one that goes when the
 * process ends, signals included, or `keep`, which stays. */
int pcn_temps_create(const char *keep, struct error *error);
/* The path of a file in it. */
char *pcn_temps_path(const char *name);
/* An output that is removed if a signal ends us while it is written. */
void pcn_temps_guard(const char *output);
/* Or if it could not be written whole. */
void pcn_temps_remove_guarded(void);

#endif
