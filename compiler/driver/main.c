/*
 * popcorn-clang - a C compiler whose executables hold code for several ISAs.
 *
 * Reads as docs/ARCHITECTURE.md, section 2, says it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "compile.h"
#include "link.h"
#include "options.h"
#include "questions.h"
#include "run.h"
#include "tools.h"

static int link_executable(const struct tools *tools, struct options *options,
			   struct error *error)
{
	struct link link = {.tools = tools, .options = options};
	int result;

	result = pcn_temps_create(
		options->save_temps ? options->save_temps_dir : NULL, error);
	if (!result)
		result = pcn_compile_for_link(tools, options, error);
	if (!result)
		result = pcn_link_check_inputs(&link, error);
	if (!result && options->relocatable)
		return pcn_link_relocatable(&link, error);
	if (!result && options->shared)
		return pcn_link_library(&link, error);
	if (!result)
		result = pcn_link_merge(&link, error);
	if (!result)
		result = pcn_link_portable(&link, error);
	if (!result)
		result = pcn_link_generate(&link, error);
	if (!result)
		result = pcn_link_layout(&link, error);
	if (!result)
		result = pcn_link_slices(&link, error);
	if (!result)
		result = pcn_link_fat(&link, error);
	return result;
}

static int run(int argc, char **argv, struct error *error)
{
	struct options options;
	struct tools tools;
	int result = pcn_options_parse(&options, argc, argv, error);

	if (!result)
		result = pcn_tools_locate(&tools, error);
	if (result)
		return result;
	for (size_t i = 0; i < options.warnings.count; i++)
		fprintf(stderr, "popcorn-clang: warning: %s\n",
			options.warnings.items[i]);
	if (options.question)
		return pcn_question_answer(&tools, &options, error);
	if (options.verbose)
		pcn_version_print(&tools, stderr);
	if (options.verbose && !options.input_count)
		return 0;
	pcn_run_trace(options.verbose, options.dry_run);
	result = pcn_compile_judge(&tools, &options, error);
	if (result)
		return result;
	if (!options.input_count)
		return pcn_fail(error, -EINVAL, "no input files");
	if (options.mode != MODE_LINK)
		return pcn_compile(&tools, &options, error);
	return link_executable(&tools, &options, error);
}

int main(int argc, char **argv)
{
	struct error error = {""};

	pcn_run_prepare();
	if (run(argc, argv, &error) == 0)
		return 0;
	pcn_temps_remove_guarded();
	/* Without a message, a tool has said on stderr why it failed. */
	if (error.text[0])
		fprintf(stderr, "popcorn-clang: error: %s\n", error.text);
	return 1;
}
