/* options.h - the command line, sorted by who it is for. */
#ifndef PCN_DRIVER_OPTIONS_H
#define PCN_DRIVER_OPTIONS_H

#include <stdbool.h>

#include "error.h"
#include "isa.h"
#include "text.h"

enum mode {
	MODE_LINK,
	MODE_OBJECT,	 /* -c */
	MODE_ASSEMBLY,	 /* -S: textual IR */
	MODE_PREPROCESS, /* -E, -M, -MM */
	MODE_CHECK,	 /* -fsyntax-only */
};

enum input_kind {
	INPUT_SOURCE,  /* for clang */
	INPUT_OBJECT,  /* bitcode or archive: checked before it is linked */
	INPUT_LIBRARY, /* -lname: text is the name */
	INPUT_LINKER,  /* an option of the linker, in its place */
};

struct input {
	enum input_kind kind;
	char *text;
	char *language; /* -x in force, or NULL */
};

struct options {
	enum mode mode;
	const char *output;	/* -o, or NULL */
	struct strings compile; /* options for clang */
	struct input *inputs;	/* in their order */
	size_t input_count, source_count;
	struct strings library_dirs;
	struct strings unknown; /* not in our table: clang shall judge them */
	char level;		/* of -O: '0'..'3', 's', 'z' */
	bool debug;		/* -g */
	bool dependencies, dependency_file; /* -MD or -MMD; -MF */
	bool shared, relocatable, strip;
	bool no_start_files, no_default_libs, no_standard_includes;
	bool verbose, dry_run; /* -v, -### */

	const struct pcn_isa *isas[8]; /* slices to make */
	size_t isa_count;
	bool save_temps;
	const char *save_temps_dir;
	struct strings opt;	   /* --popcorn-opt=ARG */
	struct strings codegen[8]; /* --popcorn-mcpu, --popcorn-codegen, as isas
				      in isa.c */
	struct strings warnings;   /* one line each */
	const char *question;	   /* --version, -print-...: answer and stop */
	bool linker_skips;	   /* the next -Wl word is a value we ignore */
	char *map_file;		   /* -Wl,-Map=FILE */
};

/*
 * Parses argv, @files included.  0 or -errno.  Warnings are collected, not
 * printed.
 */
int pcn_options_parse(struct options *options, int argc, char **argv,
		      struct error *error);

#endif
