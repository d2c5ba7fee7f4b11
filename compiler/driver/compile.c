/*
 * compile.c - C to bitcode.
 *
 * The portable machine: LP64, little endian, char signed, long double an IEEE
 * quad, va_list one pointer.  clang knows it as RISC-V, whose C ABI passes
 * small structures as integers and needs no byval; nothing of RISC-V itself
 * shows, so its macros go.
 *
 * The ABI is lp64, not lp64d, which passes a structure of two fields, one of
 * them floating, as two values: clang 19 gets their offsets wrong where one is
 * a bit-field or the structure is packed.
 */
#include "compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

static const char *const portable_machine[] = {
	"--target=riscv64-linux-musl",
	"-mabi=lp64",

	"-U__riscv",
	"-U__riscv_a",
	"-U__riscv_arch_test",
	"-U__riscv_atomic",
	"-U__riscv_c",
	"-U__riscv_cmodel_medlow",
	"-U__riscv_compressed",
	"-U__riscv_d",
	"-U__riscv_div",
	"-U__riscv_f",
	"-U__riscv_fdiv",
	"-U__riscv_flen",
	"-U__riscv_float_abi_soft",
	"-U__riscv_fsqrt",
	"-U__riscv_i",
	"-U__riscv_m",
	"-U__riscv_misaligned_avoid",
	"-U__riscv_mul",
	"-U__riscv_muldiv",
	"-U__riscv_xlen",
	"-U__riscv_zicsr",
	"-U__riscv_zmmul",

	"-D__popcorn__=1",
	/* As on x86_64; clang's RISC-V has it unsigned. */
	"-fsigned-char",
	/* Results are the same bits on every ISA. */
	"-ffp-contract=off",
};

/* These stand behind the user's options: there is no choice. */
static const char *const whole_program[] = {
	/* The pipeline that waits with vectorising until link time. */
	"-flto=full",
	"-fno-pic",
	"-fno-pie",
	"-fno-stack-protector",
};

static void add_flags(struct strings *command, const char *const *flags,
		      size_t count)
{
	for (size_t i = 0; i < count; i++)
		pcn_strings_add(command, flags[i]);
}

/* clang does not see the terminal: its messages pass through us. */
static bool colours(void)
{
	const char *terminal = getenv("TERM"), *none = getenv("NO_COLOR");

	return isatty(STDERR_FILENO) && !(none && *none) && terminal &&
	       strcmp(terminal, "dumb") != 0;
}

static void add_options(struct strings *command, const struct tools *tools,
			const struct options *options)
{
	pcn_strings_add(command, tools->clang);
	if (colours())
		pcn_strings_add(command, "-fcolor-diagnostics");
	add_flags(command, portable_machine,
		  sizeof(portable_machine) / sizeof(char *));
	pcn_strings_add_all(command, &options->compile);
	add_flags(command, whole_program,
		  sizeof(whole_program) / sizeof(char *));
	pcn_strings_add(command, "-nostdinc");
	if (!options->no_standard_includes) {
		pcn_strings_add(command, "-isystem");
		pcn_strings_take(command, pcn_format("%s/usr/local/include",
						     tools->sysroot));
		/* musl's own come before clang's, as in musl's wrapper. */
		pcn_strings_add(command, "-isystem");
		pcn_strings_take(command,
				 pcn_format("%s/include", tools->sysroot));
		pcn_strings_add(command, "-isystem");
		pcn_strings_add(command, tools->clang_include);
	}
	if (options->verbose)
		pcn_strings_add(command, "-v");
}

/* dir/name.c -> name.suffix */
static char *output_name(const char *source, const char *suffix)
{
	const char *name = pcn_basename(source);
	const char *dot = strrchr(name, '.');
	int length = dot && dot != name ? (int)(dot - name) : (int)strlen(name);

	return pcn_format("%.*s.%s", length, name, suffix);
}

static void source_command(struct strings *command, const struct tools *tools,
			   const struct options *options,
			   const struct input *input, const char *action,
			   const char *output)
{
	add_options(command, tools, options);
	if (options->mode != MODE_PREPROCESS && options->mode != MODE_CHECK)
		pcn_strings_take(command,
				 pcn_format("-fpass-plugin=%s", tools->plugin));
	if (action)
		pcn_strings_add(command, action);
	if (output) {
		pcn_strings_add(command, "-o");
		pcn_strings_add(command, output);
	}
	if (input->language) {
		pcn_strings_add(command, "-x");
		pcn_strings_add(command, input->language);
	}
	pcn_strings_add(command, input->text);
}

/* Is what clang says of a file about something of another ISA? */
static bool is_about_isa(const char *messages)
{
	static const char *const signs[] = {
		" constraint '",
		"unknown register name",
		"unknown builtin '__builtin_ia32",
		"unknown builtin '__builtin_arm",
		"builtin is not supported on this target",
		"is only meant to be used on",
		"intrinsics are only available with",
		"/include/arm_"};

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (strstr(messages, signs[i]))
			return true;
	return false;
}

/* Clang itself knows nothing of the way out. */
static int finish(struct job *job, struct error *error)
{
	static bool said_before;
	int result = pcn_run_wait(job, error);
	bool about_isa = result && job->said && is_about_isa(job->said);

	pcn_run_print(job);
	if (about_isa && !said_before)
		fprintf(stderr,
			"popcorn-clang: note: assembly and intrinsics are of "
			"one ISA; write it in C, or give each ISA its own text "
			"with __attribute__((annotate(\"popcorn.native\", "
			"...)))\n");
	said_before |= about_isa;
	return result;
}

int pcn_compile(const struct tools *tools, const struct options *options,
		struct error *error)
{
	static const char *const actions[] = {
		[MODE_OBJECT] = "-c",
		[MODE_ASSEMBLY] = "-S",
		[MODE_PREPROCESS] = "-E",
		[MODE_CHECK] = "-fsyntax-only",
	};
	int result = pcn_tools_need(tools, tools->clang, error);
	struct job job;

	for (size_t i = 0; i < options->input_count && !result; i++) {
		const struct input *input = &options->inputs[i];
		struct strings command = {0};
		char *output = NULL;

		if (input->kind != INPUT_SOURCE)
			continue; /* "linker input unused" */
		if (options->output)
			output = pcn_strdup(options->output);
		else if (options->mode == MODE_OBJECT)
			output = output_name(input->text, "o");
		else if (options->mode == MODE_ASSEMBLY)
			output = output_name(input->text, "s");
		source_command(&command, tools, options, input,
			       actions[options->mode], output);
		result = pcn_run_start(&job, &command, error);
		if (!result)
			result = finish(&job, error);
	}
	return result;
}

/* Where -MD writes when a link follows: named for the source, not for the
 * intermediate object. */
static void add_dependency_file(struct options *options,
				const struct input *input)
{
	if (!options->dependencies || options->dependency_file)
		return;
	pcn_strings_add(&options->compile, "-MF");
	pcn_strings_take(&options->compile, output_name(input->text, "d"));
	pcn_strings_add(&options->compile, "-MT");
	pcn_strings_take(&options->compile, output_name(input->text, "o"));
}

int pcn_compile_for_link(const struct tools *tools, struct options *options,
			 struct error *error)
{
	long parallel = sysconf(_SC_NPROCESSORS_ONLN);
	struct job *jobs =
		pcn_alloc((options->source_count + 1) * sizeof(*jobs));
	size_t started = 0, finished = 0;
	int result = 0;

	if (options->source_count)
		result = pcn_tools_need(tools, tools->clang, error);
	for (size_t i = 0; i < options->input_count && !result; i++) {
		struct input *input = &options->inputs[i];
		struct strings command = {0};
		char *name, *object;

		if (input->kind != INPUT_SOURCE)
			continue;
		name = pcn_format("%zu-%s", started,
				  output_name(input->text, "o"));
		object = pcn_temps_path(name);
		add_dependency_file(options, input);
		source_command(&command, tools, options, input, "-c", object);
		if (started - finished == (size_t)(parallel > 0 ? parallel : 1))
			result = finish(&jobs[finished++], error);
		if (!result)
			result = pcn_run_start(&jobs[started++], &command,
					       error);
		input->kind = INPUT_OBJECT;
		input->text = object;
	}
	while (finished < started) {
		int failed = finish(&jobs[finished++], error);

		result = result ? result : failed;
	}
	return result;
}

int pcn_compile_judge(const struct tools *tools, const struct options *options,
		      struct error *error)
{
	struct strings command = {0};
	int result;

	if (!options->unknown.count || options->source_count)
		return 0;
	result = pcn_tools_need(tools, tools->clang, error);
	if (result)
		return result;
	add_options(&command, tools, options);
	pcn_strings_add(&command, "-fsyntax-only");
	pcn_strings_add(&command, "-x");
	pcn_strings_add(&command, "c");
	pcn_strings_add(&command, "/dev/null");
	return pcn_run(&command, error);
}
