/*
 * partial.c - -r: objects to one object, which a later link takes.
 */
#include "link.h"
#include "run.h"

/*
 * The linker resolves as for native objects (archives, weak definitions, what
 * is defined twice), and leaves everything global to the later link.
 */
int pcn_link_relocatable(struct link *link, struct error *error)
{
	const struct options *options = link->options;
	struct strings command = {0};
	int result = pcn_tools_need(link->tools, link->tools->lld, error);

	if (result)
		return result;
	pcn_temps_guard(link->output);
	pcn_strings_add(&command, link->tools->lld);
	pcn_strings_add(&command, "-m");
	pcn_strings_add(&command, PCN_MERGE_EMULATION);
	pcn_strings_add(&command, "-r");
	pcn_strings_add(&command, "--lto-emit-llvm");
	pcn_strings_add(&command, "--lto-O0");
	pcn_strings_add(&command, "-o");
	pcn_strings_add(&command, link->output);
	for (size_t i = 0; i < options->input_count; i++)
		if (options->inputs[i].kind != INPUT_SOURCE)
			pcn_strings_add(&command, options->inputs[i].text);
	return pcn_run(&command, error);
}
