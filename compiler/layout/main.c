/*
 * popcorn-layout - equal addresses for the slices of an executable.
 *
 * Reads each slice's object and run time, pairs what stands in all of them,
 * gives each pair one address, and writes a linker script per slice.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plan.h"
#include "text.h"

static const char usage[] =
	"Usage: popcorn-layout {PROGRAM.o RUNTIME.o SCRIPT.ld}...\n"
	"\n"
	"One group for each slice, in the order of the slices.  popcorn-clang "
	"runs this;\n"
	"see docs/ARCHITECTURE.md, section 3.\n";

static int read_slice(struct slice *slice, char **arguments,
		      struct error *error)
{
	int result;

	/* Paths and sections stand between quotes in the script. */
	for (int i = 0; i < 3; i++)
		if (strchr(arguments[i], '"'))
			return pcn_fail(error, -EINVAL, "%s: quote in a path",
					arguments[i]);
	slice->script = arguments[2];
	result = pcn_object_read(&slice->program, arguments[0], error);
	if (!result)
		result = pcn_object_read(&slice->runtime, arguments[1], error);
	if (!result && slice->program.isa != slice->runtime.isa)
		result = pcn_fail(error, -EINVAL, "%s is for %s, %s for %s",
				  arguments[0], slice->program.isa->name,
				  arguments[1], slice->runtime.isa->name);
	return result;
}

static int run(struct plan *plan, int argc, char **argv, struct error *error)
{
	int result = 0;

	for (int i = 1; i + 2 < argc && !result; i += 3)
		result = read_slice(&plan->slices[plan->slice_count++],
				    argv + i, error);
	if (!result)
		result = pcn_plan_make(plan, error);
	if (!result)
		result = pcn_plan_check(plan, error);
	for (size_t i = 0; i < plan->slice_count && !result; i++)
		result = pcn_script_write(plan, i, error);
	return result;
}

int main(int argc, char **argv)
{
	struct error error = {""};
	static struct plan plan;
	int result;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc < 4 || (argc - 1) % 3 || argc > 3 * SLICES_MAX + 1) {
		fputs(usage, stderr);
		return 1;
	}
	result = run(&plan, argc, argv, &error);
	pcn_plan_free(&plan);
	if (result == 0)
		return 0;
	fprintf(stderr, "popcorn-layout: error: %s\n", error.text);
	return 1;
}
