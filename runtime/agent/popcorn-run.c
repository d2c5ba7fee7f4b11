/* popcorn-run: runs a program where it can be moved. */
#include "options.h"

#include <stdio.h>
#include <string.h>

static const char usage[] = "usage: popcorn-run [OPTIONS] PROGRAM [ARGUMENTS]\n"
			    "\n"
			    "Runs a program made by popcorn-clang under "
			    "control: it can be moved between\n"
			    "nodes, saved and forked (popcorn --help).\n"
			    "\n";

static const char statuses[] =
	"  --help             this text\n"
	"  --version          version\n"
	"\n"
	"Exit status: the program's; 128 + n if signal n ended it; 75 if it "
	"was saved by\n"
	"`popcorn checkpoint' and ended; 76 if it was on another machine and "
	"the "
	"link was\n"
	"cut; 125 if popcorn-run itself failed.\n"
	"\n"
	"example: popcorn-run --node x86=local --node arm=qemu:aarch64 ./app\n";

static int fail(const struct error *error)
{
	fprintf(stderr, "popcorn-run: %s\n", error->text);
	return EXIT_AGENT;
}

int main(int argc, char **argv)
{
	static struct options options;
	struct error error = {""};
	int i = 1, status;

	options_init(&options);
	for (; i < argc && argv[i][0] == '-'; i++) {
		int taken;

		if (!strcmp(argv[i], "--")) {
			i++;
			break;
		}
		if (!strcmp(argv[i], "--help")) {
			printf("%s%s%s", usage, options_help, statuses);
			return 0;
		}
		if (!strcmp(argv[i], "--version")) {
			puts("popcorn-run " POPCORN_VERSION);
			return 0;
		}
		taken = options_take(&options, argc, argv, &i, &error);
		if (!taken)
			pcn_fail(&error, -1, "unknown option %s (try --help)",
				 argv[i]);
		if (taken <= 0)
			return fail(&error);
	}
	if (i == argc) {
		pcn_fail(&error, -1, "no program (try --help)");
		return fail(&error);
	}
	options.argv = argv + i;
	if (options_finish(&options, &error))
		return fail(&error);
	status = agent_run(&options, argv[i], &error);
	return status < 0 ? fail(&error) : status;
}
