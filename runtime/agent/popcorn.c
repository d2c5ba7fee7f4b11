/* popcorn: looks at programs under control, moves, saves and restores them. */
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv, struct error *error);
	const char *help;
} commands[] = {
	{"ps", command_ps,
	 "usage: popcorn ps\n\n"
	 "Lists the programs under control: the pid to use with the other "
	 "commands\n"
	 "(popcorn-run's; the program's own pid works too), the node, its ISA, "
	 "how\n"
	 "often it has moved, and the program.\n"},
	{"migrate", command_migrate,
	 "usage: popcorn migrate PID [--thread TID] NODE\n\n"
	 "Moves a program to one of its nodes (name or number) and waits until "
	 "it\n"
	 "runs there; or one of its threads, as gettid() numbers them, which "
	 "shares\n"
	 "memory with the others from then on.\n"},
	{"checkpoint", command_checkpoint,
	 "usage: popcorn checkpoint PID -o FILE [--leave-running]\n\n"
	 "Saves a program to a file and ends it; with --leave-running it goes "
	 "on.\n"
	 "The file appears whole or not at all.\n"},
	{"restore", command_restore,
	 "usage: popcorn restore [OPTIONS] FILE\n\n"
	 "Runs a saved program on, in the foreground, as popcorn-run does.\n\n"
	 "  --exe PATH         the executable, if it is not where it was\n"
	 "  --drop-lost        go on without descriptors that cannot be "
	 "reopened\n"},
	{"key", command_key,
	 "usage: popcorn key FILE\n\n"
	 "Makes a new random key for the links between this machine and "
	 "others: copy it\n"
	 "to each of them (popcorn-run --key, popcornd --key).  Whoever can "
	 "read it may\n"
	 "run programs on all of them.\n"},
	{"inspect", command_inspect,
	 "usage: popcorn inspect FILE\n\n"
	 "Shows what a saved program is made of: threads, frames, maps, "
	 "descriptors.\n"},
};
#define COMMANDS (sizeof(commands) / sizeof(*commands))

static void usage(FILE *out)
{
	fprintf(out,
		"usage: popcorn COMMAND ...\n\n"
		"  ps                             list programs under control\n"
		"  migrate PID [--thread TID] NODE\n"
		"                                 move one, or one of its "
		"threads\n"
		"  checkpoint PID -o FILE [--leave-running]\n"
		"                                 save one\n"
		"  restore [OPTIONS] FILE         run a saved one on\n"
		"  inspect FILE                   show what a saved one is "
		"made of\n"
		"  key FILE                       make a key for other "
		"machines\n"
		"\n`popcorn COMMAND --help' tells more.  Exit status: 0, or 1 "
		"and a line on\n"
		"stderr; restore: as popcorn-run, but 1 if nothing could be "
		"restored.\n");
}

int main(int argc, char **argv)
{
	struct error error = {""};
	int status;

	if (argc < 2) {
		usage(stderr);
		return 1;
	}
	if (!strcmp(argv[1], "--help")) {
		usage(stdout);
		return 0;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("popcorn " POPCORN_VERSION);
		return 0;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		for (int k = 2; k < argc; k++) {
			if (strcmp(argv[k], "--help"))
				continue;
			printf("%s%s", commands[i].help,
			       commands[i].run == command_restore ? options_help
								  : "");
			return 0;
		}
		status = commands[i].run(argc - 2, argv + 2, &error);
		if (!status && (fflush(stdout) || ferror(stdout)))
			status = pcn_fail(&error, -EIO, "cannot write: %s",
					  strerror(errno));
		if (status < 0)
			fprintf(stderr, "popcorn %s: %s\n", argv[1],
				error.text);
		return status < 0 ? 1 : status;
	}
	fprintf(stderr, "popcorn: no command '%s' (try --help)\n", argv[1]);
	return 1;
}
