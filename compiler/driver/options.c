/*
 * options.c - the command line.
 *
 * One table says of each option how its argument is written and whose it is.
 * What the table does not know is left to clang to judge, so that its error
 * is the one users know.
 */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "response.h"

enum shape {
	EXACT,	  /* -c */
	JOINED,	  /* -O2 */
	SEPARATE, /* -u name */
	EITHER,	  /* -Ipath, -I path */
};

enum action {
	TO_CLANG,
	IGNORE,
	MACHINE, /* accepted with a warning: tuned per slice instead */
	REFUSE,
	OUTPUT,
	MODE,
	LANGUAGE,
	LEVEL,
	DEBUG,
	DEPENDENCIES,
	DEPENDENCY_FILE,
	LIBRARY,
	LIBRARY_DIR,
	LINKER,	      /* the option as it stands */
	LINKER_WORDS, /* -Wl,a,b */
	LINKER_WORD,  /* -Xlinker a */
	SHARED,
	RELOCATABLE,
	STRIP,
	NO_START_FILES,
	NO_DEFAULT_LIBS,
	NO_STANDARD_LIB,
	NO_STANDARD_INCLUDES,
	VERBOSE,
	DRY_RUN,
	QUESTION,
	ISAS,
	SAVE_TEMPS,
	OPT_ARGUMENT,
	CODEGEN_ARGUMENT,
	MCPU,
};

struct rule {
	const char *name;
	enum shape shape;
	enum action action;
	int detail;	  /* MODE: enum mode */
	const char *note; /* REFUSE: why */
};

#define NO_PROFILE "profiles have no portable run time"

/* The first rule that fits wins: exceptions stand before their families. */
static const struct rule rules[] = {
	{"-c", EXACT, MODE, MODE_OBJECT, NULL},
	{"-S", EXACT, MODE, MODE_ASSEMBLY, NULL},
	{"-E", EXACT, MODE, MODE_PREPROCESS, NULL},
	{"-M", EXACT, MODE, MODE_PREPROCESS, NULL},
	{"-MM", EXACT, MODE, MODE_PREPROCESS, NULL},
	{"-fsyntax-only", EXACT, MODE, MODE_CHECK, NULL},
	{"--help", EXACT, QUESTION, 0, NULL},
	{"--version", EXACT, QUESTION, 0, NULL},
	{"-dumpmachine", EXACT, QUESTION, 0, NULL},
	{"-dumpversion", EXACT, QUESTION, 0, NULL},
	{"-dumpfullversion", EXACT, QUESTION, 0, NULL},
	{"-print-", JOINED, QUESTION, 0, NULL},
	{"--print-", JOINED, QUESTION, 0, NULL},
	{"-o", EITHER, OUTPUT, 0, NULL},
	{"-x", EITHER, LANGUAGE, 0, NULL},
	{"-v", EXACT, VERBOSE, 0, NULL},
	{"-###", EXACT, DRY_RUN, 0, NULL},
	{"-O", JOINED, LEVEL, 0, NULL},
	{"-g0", EXACT, TO_CLANG, 0, NULL},
	{"-gcc-toolchain", SEPARATE, IGNORE, 0, NULL},
	/* What is linked as a whole has its debug information in one file. */
	{"-gsplit-dwarf", JOINED, IGNORE, 0, NULL},
	{"-g", JOINED, DEBUG, 0, NULL},

	{"-MD", EXACT, DEPENDENCIES, 0, NULL},
	{"-MMD", EXACT, DEPENDENCIES, 0, NULL},
	{"-MF", EITHER, DEPENDENCY_FILE, 0, NULL},
	{"-MT", EITHER, TO_CLANG, 0, NULL},
	{"-MQ", EITHER, TO_CLANG, 0, NULL},
	{"-MJ", EITHER, TO_CLANG, 0, NULL},
	{"-MG", EXACT, TO_CLANG, 0, NULL},
	{"-MP", EXACT, TO_CLANG, 0, NULL},
	{"-MV", EXACT, TO_CLANG, 0, NULL},

	{"-D", EITHER, TO_CLANG, 0, NULL},
	{"-U", EITHER, TO_CLANG, 0, NULL},
	{"-I", EITHER, TO_CLANG, 0, NULL},
	{"-include", SEPARATE, TO_CLANG, 0, NULL},
	{"-imacros", SEPARATE, TO_CLANG, 0, NULL},
	{"-isystem", EITHER, TO_CLANG, 0, NULL},
	{"-iquote", EITHER, TO_CLANG, 0, NULL},
	{"-idirafter", EITHER, TO_CLANG, 0, NULL},
	{"-iprefix", EITHER, TO_CLANG, 0, NULL},
	{"-iwithprefixbefore", EITHER, TO_CLANG, 0, NULL},
	{"-iwithprefix", EITHER, TO_CLANG, 0, NULL},
	{"-nostdinc", EXACT, NO_STANDARD_INCLUDES, 0, NULL},
	{"-Xclang", SEPARATE, TO_CLANG, 0, NULL},
	{"-Xpreprocessor", SEPARATE, TO_CLANG, 0, NULL},
	{"-mllvm", SEPARATE, TO_CLANG, 0, NULL},
	{"--param", SEPARATE, TO_CLANG, 0, NULL},
	{"-ansi", EXACT, TO_CLANG, 0, NULL},
	{"-std=", JOINED, TO_CLANG, 0, NULL},
	{"--std=", JOINED, TO_CLANG, 0, NULL},
	{"-pedantic", JOINED, TO_CLANG, 0, NULL},
	{"-traditional-cpp", EXACT, TO_CLANG, 0, NULL},
	{"-w", EXACT, TO_CLANG, 0, NULL},
	{"-C", EXACT, TO_CLANG, 0, NULL},
	{"-CC", EXACT, TO_CLANG, 0, NULL},
	{"-P", EXACT, TO_CLANG, 0, NULL},
	{"-H", EXACT, TO_CLANG, 0, NULL},
	{"-dM", EXACT, TO_CLANG, 0, NULL},
	{"-dD", EXACT, TO_CLANG, 0, NULL},
	{"-dI", EXACT, TO_CLANG, 0, NULL},
	{"-undef", EXACT, TO_CLANG, 0, NULL},
	{"-Wp,", JOINED, TO_CLANG, 0, NULL},
	{"-Qunused-arguments", EXACT, IGNORE, 0, NULL},
	{"-pipe", EXACT, IGNORE, 0, NULL},
	{"-save-temps", JOINED, IGNORE, 0, NULL},
	{"-Wa,--noexecstack", EXACT, IGNORE, 0, NULL},
	{"-Wa,", JOINED, REFUSE, 0, "native assembly is not portable"},
	{"-Xassembler", SEPARATE, REFUSE, 0, "native assembly is not portable"},

	{"-Wl,", JOINED, LINKER_WORDS, 0, NULL},
	{"-Xlinker", SEPARATE, LINKER_WORD, 0, NULL},
	{"-W", JOINED, TO_CLANG, 0, NULL},
	{"-l", EITHER, LIBRARY, 0, NULL},
	{"-L", EITHER, LIBRARY_DIR, 0, NULL},
	{"-u", EITHER, LINKER, 0, NULL},
	{"-T", EITHER, REFUSE, 0, "the layout is made by popcorn-layout"},
	{"-z", SEPARATE, IGNORE, 0, NULL},
	{"-r", EXACT, RELOCATABLE, 0, NULL},
	{"-s", EXACT, STRIP, 0, NULL},
	{"-static-pie", EXACT, IGNORE, 0, NULL},
	{"-static-libgcc", EXACT, IGNORE, 0, NULL},
	{"-shared-libgcc", EXACT, IGNORE, 0, NULL},
	{"-static", EXACT, IGNORE, 0, NULL},
	{"-dynamic", EXACT, IGNORE, 0, NULL},
	{"-rdynamic", EXACT, IGNORE, 0, NULL},
	{"-rpath", SEPARATE, IGNORE, 0, NULL},
	{"-pie", EXACT, IGNORE, 0, NULL},
	{"-no-pie", EXACT, IGNORE, 0, NULL},
	{"-nopie", EXACT, IGNORE, 0, NULL},
	{"-shared", EXACT, SHARED, 0, NULL},
	{"-nostartfiles", EXACT, NO_START_FILES, 0, NULL},
	{"-nodefaultlibs", EXACT, NO_DEFAULT_LIBS, 0, NULL},
	{"-nolibc", EXACT, NO_DEFAULT_LIBS, 0, NULL},
	{"-nostdlib", EXACT, NO_STANDARD_LIB, 0, NULL},
	{"-pthread", EXACT, TO_CLANG, 0, NULL},
	{"-pthreads", EXACT, IGNORE, 0, NULL},

	/* Every executable stands at fixed addresses, is linked as a whole, and
	 * its stack protector would be a word of one ISA's frame. */
	{"-fPIC", EXACT, IGNORE, 0, NULL},
	{"-fpic", EXACT, IGNORE, 0, NULL},
	{"-fPIE", EXACT, IGNORE, 0, NULL},
	{"-fpie", EXACT, IGNORE, 0, NULL},
	{"-fno-PIC", EXACT, IGNORE, 0, NULL},
	{"-fno-pic", EXACT, IGNORE, 0, NULL},
	{"-fno-PIE", EXACT, IGNORE, 0, NULL},
	{"-fno-pie", EXACT, IGNORE, 0, NULL},
	{"-fno-plt", EXACT, IGNORE, 0, NULL},
	{"-fsemantic-interposition", EXACT, IGNORE, 0, NULL},
	{"-fno-semantic-interposition", EXACT, IGNORE, 0, NULL},
	{"-flto", JOINED, IGNORE, 0, NULL},
	{"-fno-lto", EXACT, IGNORE, 0, NULL},
	{"-ffat-lto-objects", EXACT, IGNORE, 0, NULL},
	{"-fno-fat-lto-objects", EXACT, IGNORE, 0, NULL},
	{"-fuse-linker-plugin", EXACT, IGNORE, 0, NULL},
	{"-fno-use-linker-plugin", EXACT, IGNORE, 0, NULL},
	{"-fuse-ld=", JOINED, IGNORE, 0, NULL},
	{"-ffunction-sections", EXACT, IGNORE, 0, NULL},
	{"-fdata-sections", EXACT, IGNORE, 0, NULL},
	{"-fstack-protector", JOINED, IGNORE, 0, NULL},
	{"-fno-stack-protector", JOINED, IGNORE, 0, NULL},
	{"-fstack-clash-protection", EXACT, IGNORE, 0, NULL},
	{"-fcf-protection", JOINED, IGNORE, 0, NULL},
	{"-fzero-call-used-regs=", JOINED, IGNORE, 0, NULL},
	{"-fomit-frame-pointer", EXACT, IGNORE, 0, NULL},
	{"-fno-sanitize", JOINED, TO_CLANG, 0, NULL},
	{"-fsanitize=", JOINED, REFUSE, 0,
	 "sanitizers have no portable run time"},
	{"-fprofile-generate", JOINED, REFUSE, 0, NO_PROFILE},
	{"-fprofile-instr-generate", JOINED, REFUSE, 0, NO_PROFILE},
	{"-fcs-profile-generate", JOINED, REFUSE, 0, NO_PROFILE},
	{"-fprofile-arcs", EXACT, REFUSE, 0, NO_PROFILE},
	{"-ftest-coverage", EXACT, REFUSE, 0, NO_PROFILE},
	{"--coverage", EXACT, REFUSE, 0, NO_PROFILE},
	{"-coverage", EXACT, REFUSE, 0, NO_PROFILE},
	{"-pg", EXACT, REFUSE, 0, NO_PROFILE},
	{"-fsplit-stack", EXACT, REFUSE, 0, "a stack does not grow in pieces"},
	{"-f", JOINED, TO_CLANG, 0, NULL},

	{"-m64", EXACT, IGNORE, 0, NULL},
	{"-mlittle-endian", EXACT, IGNORE, 0, NULL},
	{"-m32", EXACT, REFUSE, 0, "the portable machine has 64 bits"},
	{"-mx32", EXACT, REFUSE, 0, "the portable machine has 64 bits"},
	{"-mbig-endian", EXACT, REFUSE, 0,
	 "the portable machine is little endian"},
	{"-m", JOINED, MACHINE, 0, NULL},
	{"-target", SEPARATE, REFUSE, 0,
	 "an executable holds every ISA; see --popcorn-isas="},
	{"--target=", JOINED, REFUSE, 0,
	 "an executable holds every ISA; see --popcorn-isas="},
	{"--sysroot", EITHER, REFUSE, 0, "the sysroot is popcorn-clang's own"},
	{"-isysroot", EITHER, REFUSE, 0, "the sysroot is popcorn-clang's own"},

	{"--popcorn-isas=", JOINED, ISAS, 0, NULL},
	{"--popcorn-save-temps", JOINED, SAVE_TEMPS, 0, NULL},
	{"--popcorn-opt=", JOINED, OPT_ARGUMENT, 0, NULL},
	{"--popcorn-codegen=", JOINED, CODEGEN_ARGUMENT, 0, NULL},
	{"--popcorn-mcpu=", JOINED, MCPU, 0, NULL},
};

static const struct rule *find_rule(const char *word)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		const struct rule *rule = &rules[i];
		bool whole = rule->shape == EXACT || rule->shape == SEPARATE;

		if (whole ? !strcmp(word, rule->name)
			  : pcn_starts_with(word, rule->name))
			return rule;
	}
	return NULL;
}

static void add_input(struct options *options, enum input_kind kind,
		      const char *text, const char *language)
{
	options->inputs =
		pcn_realloc(options->inputs, (options->input_count + 1) *
						     sizeof(*options->inputs));
	options->inputs[options->input_count++] = (struct input){
		.kind = kind,
		.text = pcn_strdup(text),
		.language = language ? pcn_strdup(language) : NULL,
	};
	options->source_count += kind == INPUT_SOURCE;
}

static int add_file(struct options *options, const char *path,
		    const char *language, struct error *error)
{
	static const char *const sources[] = {"c", "i", "bc", "ll", "h"};
	const char *dot = strrchr(pcn_basename(path), '.');

	if (language && strcmp(language, "none") != 0) {
		if (pcn_starts_with(language, "assembler"))
			return pcn_fail(error, -EINVAL,
					"%s: native assembly is not portable",
					path);
		add_input(options, INPUT_SOURCE, path, language);
		return 0;
	}
	if (!strcmp(path, "-") && options->mode != MODE_PREPROCESS)
		return pcn_fail(error, -EINVAL,
				"-: say -x c (or -E) to read standard input");
	if (!strcmp(path, "-")) {
		add_input(options, INPUT_SOURCE, path, "c");
		return 0;
	}
	if (dot &&
	    (!strcmp(dot, ".s") || !strcmp(dot, ".S") || !strcmp(dot, ".sx")))
		return pcn_fail(error, -EINVAL,
				"%s: native assembly is not portable", path);
	if (dot && (!strcmp(dot, ".cc") || !strcmp(dot, ".cpp") ||
		    !strcmp(dot, ".cxx") || !strcmp(dot, ".C")))
		return pcn_fail(error, -EINVAL, "%s: C++ is not supported",
				path);
	for (size_t i = 0; dot && i < sizeof(sources) / sizeof(*sources); i++) {
		if (!strcmp(dot + 1, sources[i])) {
			add_input(options, INPUT_SOURCE, path, NULL);
			return 0;
		}
	}
	add_input(options, INPUT_OBJECT, path, NULL);
	return 0;
}

static int parse_isas(struct options *options, const char *list,
		      struct error *error)
{
	options->isa_count = 0;
	while (*list) {
		size_t length = strcspn(list, ",");
		const struct pcn_isa *isa = pcn_isa_by_name(list, length);

		if (!isa)
			return pcn_fail(error, -EINVAL,
					"--popcorn-isas=: unknown ISA '%.*s'",
					(int)length, list);
		for (size_t i = 0; i < options->isa_count; i++)
			if (options->isas[i] == isa)
				return pcn_fail(error, -EINVAL,
						"--popcorn-isas=: %s twice",
						isa->name);
		options->isas[options->isa_count++] = isa;
		list += length;
		list += *list == ',';
	}
	if (!options->isa_count)
		return pcn_fail(error, -EINVAL,
				"--popcorn-isas=: no ISA named");
	return 0;
}

/* --popcorn-codegen=ISA:ARG and --popcorn-mcpu=ISA:CPU. */
static int parse_codegen(struct options *options, const char *word,
			 const char *value, const char *prefix,
			 struct error *error)
{
	size_t length = strcspn(value, ":");
	const struct pcn_isa *isa = pcn_isa_by_name(value, length);

	if (!value[length] || !isa)
		return pcn_fail(error, -EINVAL, "%s: expected ISA:VALUE", word);
	pcn_strings_take(&options->codegen[isa - pcn_isas],
			 pcn_format("%s%s", prefix, value + length + 1));
	return 0;
}

/* Options of the linker that mean nothing, or something else, to us. */
static int add_linker_word(struct options *options, const char *word,
			   struct error *error)
{
	static const char *const refused[] = {
		"-T",	  "--script", "--defsym", "--section-start",
		"-Ttext", "-Tdata",   "-Tbss",	  "--image-base"};
	static const char *const with_value[] = {"-Map",
						 "--Map",
						 "-z",
						 "-rpath",
						 "--rpath",
						 "-soname",
						 "-h",
						 "-rpath-link",
						 "--rpath-link",
						 "--version-script",
						 "-dynamic-linker"};

	if (options->linker_skips) { /* the value of the word before */
		options->linker_skips = false;
		return 0;
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (pcn_starts_with(word, refused[i]))
			return pcn_fail(
				error, -EINVAL,
				"%s: the layout is made by popcorn-layout",
				word);
	if (pcn_starts_with(word, "-Map=") || pcn_starts_with(word, "--Map=")) {
		options->map_file = pcn_strdup(strchr(word, '=') + 1);
		return 0;
	}
	for (size_t i = 0; i < sizeof(with_value) / sizeof(*with_value); i++) {
		size_t length = strlen(with_value[i]);

		/* The value of "-Wl,-soname,x" comes as a word of its own,
		 * maybe in a -Wl of its own. */
		if (!strcmp(word, with_value[i])) {
			options->linker_skips = true;
			return 0;
		}
		if (!strncmp(word, with_value[i], length) &&
		    word[length] == '=')
			return 0;
	}
	if (!strcmp(word, "-s") || pcn_starts_with(word, "--strip-"))
		options->strip = true;
	else if (!strcmp(word, "-r") || !strcmp(word, "--relocatable"))
		options->relocatable = true;
	else
		add_input(options, INPUT_LINKER, word, NULL);
	return 0;
}

static int add_linker_words(struct options *options, const char *words,
			    struct error *error)
{
	char *copy = pcn_strdup(words), *rest = copy, *word;
	int result = 0;

	while (!result && (word = strsep(&rest, ",")))
		if (*word)
			result = add_linker_word(options, word, error);
	free(copy);
	return result;
}

static void warn_machine(struct options *options, const char *word)
{
	static const char *const quiet =
		" ignored: code is made for every ISA; tune a slice with "
		"--popcorn-mcpu=ISA:CPU";

	for (size_t i = 0; i < options->warnings.count; i++)
		if (strstr(options->warnings.items[i], quiet))
			return;
	pcn_strings_take(&options->warnings, pcn_format("%s%s", word, quiet));
}

static bool value_is_separate(const struct rule *rule, const char *word)
{
	return rule->shape == SEPARATE ||
	       (rule->shape == EITHER && !word[strlen(rule->name)]);
}

static int apply(struct options *options, const struct rule *rule,
		 const char *word, const char *value, char **language,
		 struct error *error)
{
	bool separate = value_is_separate(rule, word);

	switch (rule->action) {
	case TO_CLANG:
		pcn_strings_add(&options->compile, word);
		if (separate)
			pcn_strings_add(&options->compile, value);
		return 0;
	case IGNORE:
		return 0;
	case MACHINE:
		warn_machine(options, word);
		return 0;
	case REFUSE:
		return pcn_fail(error, -EINVAL, "%s is not supported: %s", word,
				rule->note);
	case OUTPUT:
		options->output = value;
		return 0;
	case MODE:
		/* -fsyntax-only over -E over -S over -c, in any order. */
		if ((enum mode)rule->detail > options->mode)
			options->mode = (enum mode)rule->detail;
		if (word[1] == 'M')
			pcn_strings_add(&options->compile, word);
		return 0;
	case LANGUAGE:
		*language = pcn_strdup(value);
		return 0;
	case LEVEL:
		options->level = *value == 'g' || !*value  ? '1'
				 : strchr("012sz", *value) ? *value
							   : '3';
		pcn_strings_add(&options->compile, word);
		return 0;
	case DEBUG:
		options->debug = true;
		pcn_strings_add(&options->compile, word);
		return 0;
	case DEPENDENCIES:
		options->dependencies = true;
		pcn_strings_add(&options->compile, word);
		return 0;
	case DEPENDENCY_FILE:
		options->dependency_file = true;
		pcn_strings_add(&options->compile, "-MF");
		pcn_strings_add(&options->compile, value);
		return 0;
	case LIBRARY:
		add_input(options, INPUT_LIBRARY, value, NULL);
		return 0;
	case LIBRARY_DIR:
		pcn_strings_add(&options->library_dirs, value);
		return 0;
	case LINKER:
		add_input(options, INPUT_LINKER, rule->name, NULL);
		add_input(options, INPUT_LINKER, value, NULL);
		return 0;
	case LINKER_WORDS:
		return add_linker_words(options, value, error);
	case LINKER_WORD:
		return add_linker_words(options, value, error);
	case SHARED:
		options->shared = true;
		pcn_strings_add(
			&options->warnings,
			"-shared: writes a library that -l links statically");
		return 0;
	case RELOCATABLE:
		options->relocatable = true;
		return 0;
	case STRIP:
		options->strip = true;
		return 0;
	case NO_START_FILES:
		options->no_start_files = true;
		return 0;
	case NO_DEFAULT_LIBS:
		options->no_default_libs = true;
		return 0;
	case NO_STANDARD_LIB:
		options->no_start_files = options->no_default_libs = true;
		return 0;
	case NO_STANDARD_INCLUDES:
		options->no_standard_includes = true;
		return 0;
	case VERBOSE:
		options->verbose = true;
		return 0;
	case DRY_RUN:
		options->dry_run = true;
		return 0;
	case QUESTION:
		options->question = word;
		return 0;
	case ISAS:
		return parse_isas(options, value, error);
	case SAVE_TEMPS:
		options->save_temps = true;
		options->save_temps_dir = value[0] == '=' ? value + 1 : ".";
		return 0;
	case OPT_ARGUMENT:
		pcn_strings_add(&options->opt, value);
		return 0;
	case CODEGEN_ARGUMENT:
		return parse_codegen(options, word, value, "", error);
	case MCPU:
		return parse_codegen(options, word, value, "-mcpu=", error);
	}
	return 0;
}

static int parse_words(struct options *options, const struct strings *words,
		       struct error *error)
{
	char *language = NULL;
	int result = 0;

	for (size_t i = 0; i < words->count && !result; i++) {
		const char *word = words->items[i], *value = "";
		const struct rule *rule;

		if (word[0] != '-' || !word[1]) {
			result = add_file(options, word, language, error);
			continue;
		}
		rule = find_rule(word);
		if (!rule) {
			pcn_strings_add(&options->unknown, word);
			pcn_strings_add(&options->compile, word);
			continue;
		}
		if (rule->shape == JOINED || rule->shape == EITHER)
			value = word + strlen(rule->name);
		if (value_is_separate(rule, word)) {
			if (++i == words->count)
				return pcn_fail(error, -EINVAL,
						"argument to '%s' is missing",
						word);
			value = words->items[i];
		}
		result = apply(options, rule, word, value, &language, error);
	}
	return result;
}

int pcn_options_parse(struct options *options, int argc, char **argv,
		      struct error *error)
{
	struct strings words = {0};
	int result;

	*options = (struct options){.level = 0};
	result = pcn_response_expand(&words, argc, argv, error);
	for (size_t i = 0; i < pcn_isa_count; i++)
		options->isas[options->isa_count++] = &pcn_isas[i];
	/* `words` stays: options point into it. */
	if (!result)
		result = parse_words(options, &words, error);
	if (!result && options->output && options->source_count > 1 &&
	    options->mode != MODE_LINK && options->mode != MODE_CHECK)
		result =
			pcn_fail(error, -EINVAL,
				 "cannot write several outputs to one -o file");
	return result;
}
