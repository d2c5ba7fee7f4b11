#include "questions.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "run.h"

/* config.sub takes any machine for an unknown one; ours is known to nobody,
 * so no package picks one ISA's assembly. */
#define MACHINE "popcorn64-unknown-linux-musl"

static const char help[] =
	"Usage: popcorn-clang [options] file...\n"
	"\n"
	"A C compiler: its executables hold code for several ISAs and can move "
	"between\n"
	"them while they run.  Takes clang's options; objects are LLVM "
	"bitcode.\n"
	"\n"
	"  -c -S -E -o -I -D -U -l -L -O0..-O3 -Os -g -std= -W -f -Wl, -MMD "
	"@file\n"
	"                                as clang has them; -S writes LLVM IR\n"
	"  -shared                       writes a library that -l links "
	"statically\n"
	"  -march= -mtune= -m...         accepted and ignored: see "
	"--popcorn-mcpu\n"
	"  --popcorn-isas=ISA,...        the slices to make (default: all)\n"
	"  --popcorn-mcpu=ISA:CPU        tune one slice, as in x86_64:znver3\n"
	"  --popcorn-codegen=ISA:ARG     an argument for opt, for one slice\n"
	"  --popcorn-opt=ARG             an argument for opt, after merging\n"
	"  --popcorn-save-temps[=DIR]    keep what each stage made\n"
	"  -v, -###                      show the commands; only show them\n"
	"\n"
	"Environment: POPCORN_LLVM_BINDIR (directory of clang, opt, "
	"ld.lld), TMPDIR.\n"
	"Exit status: 0, or 1 with a message.\n";

void pcn_version_print(const struct tools *tools, FILE *out)
{
	fprintf(out, "popcorn-clang %s (clang version %s)\n", POPCORN_VERSION,
		POPCORN_LLVM_VERSION);
	fprintf(out, "Target: %s\nThread model: posix\nISAs:", MACHINE);
	for (size_t i = 0; i < pcn_isa_count; i++)
		fprintf(out, " %s", pcn_isas[i].name);
	fprintf(out, "\nInstalledDir: %s/bin\n", tools->root);
}

static void print_file_name(const struct tools *tools, const char *name)
{
	char *path = pcn_format("%s/lib/%s", tools->sysroot, name);

	puts(access(path, F_OK) == 0 ? path : name);
}

static void print_program_name(const struct tools *tools, const char *name)
{
	/* libtool asks for ld, and runs what it is told with -v. */
	char *path = !strcmp(name, "ld") ? pcn_strdup(tools->lld)
					 : pcn_format("%s/bin/popcorn-%s",
						      tools->root, name);

	puts(access(path, X_OK) == 0 ? path : name);
}

static int ask_clang(const struct tools *tools, const char *question,
		     struct error *error)
{
	struct strings command = {0};
	int result = pcn_tools_need(tools, tools->clang, error);

	pcn_strings_add(&command, tools->clang);
	pcn_strings_add(&command, question);
	fflush(stdout);
	return result ? result : pcn_run(&command, error);
}

int pcn_question_answer(const struct tools *tools,
			const struct options *options, struct error *error)
{
	const char *question = options->question;

	if (question[0] == '-' && question[1] == '-' &&
	    pcn_starts_with(question, "--print-"))
		question++;
	if (!strcmp(question, "--help"))
		fputs(help, stdout);
	else if (!strcmp(question, "--version"))
		pcn_version_print(tools, stdout);
	else if (!strcmp(question, "-dumpmachine") ||
		 !strcmp(question, "-print-target-triple") ||
		 !strcmp(question, "-print-effective-triple"))
		puts(MACHINE);
	else if (!strcmp(question, "-dumpversion") ||
		 !strcmp(question, "-dumpfullversion"))
		puts(POPCORN_LLVM_VERSION);
	else if (pcn_starts_with(question, "-print-file-name="))
		print_file_name(tools, strchr(question, '=') + 1);
	else if (pcn_starts_with(question, "-print-prog-name="))
		print_program_name(tools, strchr(question, '=') + 1);
	else if (!strcmp(question, "-print-search-dirs"))
		printf("programs: =%s/bin:%s\n"
		       "libraries: =%s/usr/local/lib:%s/lib\n",
		       tools->root, tools->llvm_bindir, tools->sysroot,
		       tools->sysroot);
	else if (!strcmp(question, "-print-sysroot"))
		puts(tools->sysroot);
	else if (!strcmp(question, "-print-libgcc-file-name"))
		print_file_name(tools, "libgcc.a");
	else if (!strcmp(question, "-print-multiarch"))
		puts("");
	else if (!strcmp(question, "-print-multi-lib"))
		puts(".;");
	else if (!strcmp(question, "-print-multi-directory") ||
		 !strcmp(question, "-print-multi-os-directory"))
		puts(".");
	else
		return ask_clang(tools, question, error);
	if (fflush(stdout) || ferror(stdout))
		return pcn_fail(error, -EIO, "cannot write to standard output");
	return 0;
}
