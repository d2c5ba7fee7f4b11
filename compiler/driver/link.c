/*
 * link.c - objects to an executable for every ISA.
 */
#include "link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inputs.h"
#include "run.h"

static const char *const entry_points[] = {
#define POPCORN_ENTRY_POINT(name) name,
#include "entry-points.h"
};

int pcn_link_check_inputs(struct link *link, struct error *error)
{
	struct options *options = link->options;
	struct strings directories = {0};
	int result = 0;

	link->output = options->output ? options->output : "a.out";
	pcn_strings_add_all(&directories, &options->library_dirs);
	pcn_strings_take(&directories,
			 pcn_format("%s/usr/local/lib", link->tools->sysroot));
	pcn_strings_take(&directories,
			 pcn_format("%s/lib", link->tools->sysroot));
	for (size_t i = 0; i < options->input_count && !result; i++) {
		struct input *input = &options->inputs[i];

		/* A library names, beside itself, what it needs: that comes
		 * with the executable. */
		if (input->kind == INPUT_LIBRARY && !options->shared) {
			result = pcn_input_library(input->text, &directories,
						   &input->text, error);
			input->kind = INPUT_OBJECT;
		} else if (input->kind == INPUT_OBJECT &&
			   access(input->text, F_OK) == 0) {
			result = pcn_input_check(input->text, error);
		} else if (input->kind == INPUT_OBJECT && !options->dry_run) {
			result = pcn_fail(error, -ENOENT, "%s: %s", input->text,
					  strerror(ENOENT));
		}
	}
	pcn_strings_free(&directories);
	return result;
}

/*
 * A shared library would be loaded by native code into portable memory; what
 * -l finds instead is an archive of its objects, linked like any other.
 */
int pcn_link_library(struct link *link, struct error *error)
{
	/* llvm-ar renames its result into place, also where a device is. */
	char *library = pcn_temps_path("library.a"), *data;
	struct strings command = {0};
	size_t size;
	int result = pcn_tools_need(link->tools, link->tools->ar, error);

	if (result)
		return result;
	pcn_strings_add(&command, link->tools->ar);
	pcn_strings_add(&command,
			"qcLs"); /* L: members of archives one by one */
	pcn_strings_add(&command, library);
	for (size_t i = 0; i < link->options->input_count; i++)
		if (link->options->inputs[i].kind == INPUT_OBJECT)
			pcn_strings_add(&command,
					link->options->inputs[i].text);
	result = pcn_run(&command, error);
	if (result || link->options->dry_run)
		return result;
	result = pcn_read_file(library, &data, &size);
	if (!result)
		result = pcn_write_output(link->output, data, size);
	if (result)
		return pcn_fail(error, result, "%s: %s", link->output,
				strerror(-result));
	return 0;
}

static void add_entry_points(struct strings *command)
{
	for (size_t i = 0; i < sizeof(entry_points) / sizeof(*entry_points);
	     i++) {
		pcn_strings_add(command, "-u");
		pcn_strings_add(command, entry_points[i]);
	}
}

int pcn_link_merge(struct link *link, struct error *error)
{
	const struct tools *tools = link->tools;
	struct options *options = link->options;
	struct strings command = {0};
	int result = pcn_tools_need(tools, tools->lld, error);

	if (result)
		return result;
	link->merged = pcn_temps_path("merged.bc");
	pcn_strings_add(&command, tools->lld);
	pcn_strings_add(&command, "-m");
	pcn_strings_add(&command, PCN_MERGE_EMULATION);
	pcn_strings_add(&command, "-static");
	/* Resolve only: optimising is the portable passes' business. */
	pcn_strings_add(&command, "--lto-emit-llvm");
	pcn_strings_add(&command, "--lto-O0");
	/* opt does it next. */
	pcn_strings_add(&command, "--disable-verify");
	pcn_strings_add(&command, "-e");
	pcn_strings_add(&command, entry_points[0]);
	add_entry_points(&command);
	pcn_strings_add(&command, "-o");
	pcn_strings_add(&command, link->merged);
	if (!options->no_start_files)
		pcn_strings_take(&command,
				 pcn_format("%s/lib/crt1.o", tools->sysroot));
	for (size_t i = 0; i < options->input_count; i++)
		if (options->inputs[i].kind != INPUT_SOURCE)
			pcn_strings_add(&command, options->inputs[i].text);
	if (!options->no_default_libs)
		pcn_strings_take(&command,
				 pcn_format("%s/lib/libc.a", tools->sysroot));
	return pcn_run(&command, error);
}

static char level_of(const struct options *options)
{
	return options->level ? options->level : '2';
}

static void add_opt(struct strings *command, const struct link *link,
		    const char *input, char *passes)
{
	pcn_strings_add(command, link->tools->opt);
	pcn_strings_take(command, pcn_format("-load-pass-plugin=%s",
					     link->tools->plugin));
	/* What it would call instead may have been dropped as dead. */
	pcn_strings_add(command, "-disable-simplify-libcalls");
	pcn_strings_take(command, passes);
	pcn_strings_add(command, input);
}

int pcn_link_portable(struct link *link, struct error *error)
{
	struct strings command = {0};
	int result = pcn_tools_need(link->tools, link->tools->opt, error);

	if (!result)
		result =
			pcn_tools_need(link->tools, link->tools->plugin, error);
	if (result)
		return result;
	link->portable = pcn_temps_path("portable.bc");
	add_opt(&command, link, link->merged,
		pcn_format("-passes=popcorn-portable<O%c>",
			   level_of(link->options)));
	pcn_strings_add(&command, "-o");
	pcn_strings_add(&command, link->portable);
	pcn_strings_add_all(&command, &link->options->opt);
	return pcn_run(&command, error);
}

/* Starts a process per ISA and waits for all, also when one fails. */
static int for_each_isa(struct link *link,
			void (*command_for)(struct link *, size_t,
					    struct strings *),
			struct error *error)
{
	struct job jobs[8] = {0};
	size_t count = link->options->isa_count;
	bool said = false;
	int result = 0;

	for (size_t i = 0; i < count && !result; i++) {
		struct strings command = {0};

		command_for(link, i, &command);
		result = pcn_run_start(&jobs[i], &command, error);
	}
	for (size_t i = 0; i < count; i++) {
		int failed = pcn_run_wait(&jobs[i], error);

		result = result ? result : failed;
	}
	/* What is wrong on one ISA is wrong on all: say it once. */
	for (size_t i = 0; i < count; i++) {
		if (jobs[i].said && jobs[i].said[0] && !said) {
			pcn_run_print(&jobs[i]);
			said = true;
		}
		free(jobs[i].said);
	}
	return result;
}

/* One process from portable bitcode to an object. */
static void generate_command(struct link *link, size_t i,
			     struct strings *command)
{
	static const char *const flags[] = {
		"-disable-output",
		/* The portable passes' output was verified when it was made. */
		"-disable-verify",
		"-relocation-model=static",
		"-code-model=small",
		"-function-sections",
		"-data-sections",
		"-unique-section-names",
		/* Objects keep their own addresses, and calls their own pads.
		 */
		"-aarch64-enable-global-merge=false",
		"-enable-machine-outliner=never",
		/* Pushed arguments would cost every capture unwind
		   instructions. */
		"-no-x86-call-frame-opt",
	};
	const struct pcn_isa *isa = link->options->isas[i];

	add_opt(command, link, link->portable,
		pcn_format("-passes=popcorn-isa<%s;O%c>", isa->name,
			   level_of(link->options)));
	/* opt chooses its cost model before any pass runs. */
	pcn_strings_take(command, pcn_format("-mtriple=%s-unknown-linux-musl",
					     isa->name));
	for (size_t j = 0; j < sizeof(flags) / sizeof(*flags); j++)
		pcn_strings_add(command, flags[j]);
	pcn_strings_add_all(command, &link->options->codegen[isa - pcn_isas]);
	if (link->options->save_temps)
		pcn_strings_take(command, pcn_format("-popcorn-bitcode=%s",
						     link->isa[i].bitcode));
	pcn_strings_take(command,
			 pcn_format("-popcorn-object=%s", link->isa[i].object));
}

/* opt goes on with an unknown CPU, and fails where nobody understands it. */
static int check_cpus(const struct link *link, struct error *error)
{
	int result = 0;

	for (size_t i = 0; i < link->options->isa_count && !result; i++) {
		const struct pcn_isa *isa = link->options->isas[i];
		const struct strings *arguments =
			&link->options->codegen[isa - pcn_isas];
		struct strings command = {0};
		struct job job;

		if (!arguments->count)
			continue;
		pcn_strings_add(&command, link->tools->opt);
		pcn_strings_take(&command,
				 pcn_format("-mtriple=%s", isa->name));
		pcn_strings_add_all(&command, arguments);
		pcn_strings_add(&command, "-passes=");
		pcn_strings_add(&command, "-disable-output");
		pcn_strings_add(&command, "/dev/null");
		result = pcn_run_start(&job, &command, error);
		if (!result)
			result = pcn_run_wait(&job, error);
		if (job.said && job.said[0]) {
			job.said[strcspn(job.said, "\n")] = 0;
			error->text[0] = 0;
			result = pcn_fail(error, -EINVAL, "%s: %s", isa->name,
					  job.said);
		}
		free(job.said);
	}
	return result;
}

int pcn_link_generate(struct link *link, struct error *error)
{
	int result = 0;

	for (size_t i = 0; i < link->options->isa_count; i++) {
		const char *name = link->options->isas[i]->name;

		link->isa[i].bitcode =
			pcn_temps_path(pcn_format("%s.bc", name));
		link->isa[i].object = pcn_temps_path(pcn_format("%s.o", name));
		link->isa[i].script = pcn_temps_path(pcn_format("%s.ld", name));
		link->isa[i].slice = pcn_temps_path(pcn_format("%s.elf", name));
	}
	if (!link->options->dry_run)
		result = check_cpus(link, error);
	if (!result)
		result = for_each_isa(link, generate_command, error);
	return result;
}

static char *runtime_object(const struct link *link, size_t i)
{
	return pcn_format("%s/lib/popcorn/%s/runtime.o", link->tools->root,
			  link->options->isas[i]->name);
}

int pcn_link_layout(struct link *link, struct error *error)
{
	struct strings command = {0};
	int result = pcn_tools_need(link->tools, link->tools->layout, error);

	pcn_strings_add(&command, link->tools->layout);
	for (size_t i = 0; i < link->options->isa_count && !result; i++) {
		char *runtime = runtime_object(link, i);

		result = pcn_tools_need(link->tools, runtime, error);
		pcn_strings_add(&command, link->isa[i].object);
		pcn_strings_take(&command, runtime);
		pcn_strings_add(&command, link->isa[i].script);
	}
	return result ? result : pcn_run(&command, error);
}

static void slice_command(struct link *link, size_t i, struct strings *command)
{
	const struct pcn_isa *isa = link->options->isas[i];

	pcn_strings_add(command, link->tools->lld);
	pcn_strings_add(command, "-m");
	pcn_strings_add(command, isa->emulation);
	pcn_strings_add(command, "-static");
	pcn_strings_add(command, "-T");
	pcn_strings_add(command, link->isa[i].script);
	pcn_strings_add(command, "--eh-frame-hdr");
	pcn_strings_add(command, "--build-id");
	pcn_strings_add(command, "--no-gc-sections");
	pcn_strings_add(command, "-z");
	pcn_strings_add(command, "max-page-size=4096");
	if (link->options->strip)
		pcn_strings_add(command, "--strip-debug");
	if (link->options->map_file && isa == link->options->isas[0])
		pcn_strings_take(command, pcn_format("-Map=%s",
						     link->options->map_file));
	pcn_strings_add(command, "-o");
	pcn_strings_add(command, link->isa[i].slice);
	pcn_strings_add(command, link->isa[i].object);
	pcn_strings_take(command, runtime_object(link, i));
	pcn_strings_add(command, isa->libgcc);
}

int pcn_link_slices(struct link *link, struct error *error)
{
	return for_each_isa(link, slice_command, error);
}

int pcn_link_fat(struct link *link, struct error *error)
{
	struct strings command = {0};

	pcn_temps_guard(link->output);
	pcn_strings_take(&command,
			 pcn_format("%s/bin/popcorn-lipo", link->tools->root));
	pcn_strings_add(&command, "-create");
	for (size_t i = 0; i < link->options->isa_count; i++)
		pcn_strings_add(&command, link->isa[i].slice);
	pcn_strings_add(&command, "-o");
	pcn_strings_add(&command, link->output);
	return pcn_run(&command, error);
}
